import subprocess
import sys


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)


def test_importing_the_package_loads_no_engine():
    code = "import sys, nlp_services; print({'tensorflow', 'spacy', 'yake', 'py3langid', 'fastapi'} & set(sys.modules))"

    assert _run(code).stdout.strip() == "set()"


def test_tensorflow_is_quiet():
    code = "from nlp_services import Analyzer; Analyzer(entities=None, keywords=None).analyze(['So happy!'], ['en'])"

    assert _run(code).stderr == ""


def test_a_forked_worker_loads_its_own_models():
    code = """
import multiprocessing, nlp_services
analyzer = nlp_services.Analyzer(entities=None, emotion=None)
def label(text): return analyzer.analyze([text], ['en']).sentiment[0].label
with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(label, ['So happy!', 'So sad!']))
"""

    assert _run(code).stdout.strip() == "['positive', 'negative']"
