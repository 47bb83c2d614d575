"""Every stage of the entity training on made-up posts: teacher, student, renamed, and what goes into the wheel."""

from pathlib import Path

import made_up
import pytest
import spacy

from models.common.cards import read_card
from models.common.errors import NotReleasedError
from models.entities.release import release
from models.entities.train import Recipe, train

TINY = Recipe(taught=60, renamed=20, taught_again=20, steps=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entities")
    made_up.entity_sets(folder / "data")
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    return train(folder / "data", folder / "work", TINY)


def test_the_last_stage_is_the_student_on_renamed_posts(folder: Path, trained: Path) -> None:
    assert trained == folder / "work/renamed/model-best"
    assert {file.name for file in (folder / "work").glob("*/model-best/ner")} == {"ner"}
    assert len(list((folder / "work").glob("*/model-best"))) == 3


def test_the_wheel_gets_the_model_with_its_card_and_without_the_words_of_posts(folder: Path, trained: Path) -> None:
    (folder / "wheel").mkdir()

    released = release(trained, folder / "data", TINY, to=folder / "wheel", floors={"btc/test": 0.0})

    card = read_card(released)
    assert card is not None
    assert set(card["metrics"]["test"]) == {"btc_test", "wnut17_test", "tweebank_test"}
    assert card["recipe"]["taught"] == 60
    assert not any(b"Lovelace" in file.read_bytes() for file in released.rglob("*") if file.is_file())
    assert spacy.load(released)("Ada Lovelace is in London").has_annotation("ENT_IOB")


def test_below_a_floor_nothing_is_released(folder: Path, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReleasedError, match=r"below its floors: btc/test .*, not 1.1"):
        release(trained, folder / "data", TINY, to=tmp_path, floors={"btc/test": 1.1})

    assert list(tmp_path.iterdir()) == []
