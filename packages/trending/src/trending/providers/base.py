from datetime import timedelta
from typing import Protocol

from trending.values import Emerging


class EmergingProvider(Protocol):
    """Says what rises within a topic."""

    async def emerging(self, topic: str, window: timedelta) -> Emerging:
        """All rising terms, best first.

        Raises:
            UnknownTopicError: there is no such topic.
            ProviderError: the provider does not answer, or not as agreed.
        """

    async def check(self) -> None:
        """Raises `ProviderUnavailableError` when the provider cannot be asked now."""

    async def aclose(self) -> None: ...
