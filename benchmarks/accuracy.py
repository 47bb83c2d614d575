"""How right the annotation is: the model in the package, asked through its public API, on public test sets.

Each line says the measure with its 95 % interval (bootstrap over posts), today's floor, the aim, and what the first
generation or a public reference had. The texts are read from DATA_DIR and are no part of this repository.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_services import Analyzer, evaluation
from nlp_services.labelled import Labelled, labelled, read_lines, window
from nlp_services.scores import Estimate

DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))
LOVE = {"love", "caring"}
OTHER_JOY = {
    "admiration", "amusement", "approval", "desire", "excitement", "gratitude", "joy", "optimism", "pride", "relief",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the table: a measure, what it must and should be, and what others had."""

    name: str
    measure: str
    floor: float
    aim: float
    others: str
    less_is_better: bool = False

    def met(self, found: Estimate) -> bool:
        return found.value <= self.floor if self.less_is_better else found.value >= self.floor


SETS: Mapping[str, tuple[Line, ...]] = {
    "sentiment": (
        Line("sentiment, SemEval-2017 test, macro recall", "macro recall", 0.660, 0.691, "SVM, FastText .629"),
        Line("sentiment, calibration error of rated", "calibration error", 0.05, 0.02, "", less_is_better=True),
    ),
    "dair6": (
        Line("emotion, dair6 test, accuracy", "accuracy of 6", 0.88, 0.92, "trained on it alone .91"),
        Line("emotion, dair6 test, macro F1", "macro F1 of 6", 0.83, 0.88, "trained on it alone .87"),
    ),
    "tweeteval": (Line("emotion, TweetEval test, macro F1 of three", "macro F1 of 3", 0.80, 0.848, "linear .801"),),
    "goemotions": (
        Line("emotion, GoEmotions test, F1 of none", "none F1", 0.62, 0.70, "all none .473"),
        Line("emotion, GoEmotions, calibration error", "calibration error", 0.05, 0.02, "", less_is_better=True),
    ),
    "semeval-ec": (
        Line("emotion, SemEval-2018 E-c, calibration error", "calibration error", 0.05, 0.02, "", less_is_better=True),
    ),
    "btc": (Line("entities, Broad Twitter Corpus test, F1", "F1", 0.54, 0.62, "en_core_web_sm .387"),),
    "wnut17": (Line("entities, WNUT-17 test, F1", "F1", 0.38, 0.45, "en_core_web_sm .251"),),
    "keywords": (
        Line("keywords, topic in the top 3 of 324 windows", "topic in the top 3", 0.95, 0.98, "yake .95 of 40"),
    ),
}


def rows(name: str) -> list[Labelled]:
    return [labelled(row) for row in read_lines(DATA / f"{name}.jsonl.gz")]


def tweeteval() -> list[Labelled]:
    """Anger, joy and sadness; optimism is no label of ours."""
    return [post for post in rows("tweeteval_emotion/test") if "optimism" not in post.labels]


def goemotions() -> list[Labelled]:
    """Ekman's labels; love and caring, which are joy there, are love. Disgust alone and neutral are none."""
    return list(_goemotions())


def _goemotions() -> Iterator[Labelled]:
    for coarse, fine in zip(
        rows("emotion_goemotions/ekman_test"), rows("emotion_goemotions/original_test"), strict=True
    ):
        labels = set(coarse.labels)
        if fine.labels & LOVE:
            labels.add("love")
            if not fine.labels & OTHER_JOY:
                labels.discard("joy")
        yield Labelled(coarse.text, "en", labels=frozenset(labels))


RUNS: Mapping[str, Callable[[Analyzer], evaluation.Measures]] = {
    "sentiment": lambda to: evaluation.sentiment(rows("sentiment_semeval2017/test"), to),
    "dair6": lambda to: evaluation.emotion(rows("emotion_dair6/test"), to),
    "tweeteval": lambda to: evaluation.emotion(tweeteval(), to),
    "goemotions": lambda to: evaluation.emotion(goemotions(), to),
    "semeval-ec": lambda to: evaluation.emotion(rows("emotion_semeval2018_ec/test"), to),
    "btc": lambda to: evaluation.entities(rows("ner_btc/test"), to),
    "wnut17": lambda to: evaluation.entities(rows("ner_wnut17/test"), to),
    "keywords": lambda to: evaluation.keywords(
        [window(row) for row in read_lines(DATA / "keyphrase_topics/topics.jsonl.gz")], to
    ),
}


def show(name: str, found: evaluation.Measures) -> list[bool]:
    """The lines of the table first, then what else was measured on the set."""
    met = []
    for line in SETS[name]:
        estimate = found[line.measure]
        met.append(line.met(estimate))
        mark = "" if met[-1] else "  BELOW ITS FLOOR"
        print(f"{line.name:<48}{said(estimate)}   floor {line.floor:.3f}  aim {line.aim:.3f}  {line.others}{mark}")
    named = {line.measure for line in SETS[name]}
    for measure, estimate in found.items():
        if measure not in named:
            print(f"    {measure:<44}{said(estimate)}")
    sys.stdout.flush()
    return met


def said(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f}) of {estimate.rows:,}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all of them by default")
    chosen = parser.parse_args(words).sets or list(SETS)
    if unknown := set(chosen) - set(SETS):
        parser.error(f"no set {', '.join(sorted(unknown))}; there are {', '.join(SETS)}")
    if not DATA.is_dir():
        parser.error(f"no data in {DATA}; set DATA_DIR to the folder with the data sets")
    analyzer = Analyzer()
    versions = ", ".join(f"{capability} {version}" for capability, version in analyzer.versions.items())
    print(f"accuracy: {versions}; Python {platform.python_version()}, {platform.machine()}\n")
    met = [line for name in chosen for line in show(name, RUNS[name](analyzer))]
    print(f"\n{sum(met)} of {len(met)} floors are met")


if __name__ == "__main__":
    main()
