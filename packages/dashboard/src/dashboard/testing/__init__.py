"""A made-up world behind a real view API and a real trending, to test against and to look at the page: `python -m dashboard.testing`."""

from dashboard.testing.server import Server
from dashboard.testing.upstream import FakeUpstream
from dashboard.testing.world import TOPICS, Topic

__all__ = ["TOPICS", "FakeUpstream", "Server", "Topic"]
