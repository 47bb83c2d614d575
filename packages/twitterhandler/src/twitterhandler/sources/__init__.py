"""Where records come from."""

from twitterhandler.sources.base import Source
from twitterhandler.sources.replay import ReplaySource
from twitterhandler.sources.simulator import SimulatorSource, Stretch, default_topics

__all__ = ["ReplaySource", "SimulatorSource", "Source", "Stretch", "default_topics"]
