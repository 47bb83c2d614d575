"""Clocks that are wrong: some posts claim that they were written in a time to come."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Final

from twitterhandler.errors import SettingError
from twitterhandler.posts import Post

AHEAD: Final = (3_600, 400 * 86_400)
"""Seconds from the arrival on: beyond what a reader takes for the clocks' usual difference."""


class WrongClocks:
    """A share of the posts is dated ahead; which, and how far, follows from the seed and the post's id."""

    def __init__(self, share: float, *, seed: int) -> None:
        if not 0 <= share <= 1:
            raise SettingError(f"{share:g} is no share of posts; take a number from 0 to 1")
        self._share, self._key = share, str(seed).encode()

    def date(self, post: Post) -> Post:
        """The post as its network tells it."""
        digest = hashlib.blake2b(post.id.encode(), key=self._key, digest_size=8, person=b"clocks").digest()
        chance, far = int.from_bytes(digest[:4]) / 2**32, int.from_bytes(digest[4:]) / 2**32
        if chance >= self._share:
            return post
        ahead = timedelta(seconds=int(AHEAD[0] + far * (AHEAD[1] - AHEAD[0])))
        return replace(post, created_at=post.created_at + ahead)
