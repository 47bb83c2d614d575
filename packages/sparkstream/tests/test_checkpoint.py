import subprocess
import sys

import pytest
from sparkstream.checkpoint import Checkpoint
from sparkstream.errors import CheckpointError

HOLD = """
import sys
from sparkstream.checkpoint import Checkpoint
with Checkpoint(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_id_is_made_once(tmp_path):
    with Checkpoint(tmp_path / "a") as checkpoint:
        run = checkpoint.run()
        assert checkpoint.run() == run
    with Checkpoint(tmp_path / "a") as again, Checkpoint(tmp_path / "b") as other:
        assert again.run() == run != other.run()
        assert len(run) == 16


def test_a_second_job_is_refused(tmp_path):
    with Checkpoint(tmp_path), pytest.raises(CheckpointError, match="another job runs on the checkpoint"):
        Checkpoint(tmp_path).__enter__()
    with Checkpoint(tmp_path):
        pass


def test_a_second_job_in_another_process_is_refused_until_the_first_is_killed(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CheckpointError, match="stop it, or give this one its own"):
            Checkpoint(tmp_path).__enter__()
        holder.kill()
    with Checkpoint(tmp_path):
        pass


def test_spark_has_a_folder_of_its_own_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Checkpoint("point").spark == f"{tmp_path}/point/spark"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot be written: .*; choose another folder"):
        Checkpoint(tmp_path / "file" / "checkpoint").__enter__()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_broken_run_file_is_one_line(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with Checkpoint(tmp_path) as checkpoint, pytest.raises(CheckpointError, match="start with a new checkpoint folder"):
        checkpoint.run()


def test_it_belongs_to_one_queue(tmp_path):
    with Checkpoint(tmp_path / "a") as checkpoint:
        checkpoint.claim("kafka:posts")
        checkpoint.claim("kafka:posts")
        with pytest.raises(CheckpointError, match="was made on kafka:posts, not on spool; start with a new checkpoint"):
            checkpoint.claim("spool")


def test_one_that_was_used_before_there_was_a_choice_is_the_spools(tmp_path):
    (tmp_path / "spark" / "offsets").mkdir(parents=True)
    with Checkpoint(tmp_path) as checkpoint:
        with pytest.raises(CheckpointError, match="was made on spool"):
            checkpoint.claim("kafka:posts")
        checkpoint.claim("spool")
