"""Where the job reads from, chosen by URL in `queue_reader`."""

from __future__ import annotations

from sparkstream.errors import SettingsError
from sparkstream.queues.base import Queue
from sparkstream.queues.spool import SpoolQueue

__all__ = ["Queue", "open_queue"]


def open_queue(url: str) -> Queue:
    """The queue behind a URL.

    Raises:
        SettingsError: the URL names no known queue.
    """
    scheme, _, place = url.partition(":")
    if scheme == "spool" and place:
        return SpoolQueue(place)
    raise SettingsError(f"{url!r} is no queue; write spool:FOLDER, as in spool:./data/spool")
