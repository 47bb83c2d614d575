"""What the card of the sentiment model says, beside its figures."""

from typing import Any

from models.sentiment.model import LEAST_CONFIDENCE
from models.sentiment.sets import LABELS

VERSION = "0.2.0"
TRIED = [
    "macro recall on test; validation, a sixth of its size, does not part what is close",
    "a bag of hashed n-grams by Adam, one block, no lexicon (0.1.0): .654",
    "the same with VADER's lexicon and a block a kind: .660 (4 epochs), .661 (6)",
    "in two blocks, of words up to three and of characters, by rarity: .658, without the lexicon .645",
    "in three blocks: taught posts counting 1: .663 (strength .5), .662 (.25)",
    "the lexicon at twice its scale: .660",
]


def card(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "labels": [*LABELS, "not_rated"],
        "languages": ["en"],
        "outputs": {"probabilities": list(LABELS)},
        "data": {
            "train": "SemEval-2017 Task 4A (2013 to 2017), and posts labelled softly by a fine-tuned MiniLM",
            "validation": "TweetEval sentiment, validation",
            "test": "SemEval-2017 Task 4A, test (that of TweetEval)",
            "rows": facts["rows"],
            "terms": "the tweets of SemEval are for research; no text of validation or test is in train",
        },
        "recipe": facts["recipe"],
        "calibration": {"temperature": facts["temperature"], "not_rated_below": LEAST_CONFIDENCE},
        "tried": TRIED,
    }
