"""Public fakes: a view API that counts made-up posts, on a real socket."""

from trending.testing.views import FakePost, FakeViews

__all__ = ["FakePost", "FakeViews"]
