"""Lines that a broken, a newer or a foreign program would send: for tests of who has to live with them."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import orjson

from twitterhandler.errors import SettingError
from twitterhandler.posts import Post, encode

KINDS: Final = ("torn", "without id", "schema 99", "no UTF-8", "unknown event", "another program's")
HUGE: Final = 1 << 20
"""Bytes of a text with which a line is longer than any reader takes."""


class Dirt:
    """Broken lines that come after a share of the posts, besides them: no good record is lost to them.

    Which posts, and how the line is broken, follows from the seed and the post's id.
    """

    def __init__(self, share: float, *, seed: int) -> None:
        if not 0 <= share <= 1:
            raise SettingError(f"{share:g} is no share of dirty lines; take a number from 0 to 1")
        self._share = share
        self._key = str(seed).encode()

    def after(self, post: Post) -> Iterator[bytes]:
        """The broken line after this post, if there is one."""
        digest = hashlib.blake2b(post.id.encode(), key=self._key, digest_size=5, person=b"dirt").digest()
        if int.from_bytes(digest[:4]) / 2**32 < self._share:
            yield _break(encode(post), KINDS[digest[4] % len(KINDS)])


def huge(post: Post) -> bytes:
    """A post too long to be one."""
    return encode(replace(post, id=f"{post.id}-huge", text="x" * HUGE))


def _break(line: bytes, kind: str) -> bytes:
    fields = orjson.loads(line)
    match kind:
        case "torn":
            return line[: len(line) * 2 // 3]
        case "without id":
            del fields["id"]
        case "schema 99":
            fields["schema"] = 99
        case "no UTF-8":
            return line.replace(b'"text":"', b'"text":"\xff\xfe', 1)
        case "unknown event":
            fields["event"] = "applause"
        case _:
            return orjson.dumps({"level": "info", "logger": "of another program", "message": fields["id"]})
    return orjson.dumps(fields)
