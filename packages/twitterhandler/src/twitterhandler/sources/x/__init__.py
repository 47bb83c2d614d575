"""X: the filtered stream of its API v2."""

from twitterhandler.sources.x.source import GapFiller, XSource
from twitterhandler.sources.x.transport import BASE_URL, BearerToken, XTransport

__all__ = ["BASE_URL", "BearerToken", "GapFiller", "XSource", "XTransport"]
