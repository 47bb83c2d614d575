"""What the card of the emotion model says, beside its figures."""

from typing import Any

from models.emotion.model import LEAST_CONFIDENCE, NONE_FROM, EmotionModel

VERSION = "0.2.0"
TRIED = [
    "one set of weights for all ways of writing, by Adam (0.1.0): dair6 .858 / .803, TweetEval .794, none .537",
    "a gate over a shared embedding 12 wide, by Adam: dair6 .837 / .782, TweetEval .822, none .611",
    "the diary voice with words and pairs in one block: dair6 .881 / .842; in two: .886 / .848; without rarity: .722",
    "the diary voice with the lexicon, or word triples: worse by 1 to 3 points of accuracy",
    "the tweet voice taught by GoEmotions too: TweetEval .817 instead of .821",
    "none as a column of each voice, mixed by the gate: .618 on GoEmotions; its own: .630",
    "a gate that does not lean: TweetEval .801 instead of .812; leaning by 2: .818, but dair6 .872 instead of .881",
]


def card(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "labels": [*EmotionModel.labels, "not_rated"],
        "languages": ["en"],
        "outputs": {"probabilities": list(EmotionModel.labels)},
        "data": {
            "train": "dair-ai/emotion, SemEval-2018 E-c, GoEmotions (Ekman labels, love and caring as love), "
            "and posts with the probabilities of a fine-tuned MiniLM teacher",
            "test": "the test parts of those, and of TweetEval emotion without optimism",
            "rows": facts["rows"],
            "terms": "dair-ai/emotion and the tweets are for research; no text of validation or test is in train",
        },
        "recipe": facts["recipe"],
        "calibration": {
            "fitted_on": "validation of dair-ai/emotion, E-c, GoEmotions: each voice on its own, none on the last two",
            "none_from": NONE_FROM,
            "not_rated_below": LEAST_CONFIDENCE,
        },
        "tried": TRIED,
    }
