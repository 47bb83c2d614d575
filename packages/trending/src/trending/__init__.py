"""What rises in a stream of posts.

from trending import TermCounts, rising

rising("hashtag", TermCounts(400, {"penalties": 41}), TermCounts(1_500, {"penalties": 31}))
"""

from trending.__about__ import __version__
from trending.errors import (
    InvalidWindowError,
    ProviderAnswerError,
    ProviderError,
    ProviderUnavailableError,
    TrendingError,
    UnknownTopicError,
)
from trending.rising import rising
from trending.values import FACETS, Coverage, Emerging, Facet, Period, RisingTerm, TermCounts
from trending.windows import parse_window

__all__ = [
    "FACETS",
    "Coverage",
    "Emerging",
    "Facet",
    "InvalidWindowError",
    "Period",
    "ProviderAnswerError",
    "ProviderError",
    "ProviderUnavailableError",
    "RisingTerm",
    "TermCounts",
    "TrendingError",
    "UnknownTopicError",
    "__version__",
    "parse_window",
    "rising",
]
