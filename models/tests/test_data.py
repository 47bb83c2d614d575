import shutil
from dataclasses import replace
from pathlib import Path

import made_up
import pytest

from models.common import data
from models.common.errors import DataError
from models.common.pipeline import Places
from models.common.running import run
from models.sentiment import sets
from models.sentiment.pipeline import TASK


def test_a_text_of_the_tests_is_not_trained_on_however_it_is_spelled(tmp_path: Path) -> None:
    made_up.sentiment_sets(tmp_path)
    [first, *_] = data.read(tmp_path, "sentiment_semeval2017/test")
    copy = {"text": f"@user {first['text'].upper()}!! https://example.org/a", "label": "neutral"}
    made_up.write(tmp_path, "sentiment_semeval2017/train", [copy, {"text": "another one", "label": "neutral"}])

    assert [row["text"] for row in sets.rows(tmp_path, "train")[sets.SEMEVAL]] == ["another one"]


def test_the_same_files_have_the_same_digest_and_others_another(tmp_path: Path) -> None:
    made_up.write(tmp_path / "a", "posts", [{"text": "one"}])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    made_up.write(tmp_path / "c", "posts", [{"text": "two"}])

    [a, b, c] = (data.digest([data.path(tmp_path / folder, "posts")]) for folder in "abc")

    assert a == b
    assert a != c


def test_data_that_is_not_as_the_schema_says_stops_the_run_before_anything_is_learnt(tmp_path: Path) -> None:
    made_up.sentiment_sets(tmp_path / "data")
    places = Places(tmp_path / "data", tmp_path / "artifacts", tmp_path / "metadata.db", tmp_path / "serving")

    with pytest.raises(DataError, match=r"not as the schema says: test, wanted: .*; mend the data, or the schema"):
        run(replace(TASK, rows="spoilt.rows"), places)

    assert not (tmp_path / "artifacts/Transform").exists()


def test_without_data_it_says_what_to_set(tmp_path: Path) -> None:
    places = Places(tmp_path / "away", tmp_path / "artifacts", tmp_path / "metadata.db", tmp_path / "serving")

    with pytest.raises(DataError, match=r"no data in .*away; set DATA_DIR"):
        run(TASK, places)
