from __future__ import annotations

from collections.abc import Iterator

import pytest
from dashboard.testing import FakeUpstream, Server


@pytest.fixture
def fake() -> FakeUpstream:
    """Ticks ten times a second, so that a test does not wait long."""
    return FakeUpstream(every=0.1)


@pytest.fixture
def upstream(fake: FakeUpstream) -> Iterator[Server]:
    with Server(fake.app) as server:
        yield server
