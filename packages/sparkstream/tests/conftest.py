import pytest
from factories import annotated_posts
from hypothesis import settings

pytest.register_assert_rewrite("stores.contract", "truth")

settings.register_profile("here", deadline=None, max_examples=60, database=None)  # two busy cores; nothing left on disk
settings.load_profile("here")


@pytest.fixture(scope="session")
def some_posts():
    """(topic, post) pairs of a day and more."""
    return annotated_posts()
