from datetime import timedelta

import pytest
from twitterhandler.sources.x.lines import ending, heard_until, is_whole
from twitterhandler.testing import FakeClock


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            b'{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect",'
            b'"type":"https://api.x.com/2/problems/operational-disconnect"}]}',
            "X ended it: UpstreamOperationalDisconnect",
        ),
        (
            b'{"errors":[{"title":"ConnectionException","connection_issue":"TooManyConnections"}]}',
            "X ended it: another program listens with the same key (TooManyConnections); stop one of them",
        ),
        (b'{"errors":[{"title":"Internal\\u0000 Error"}]}', "X ended it: Internal  Error"),
        (b'{"errors":[{"type":"https://api.twitter.com/2/problems/oops"}]}', "X ended it: oops"),
        (b'{"errors":[{}]}', "an error without a name"),
        (b'{"title":"ConnectionException","detail":"This stream is at its limit","type":"about:blank"}', "Connection"),
    ],
)
def test_a_notice_without_data_ends_the_connection(line, reason):
    assert reason in (ending(line) or "")


@pytest.mark.parametrize(
    "line",
    [
        b'{"data":{"id":"1"},"errors":[{"title":"Not Found Error"}]}',
        b'{"errors":[{"title":"Not Found Error"}],"data":{"id":"1"}}',
        b'{"data": {"id": "1"}, "title": "x", "detail": "y"}',
        b'{"hello":"world"}',
        b'{"title":"a new kind of message"}',
        b'{"errors":[]}',
        b'{"errors":["?"]}',
        b"[]",
        b"null",
        b'{"data": {"id":',
        b"\xff\xfe",
    ],
)
def test_anything_else_does_not(line):
    assert ending(line) is None


def test_a_line_that_was_torn_off_is_not_whole():
    line = b'{"data":{"id":"1","entities":{}}}'
    assert is_whole(line)
    assert not any(is_whole(line[:length]) for length in range(len(line)))


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b'{"data":{"created_at":"2026-11-22T11:59:57.000Z"}}', 3),
        (b'{"data":{"created_at":"2026-11-22T10:00:00.000Z"}}', 20),
        (b'{"data":{"created_at":"2026-11-22T12:00:09.000Z"}}', 0),
        (b'{"data":{"created_at":"soon"}}', 20),
        (b'{"data":{"created_at":7}}', 20),
        (b'{"data":[]}', 20),
        (b'{"hello":"world"}', 20),
        (b"[]", 20),
        (b'{"data":{', 20),
    ],
)
def test_all_was_heard_until_the_last_post_was_written_or_some_seconds_before_a_line_that_does_not_say(line, seconds):
    now = FakeClock().now()
    assert heard_until(line, now) == now - timedelta(seconds=seconds)
