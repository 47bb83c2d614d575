"""Trains the emotion model: `python -m models.emotion.train`, from the root of the repository."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from models.common import calibration, data, scores
from models.common.linear import Loss, Recipe, Texts, Weights, each, fit, one_of
from models.common.serving import publish, serve_all
from models.emotion import sets
from models.emotion.features import FEATURES
from models.emotion.model import LEAST_CONFIDENCE, NONE_FROM, WAYS, EmotionModel, Voice
from models.emotion.sets import EMOTIONS, texts, wanted

VERSION = "0.2.0"
THREE = [EMOTIONS.index(emotion) for emotion in ("anger", "joy", "sadness")]
Parts = dict[str, list[data.Row]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a voice is taught by.

    Attributes:
        rows: The sets, and what a row of each counts.
        judged: The set whose validation part its curves are fitted on.
        loss: Whether a row has one emotion, or any number.
        recipe: How it is fitted.
    """

    rows: Mapping[str, float]
    judged: str
    loss: Loss
    recipe: Recipe


LESSONS = {
    "diary": Lesson({"dair": 1.0}, "dair", one_of, Recipe((1 << 15, 1 << 16, 1 << 17), 2.5, 0.0, 40)),
    "tweet": Lesson(
        {"semeval": 3.0, "taught": 1.0}, "semeval", each, Recipe((1 << 16, 1 << 16, 1 << 17), 1.0, 0.5, 40)
    ),
    "comment": Lesson({"goemotions": 1.0}, "goemotions", each, Recipe((1 << 15, 1 << 16, 1 << 17), 1.0, 0.5, 40)),
}
NONE = {"goemotions": 1.0, "semeval": 1.0, "taught": 0.5}
NONE_RECIPE = Recipe((1 << 16, 1 << 16, 1 << 17), 0.5, 0.5, 40)
GATE = Recipe((1 << 13, 1 << 13, 1 << 15), 0.5, 0.5, 25)
LEAN = 1.0
"""What the gate leans to tweets, in log-odds: posts are what the model is for, and Reddit is the nearest to them."""
TRIED = [
    "one set of weights for all ways of writing, by Adam (0.1.0): dair6 .858 / .803, TweetEval .794, none .537",
    "a gate over a shared embedding 12 wide, by Adam: dair6 .837 / .782, TweetEval .822, none .611",
    "the diary voice with words and pairs in one block: dair6 .881 / .842; in two: .886 / .848; without rarity: .722",
    "the diary voice with the lexicon, or word triples: worse by 1 to 3 points of accuracy",
    "the tweet voice taught by GoEmotions too: TweetEval .817 instead of .821",
    "none as a column of each voice, mixed by the gate: .618 on GoEmotions; its own: .630",
    "a gate that does not lean: TweetEval .801 instead of .812; leaning by 2: .818, but dair6 .872 instead of .881",
]
GATED = {"dair": "diary", "semeval": "tweet", "taught": "tweet", "goemotions": "comment"}


def taught(way: str, parts: Parts, found: Mapping[str, Texts]) -> Weights:
    lesson = LESSONS[way]
    seen, targets = Texts.joined([found[name] for name in lesson.rows]), [wanted(parts[name]) for name in lesson.rows]
    if lesson.loss is one_of:
        whole = np.concatenate(targets)
        rarity = len(whole) / (whole.shape[1] * whole.sum(0))
        return fit(lesson.recipe, seen, whole, (whole @ rarity)[:, None], loss=one_of)
    counts = [weight * _rarity(of) for weight, of in zip(lesson.rows.values(), targets, strict=True)]
    return fit(lesson.recipe, seen, np.concatenate(targets), np.concatenate(counts), loss=each)


def bare(rows: list[data.Row]) -> np.ndarray:
    """The chance that none of the six is there."""
    found: np.ndarray = (1 - wanted(rows)).prod(1)
    return found


def none(parts: Parts, validation: Parts, found: Mapping[str, Texts]) -> Voice:
    """Whether there is no emotion: one for tweets and comments, so that the gate's doubt between them costs nothing."""
    targets = np.concatenate([bare(parts[name]) for name in NONE])
    counts = np.concatenate([np.full(len(parts[name]), weight) for name, weight in NONE.items()])
    seen = Texts.joined([found[name] for name in NONE])
    weights = fit(NONE_RECIPE, seen, targets[:, None], counts[:, None], loss=each)
    rows = validation["goemotions"] + validation["semeval"]
    logits = weights.logits(Texts.of(FEATURES, texts(rows)))[:, 0]
    return Voice(weights, *calibration.platt(logits, bare(rows)))


def _rarity(targets: np.ndarray) -> np.ndarray:
    """A rare label counts more where it is there; a teacher's doubts count as they are."""
    share = np.clip(targets.mean(0), 0.005, 0.995)
    hard = bool(np.isin(targets, (0, 1)).all())
    return np.where(targets == 1, np.sqrt((1 - share) / share), 1.0) if hard else np.ones_like(targets)


