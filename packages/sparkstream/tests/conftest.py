import pytest
from hypothesis import settings

pytest.register_assert_rewrite("stores.contract", "truth")

settings.register_profile("here", deadline=None, max_examples=60, database=None)  # two busy cores; nothing left on disk
settings.load_profile("here")
