import pytest
from twitterhandler.sources.x.lines import ending, is_whole


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            b'{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect",'
            b'"type":"https://api.x.com/2/problems/operational-disconnect"}]}',
            "X ended it: UpstreamOperationalDisconnect",
        ),
        (b'{"errors":[{"title":"ConnectionException","connection_issue":"TooManyConnections"}]}', "TooManyConnections"),
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
