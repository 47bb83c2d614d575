"""Where records come from."""

from twitterhandler.sources.base import Charging, Health, Reporting, Resumable, Source
from twitterhandler.sources.jetstream import JetstreamSource
from twitterhandler.sources.mastodon import MastodonSource
from twitterhandler.sources.replay import ReplaySource
from twitterhandler.sources.simulator import SimulatorSource, Stretch, default_topics

__all__ = [
    "Charging",
    "Health",
    "JetstreamSource",
    "MastodonSource",
    "ReplaySource",
    "Reporting",
    "Resumable",
    "SimulatorSource",
    "Source",
    "Stretch",
    "default_topics",
]
