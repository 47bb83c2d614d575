import pytest
from twitterhandler.event_stream import MAX_EVENT, EventStream, ServerSentEvent

WIRE = b':)\nevent: update\ndata: {"id": "1"}\n\n:thump\nevent: delete\ndata: 1\n\ndata: a\ndata: b\n\n'
EVENTS = [
    ServerSentEvent("update", b'{"id": "1"}'),
    ServerSentEvent("delete", b"1"),
    ServerSentEvent("message", b"a\nb"),
]


def read(*chunks):
    stream = EventStream()
    return [event for chunk in chunks for event in stream.feed(chunk)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("wire", [WIRE, WIRE.replace(b"\n", b"\r\n")])
def test_events_do_not_depend_on_how_the_bytes_come(wire, size):
    assert read(*(wire[start : start + size] for start in range(0, len(wire), size))) == EVENTS


def test_an_event_without_data_is_none():
    assert read(b"event: update\n\nid: 7\nretry: 9\n\n:only a comment\n\n") == []


def test_values_keep_all_but_one_space():
    assert read(b"data:  a: b \ndata:c\n\n") == [ServerSentEvent("message", b" a: b \nc")]


def test_what_is_not_complete_is_the_rest():
    stream = EventStream()
    assert list(stream.feed(b"event: update\ndata: a\ndata: {")) == []
    assert stream.rest == b"a\ndata: {"
    [event] = stream.feed(b"}\n\n")
    assert event.data == b"a\n{}"
    assert stream.rest == b""


def test_an_event_that_is_too_long_is_cut_and_the_next_is_whole():
    stream = EventStream()
    endless = [b"data: " + b"x" * 65_536] + [b"x" * 65_536] * 100
    found = [event for chunk in [*endless, b"\n\n", WIRE] for event in stream.feed(chunk)]
    assert [event.whole for event in found] == [False, True, True, True]
    assert len(found[0].data) <= MAX_EVENT
    assert found[1:] == EVENTS


def test_an_event_of_too_many_lines_is_cut():
    stream = EventStream()
    found = [event for _ in range(40) for event in stream.feed(b"data: " + b"x" * 65_536 + b"\n")]
    found += stream.feed(b"\n")
    assert [event.whole for event in found] == [False]
