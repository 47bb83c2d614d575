"""What becomes of posts: some are edited, some are taken back, a while after they arrived."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from twitterhandler.errors import SettingError
from twitterhandler.posts import Delete, Post

EDITED: Final = (5.0, 1_800.0)
DELETED: Final = (1.0, 600.0)
"""Seconds after the arrival. A copy of a post comes up to 30 s after it: now and then when the post is gone."""


class Changes:
    """Edits of a share of the posts, deletes of a share; which, and when, follows from the seed and the post's id."""

    def __init__(self, edits: float, deletes: float, *, seed: int) -> None:
        for share, what in ((edits, "edits"), (deletes, "deletes")):
            if not 0 <= share <= 1:
                raise SettingError(f"{share:g} is no share of {what}; take a number from 0 to 1")
        self._edits, self._deletes, self._key = edits, deletes, str(seed).encode()

    def of(self, post: Post) -> Iterator[Post | Delete]:
        """What comes after this post, `received_at` set, in no order: up to two edits, and a delete."""
        for version in (1, 2):
            chance, when = self._draw(post, f"edit {version}")
            if chance >= self._edits:
                break
            at = post.received_at + _within(EDITED, when)
            yield replace(post, version=version, text=f"{post.text} (edit {version})", received_at=at)
        chance, when = self._draw(post, "delete")
        if chance < self._deletes:
            at = post.received_at + _within(DELETED, when)
            yield Delete(post.id, post.network, at)

    def _draw(self, post: Post, what: str) -> tuple[float, float]:
        """Two numbers in [0, 1)."""
        digest = hashlib.blake2b(f"{what} {post.id}".encode(), key=self._key, digest_size=8, person=b"changes").digest()
        return int.from_bytes(digest[:4]) / 2**32, int.from_bytes(digest[4:]) / 2**32


def _within(span: tuple[float, float], share: float) -> timedelta:
    return timedelta(milliseconds=int(1000 * (span[0] + share * (span[1] - span[0]))))