def gate(parts: Parts, found: Mapping[str, Texts]) -> Weights:
    """Which way of writing a text is in."""
    ways = np.concatenate([np.full(len(parts[name]), WAYS.index(way)) for name, way in GATED.items()])
    seen = Texts.joined([found[name] for name in GATED])
    weights = fit(GATE, seen, np.eye(len(WAYS))[ways], np.ones((len(ways), 1)), loss=one_of)
    return replace(weights, bias=weights.bias + LEAN * np.eye(len(WAYS))[WAYS.index("tweet")])


def voice(way: str, weights: Weights, validation: Parts) -> Voice:
    """The weights with the line that makes them probabilities, by posts of their own way that taught them nothing."""
    rows = validation[LESSONS[way].judged]
    logits, gold = weights.logits(Texts.of(FEATURES, texts(rows))), wanted(rows)
    return Voice(weights, *calibration.platt(logits.max(1), gold[np.arange(len(gold)), logits.argmax(1)]))


def evaluate(model: EmotionModel, parts: Parts) -> dict[str, Any]:
    answers = {name: serve_all(model, texts(rows)) for name, rows in parts.items()}
    gold = {name: wanted(rows) for name, rows in parts.items()}
    found = {name: answer["probabilities"] for name, answer in answers.items()}
    dair, tweets = gold["dair"].argmax(1), gold["tweeteval"]
    six = found["dair"][:, :-1].argmax(1)
    three, of_three = tweets[:, THREE].argmax(1), found["tweeteval"][:, THREE].argmax(1)
    metrics: dict[str, Any] = {
        "dair6_accuracy": float((six == dair).mean()),
        "dair6_macro_f1": scores.macro_f1(dair, six, range(len(EMOTIONS))),
        "tweeteval_macro_f1_of_three": scores.macro_f1(three, of_three, range(len(THREE))),
        "tweeteval_macro_f1_of_six": scores.macro_f1(tweets.argmax(1), found["tweeteval"][:, :-1].argmax(1), THREE),
        "goemotions_none_f1": scores.f1(gold["goemotions"].max(1) == 0, found["goemotions"][:, -1] >= NONE_FROM),
    }
    for name in ("semeval", "goemotions"):
        metrics[name] = spoken(answers[name], gold[name])
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in metrics.items()}


def spoken(answers: dict[str, np.ndarray], gold: np.ndarray) -> dict[str, float]:
    """How often a label is given, how often it is right then, and how far its confidence is from that."""
    names = [label.decode() for label in answers["label"]]
    rated = np.array([name != "not_rated" for name in names])
    there = np.concatenate([gold, 1.0 - gold.max(1, keepdims=True)], 1)
    places = [EmotionModel.labels.index(name) if name in EmotionModel.labels else 0 for name in names]
    hits, confidence = there[np.arange(len(gold)), places][rated], answers["confidence"][rated]
    return {
        "rated": round(float(rated.mean()), 4),
        "right_of_rated": round(float(hits.mean()), 4),
        "none_of_rated": round(float(np.mean([name == "none" for name in names])), 4),
        "expected_calibration_error": round(calibration.expected_calibration_error(confidence, hits), 4),
    }


def card(rows: dict[str, int], metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "labels": [*EmotionModel.labels, "not_rated"],
        "languages": ["en"],
        "outputs": {"probabilities": list(EmotionModel.labels)},
        "data": {
            "train": "dair-ai/emotion, SemEval-2018 E-c, GoEmotions (Ekman labels, love and caring as love), "
            "and posts with the probabilities of a fine-tuned MiniLM teacher",
            "test": "the test parts of those, and of TweetEval emotion without optimism",
            "rows": rows,
            "terms": "dair-ai/emotion and the tweets are for research; no text of validation or test is in train",
        },
        "recipe": {
            "gate": {"lean_to_tweets": LEAN, **asdict(GATE)},
            "none": {"rows": NONE, **asdict(NONE_RECIPE)},
            **{way: {"rows": dict(lesson.rows), **asdict(lesson.recipe)} for way, lesson in LESSONS.items()},
        },
        "calibration": {
            "fitted_on": "validation of dair-ai/emotion, E-c, GoEmotions: each voice on its own, none on the last two",
            "none_from": NONE_FROM,
            "not_rated_below": LEAST_CONFIDENCE,
        },
        "metrics": metrics,
        "tried": TRIED,
        "command": "DATA_DIR=../shared/data python -m models.emotion.train",
    }


def main() -> None:
    readers = {"dair": sets.dair, "semeval": sets.semeval, "goemotions": sets.goemotions}
    held = {
        part: {name: read(part) for name, read in [*readers.items(), ("tweeteval", sets.tweeteval)]}
        for part in ("val", "test")
    }
    held_out = [row for parts in held.values() for rows in parts.values() for row in rows]
    parts = {name: data.without(read("train"), held_out) for name, read in readers.items()}
    parts["taught"] = data.without(sets.taught(), held_out)
    found = {name: Texts.of(FEATURES, texts(rows)) for name, rows in parts.items()}
    voices = {way: voice(way, taught(way, parts, found), held["val"]) for way in WAYS}
    model = EmotionModel(gate(parts, found), voices, none(parts, held["val"], found))
    metrics = {"validation": evaluate(model, held["val"]), "test": evaluate(model, held["test"])}
    folder = publish(model, "emotion", card({name: len(rows) for name, rows in parts.items()}, metrics))
    print(folder, metrics, sep="\n")


if __name__ == "__main__":
    main()
