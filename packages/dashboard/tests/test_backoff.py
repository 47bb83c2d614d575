from __future__ import annotations

from random import Random

from dashboard.backoff import Backoff


class NoJitter(Random):
    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def test_waits_double_up_to_five_seconds_and_start_again_after_a_success() -> None:
    backoff = Backoff(NoJitter())
    assert [backoff.next() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next() == 0.5


def test_jitter_stays_within_a_fifth() -> None:
    assert all(0.4 <= Backoff(Random(seed)).next() <= 0.6 for seed in range(50))
