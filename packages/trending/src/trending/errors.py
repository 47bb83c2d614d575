"""What can go wrong, and what to do.

    TrendingError
    ├── UnknownTopicError          LookupError      the views have no such topic
    ├── InvalidWindowError         ValueError       a window that is none, or out of bounds
    ├── SettingsError              ValueError       the environment asks for what cannot be
    ├── ServeError                 OSError          the address cannot be listened on
    └── ProviderError              RuntimeError
        ├── ProviderUnavailableError   retriable    nobody answers, or only with an error of its own
        └── ProviderAnswerError                     the answer is not what the contract says

A caller that may wait asks `error.retriable`:

    try:
        found = await provider.emerging("world-cup", window, limit=20)
    except TrendingError as error:
        retry_later() if error.retriable else give_up(error)
"""

from typing import ClassVar


class TrendingError(Exception):
    retriable: ClassVar[bool] = False


class UnknownTopicError(TrendingError, LookupError):
    def __init__(self, topic: str) -> None:
        super().__init__(f"there is no topic {topic!r}; GET /v1/topics of the view API lists those that have posts")
        self.topic = topic


class InvalidWindowError(TrendingError, ValueError):
    pass


class SettingsError(TrendingError, ValueError):
    pass


class ServeError(TrendingError, OSError):
    pass


class ProviderError(TrendingError, RuntimeError):
    pass


class ProviderUnavailableError(ProviderError):
    retriable = True


class ProviderAnswerError(ProviderError):
    pass
