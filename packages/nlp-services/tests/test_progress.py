import io

import pytest
from nlp_services.progress import Progress, clock_time, line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_says_the_share_the_posts_the_rate_and_what_is_left():
    assert line(1_500, 10.0, 0.5) == f"{'━' * 15}{'─' * 15}  50%  1,500 posts  150/s  0:10 left"


def test_when_all_is_read_nothing_is_left():
    assert line(3_000, 20.0, 1.0) == f"{'━' * 30} 100%  3,000 posts  150/s"


def test_a_pipe_has_no_end_so_it_has_no_bar():
    assert line(1_500, 10.0, None) == "1,500 posts  150/s"


def test_before_the_first_moment_there_is_no_rate():
    assert line(0, 0.0, 0.0) == f"{'─' * 30}   0%  0 posts  0/s"


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3_661, "1:01:01")])
def test_time_is_said_as_on_a_clock(seconds, said):
    assert clock_time(seconds) == said


def test_it_draws_over_itself_and_ends_its_line():
    terminal, clock = Terminal(), iter([0.0, 1.0, 2.0])
    with Progress(terminal, lambda: None, now=lambda: next(clock)) as progress:
        progress.show(10)
        progress.show(20)

    assert terminal.getvalue() == "\r10 posts  10/s\033[K\r20 posts  10/s\033[K\n"


def test_it_gives_way_once_to_what_is_printed():
    terminal, clock = Terminal(), iter([0.0, 1.0])
    progress = Progress(terminal, lambda: None, now=lambda: next(clock))
    progress.give_way()
    progress.show(10)
    progress.give_way()
    progress.give_way()

    assert terminal.getvalue() == "\r10 posts  10/s\033[K\r\033[K"


def test_where_there_is_no_terminal_nothing_is_written():
    log = io.StringIO()
    with Progress(log, lambda: 0.5) as progress:
        progress.show(10)
        progress.give_way()

    assert log.getvalue() == ""
