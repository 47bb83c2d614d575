from sparkstream.backoff import Backoff


def test_pauses_grow_to_a_bound_and_begin_anew_after_a_success():
    backoff = Backoff()
    assert [backoff.failed() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    backoff.succeeded()
    assert backoff.failed() == 1
