"""What Spark says, in one line of ours."""

import logging
import socket
from contextlib import closing

import pytest
from py4j import java_gateway
from py4j.java_gateway import GatewayParameters, JavaGateway, JavaObject
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from sparkstream.cli import _configure_logging
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


@pytest.fixture
def nowhere():
    """The way to a JVM that is gone: nobody listens there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    return JavaGateway(gateway_parameters=GatewayParameters(port=port))._gateway_client


def test_a_jvm_that_is_gone_is_one_line():
    with pytest.raises(JobError, match="JVM is gone; start the job again"), spark_errors():
        raise Py4JNetworkError("Answer from Java side is empty")


def test_an_error_of_a_jvm_that_went_before_it_could_say_which_is_one_line(nowhere):
    error = Py4JJavaError("An error occurred while calling o7.awaitTermination.\n", JavaObject("o8", nowhere))
    with pytest.raises(Py4JNetworkError):
        str(error)
    with pytest.raises(JobError, match="JVM is gone; start the job again"), spark_errors():
        raise error


def test_the_traces_that_the_bridge_writes_to_the_root_log_are_not_shown(caplog):
    _configure_logging()
    for file in (java_gateway.__file__, __file__):
        logging.getLogger().handle(logging.LogRecord("root", logging.ERROR, file, 1, f"by {file}", (), None))
    assert caplog.messages == [f"by {__file__}"]
