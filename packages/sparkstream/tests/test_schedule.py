import logging
import sys
import time

import pytest
from sparkstream.schedule import Schedule


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scheduled(tmp_path, clock):
    made = []

    def make(code, every=10):
        made.append(Schedule([sys.executable, "-c", code], every, clock))
        return made[-1]

    yield make
    for schedule in made:
        schedule.close()


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline


def runs(log):
    return log.read_text().count("ran") if log.exists() else 0


def test_it_runs_each_time_its_time_has_come(scheduled, clock, tmp_path):
    log = tmp_path / "log"
    schedule = scheduled(f"open({str(log)!r}, 'a').write('ran')")
    schedule.tick()
    assert schedule._process is None
    for number in (1, 2):
        clock.now += 10
        until(lambda number=number: schedule.tick() or runs(log) == number)


def test_it_never_runs_twice_at_once(scheduled, clock):
    schedule = scheduled("input()")
    clock.now += 10
    schedule.tick()
    first = schedule._process
    clock.now += 100
    schedule.tick()
    assert schedule._process is first
    schedule.close()
    assert first.returncode is not None


def test_a_failure_is_a_line(scheduled, clock, caplog):
    schedule = scheduled("raise SystemExit(3)")
    clock.now += 10
    schedule.tick()
    schedule._process.wait()
    with caplog.at_level(logging.WARNING):
        schedule.tick()
    assert "ended with 3; it is tried again" in caplog.text


def test_a_schedule_of_nothing_never_runs(scheduled, clock):
    schedule = scheduled("", every=0)
    clock.now += 10_000
    schedule.tick()
    assert schedule._process is None
