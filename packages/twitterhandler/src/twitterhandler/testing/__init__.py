"""Public fakes and generators: for the tests of whoever reads what this package writes."""

from twitterhandler.testing.clock import FakeClock
from twitterhandler.testing.day import SimulatedDay, simulated_day
from twitterhandler.testing.jetstream import FakeJetstream
from twitterhandler.testing.mastodon import FakeMastodon
from twitterhandler.testing.queue import FakeQueue
from twitterhandler.testing.threads import in_thread
from twitterhandler.testing.virtual_time import LoopClock, VirtualTimeError, VirtualTimeLoop, run_virtually

__all__ = [
    "FakeClock",
    "FakeJetstream",
    "FakeMastodon",
    "FakeQueue",
    "LoopClock",
    "SimulatedDay",
    "VirtualTimeError",
    "VirtualTimeLoop",
    "in_thread",
    "run_virtually",
    "simulated_day",
]
