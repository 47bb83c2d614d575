"""Promise 1 in CI: a round. `benchmarks/chaos.py --rounds 20` plays more of them, on servers too.

This one has a point at which test_simulated_day does not kill the job, and a batch that goes on while it dies.
"""

from pathlib import Path

from chaos import Embedded, plan, play


def test_on_sqlite_whatever_is_killed_every_number_is_what_the_seed_says(tmp_path: Path) -> None:
    verdict = play(plan(4), Embedded(tmp_path))
    assert verdict.wrong is None, verdict.story()
