"""A made-up world behind a small view API and trending, to test against.

`python -m dashboard.testing` shows the page over it.
"""

from dashboard.testing.chromium import open_chromium
from dashboard.testing.server import Server
from dashboard.testing.upstream import FakeUpstream
from dashboard.testing.world import TOPICS, Topic

__all__ = ["TOPICS", "FakeUpstream", "Server", "Topic", "open_chromium"]
