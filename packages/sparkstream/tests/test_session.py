"""What Spark says, in one line of ours."""

import pytest
from py4j.protocol import Py4JError
from sparkstream.errors import JobError, JobInterruptedError, QueueUnavailableError
from sparkstream.session import cause, may_pass, spark_errors

OURS = """An error in a worker
sparkstream.errors.StoreError: the first; do this
  File "job.py"
sparkstream.errors.StoreBusyError: views.db is held; wait
"""


def test_of_pages_of_stack_the_last_line_of_ours_is_told():
    assert cause(OURS) == "views.db is held; wait"
    assert cause("what\n: java.lang.Error: no space\n at") == "java.lang.Error: no space"
    assert cause("") == "it says no reason"


@pytest.mark.parametrize(
    ("message", "passes"),
    [
        (OURS, True),
        ("sparkstream.errors.StoreError: gone; look", False),
        ("java.lang.OutOfMemoryError", False),
        ("Query terminated with exception: Python worker failed to connect back. SQLSTATE: XXKST", True),
    ],
)
def test_what_may_pass_does_not_end_the_job(message, passes):
    assert may_pass(message) == passes
    with pytest.raises(JobInterruptedError if passes else JobError) as told, spark_errors():
        raise Py4JError(message)
    assert told.value.retriable == passes


def test_a_queue_explains_its_own_errors_first():
    away = QueueUnavailableError("Kafka is away; start it")
    with pytest.raises(QueueUnavailableError, match="Kafka is away"), spark_errors(lambda message: away):
        raise Py4JError(OURS)
