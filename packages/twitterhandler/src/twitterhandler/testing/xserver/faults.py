"""What can go wrong, each alone and to the byte; a test lines them up with `FakeX.fail`.

A fault has its moment: `connect` is spent on the next request, `stream` at once on the open connection or right after
the next is opened, `post` on the next posts that are sent. Those of one connection happen in the order in which they
were lined up; what a connection did not live to see waits for the next one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twitterhandler.testing.xserver import acts, problems
from twitterhandler.testing.xserver.acts import END, Outcome, PostAct, StreamAct, Then, Wire
from twitterhandler.testing.xserver.content import missing
from twitterhandler.testing.xserver.journal import Published
from twitterhandler.testing.xserver.problems import Answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a request gets instead of an answer of its own: nothing but an RST when `answer` is None.

    Attributes:
        delay: Seconds before it, or before the usual answer if `goes_on`.
        exhausted: The headers say that no request is left for so many seconds.
    """

    answer: Answer | None = None
    delay: float = 0.0
    goes_on: bool = False
    exhausted: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, made by the functions below: `Fault.eof()`."""

    name: str
    refusal: Refusal | None = None
    stream: StreamAct | None = None
    post: PostAct | None = None
    posts: int = 1
    """How many posts the fault takes; the first waits for the others until the next keep-alive."""

    @classmethod
    def named(cls, name: str, **arguments: Any) -> "Fault":
        """The fault that is made by the function `name`.

        Raises:
            LookupError: there is none.
        """
        if name not in cls.names():
            raise LookupError(f"there is no fault {name!r}; there are {', '.join(cls.names())}")
        made: Fault = getattr(cls, name)(**arguments)
        return made

    @classmethod
    def names(cls) -> list[str]:
        makers = (name for name, value in vars(cls).items() if isinstance(value, classmethod))
        return [name for name in makers if name not in ("named", "names")]

    # ── instead of a connection ─────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def unauthorized(cls) -> "Fault":
        return cls("unauthorized", Refusal(problems.unauthorized()))

    @classmethod
    def forbidden(cls, reason: str = "client-not-enrolled") -> "Fault":
        return cls("forbidden", Refusal(problems.forbidden(reason)))

    @classmethod
    def no_rules(cls) -> "Fault":
        return cls("no_rules", Refusal(problems.no_rules()))

    @classmethod
    def too_many_connections(cls) -> "Fault":
        """429 though requests are left: the connection before still counts."""
        return cls("too_many_connections", Refusal(problems.too_many_connections()))

    @classmethod
    def rate_limited(cls, seconds: float = 900.0) -> "Fault":
        """429: no request is left for so many seconds."""
        return cls("rate_limited", Refusal(problems.rate_limited(), exhausted=seconds))

    @classmethod
    def usage_capped(cls, period: str = "Monthly") -> "Fault":
        """429: the account has read as many posts as it may."""
        return cls("usage_capped", Refusal(problems.usage_capped(period)))

    @classmethod
    def server_error(cls) -> "Fault":
        return cls("server_error", Refusal(problems.server_error()))

    @classmethod
    def unavailable(cls, *, html: bool = True) -> "Fault":
        """503, as a page for people or as JSON."""
        return cls("unavailable", Refusal(problems.unavailable(html=html)))

    @classmethod
    def refused(cls) -> "Fault":
        """An RST instead of any answer."""
        return cls("refused", Refusal())

    @classmethod
    def slow_start(cls, seconds: float = 8.0) -> "Fault":
        """The answer is late, then as usual."""
        return cls("slow_start", Refusal(delay=seconds, goes_on=True))

    # ── with a connection ───────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def eof(cls) -> "Fault":
        return cls("eof", stream=acts.outcome("ends"))

    @classmethod
    def rst(cls) -> "Fault":
        return cls("rst", stream=acts.outcome("is reset"))

    @classmethod
    def no_last_chunk(cls) -> "Fault":
        """The connection is closed without HTTP's end."""
        return cls("no_last_chunk", stream=acts.outcome("is cut"))

    @classmethod
    def silence(cls, seconds: float = math.inf) -> "Fault":
        """Nothing is written, keep-alives neither; what would have been comes afterwards, if the client stays."""

        async def be_silent(wire: Wire) -> Outcome:
            await acts.wait(seconds)
            return "goes on"

        return cls("silence", stream=be_silent)

    @classmethod
    def disconnect(cls, kind: str = "UpstreamOperationalDisconnect", then: Then = "ends") -> "Fault":
        """The notice that the stream ends, and what X was seen to do then."""
        return cls("disconnect", stream=acts.lines([problems.disconnect(kind)], then))

    @classmethod
    def problem_line(cls, then: Then = "goes on") -> "Fault":
        """A problem at the top level of a line, without `errors`."""
        return cls("problem_line", stream=acts.lines([problems.too_many_connections_body()], then))

    @classmethod
    def unknown_message(cls) -> "Fault":
        return cls(
            "unknown_message", stream=acts.lines([{"notice": {"kind": "made-up", "detail": "of no known type"}}])
        )

    @classmethod
    def garbage(cls, line: bytes = b'{"data": {"id":') -> "Fault":
        """A line that is no JSON and that no post was lost for."""
        return cls("garbage", stream=acts.lines([line]))

    @classmethod
    def repeats(cls, count: int = 3) -> "Fault":
        """The posts that were sent last come once more, as after a reconnect."""

        async def repeat(wire: Wire) -> Outcome:
            for post in wire.recent(count):
                await acts.send(wire, post)
            return "goes on"

        return cls("repeats", stream=repeat)

    # ── to posts ────────────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def split_character(cls) -> "Fault":
        """The chunk ends inside of a character of several bytes (in mid-object if there is none)."""
        return cls("split_character", post=acts.pieces(acts.inside_character))

    @classmethod
    def split_end(cls) -> "Fault":
        r"""The chunk ends between `\r` and `\n`."""
        return cls("split_end", post=acts.pieces(lambda line: len(line) - 1))

    @classmethod
    def joined(cls, count: int = 3) -> "Fault":
        """Several posts in one chunk."""
        return cls("joined", post=acts.join, posts=count)

    @classmethod
    def long_line(cls, size: int = 600_000) -> "Fault":
        """A post with so many bytes beside its data."""

        async def send_long(wire: Wire, posts: Sequence[Published]) -> Outcome:
            await wire.write(wire.render(posts[0], padding="x" * size) + END)
            wire.note(posts[0])
            return "goes on"

        return cls("long_line", post=send_long)

    @classmethod
    def torn_line(cls) -> "Fault":
        """Of a post comes half a line, then the stream goes on."""
        return cls("torn_line", post=acts.torn(END, "goes on"))

    @classmethod
    def eof_mid_object(cls) -> "Fault":
        return cls("eof_mid_object", post=acts.torn(b"", "ends"))

    @classmethod
    def rst_mid_object(cls) -> "Fault":
        return cls("rst_mid_object", post=acts.torn(b"", "is reset"))

    @classmethod
    def duplicate(cls) -> "Fault":
        return cls("duplicate", post=acts.in_order([0, 0]))

    @classmethod
    def disorder(cls) -> "Fault":
        """Two posts come the wrong way round."""
        return cls("disorder", post=acts.in_order([1, 0]), posts=2)

    @classmethod
    def partial_errors(cls) -> "Fault":
        """Errors beside a post's data, which end nothing."""

        async def send_with_errors(wire: Wire, posts: Sequence[Published]) -> Outcome:
            errors = [missing("referenced_tweets.id", "506694458445152256")]
            await wire.write(wire.render(posts[0], errors=errors) + END)
            wire.note(posts[0])
            return "goes on"

        return cls("partial_errors", post=send_with_errors)
