import re
from pathlib import Path

import trending

README = Path(__file__).parents[1] / "README.md"


def test_the_example_of_the_readme_runs() -> None:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(code, {})


def test_every_public_name_is_there() -> None:
    assert all(hasattr(trending, name) for name in trending.__all__)
