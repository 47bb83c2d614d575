"""Whether all is as the seed has it: the audit, the master set, the views of both layers, the API's answers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from day_views import assert_equals_the_seed, whole_day
from seed_truth import Truth, moment, truths
from sparkstream import open_store
from sparkstream.auditing import audit
from sparkstream.batch import BatchLayer
from sparkstream.errors import StoreBusyError
from sparkstream.holding import HOLD
from sparkstream.stores import LayeredStore
from sparkstream.times import DAY, HOUR, MINUTE, format_time
from twitterhandler.testing import SimulatedDay

from chaos.asking import Asker
from chaos.programs import Program
from chaos.settings import Setting


class WrongError(AssertionError):
    """What is wrong, in a line or some."""


def same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise WrongError(f"{what}: {found!r:.2000} instead of {expected!r:.2000}")


@contextmanager
def opened(setting: Setting) -> Iterator[LayeredStore]:
    with closing(open_store(setting.store, setting.speed)) as store:
        yield store


def at_rest(setting: Setting) -> bool:
    """Whether nothing is left to fold again. Who was killed holds the store no more: as if its time were over."""
    try:
        with opened(setting) as store:
            if holder := store.master.holder(now()):
                store.master.release(holder)
            return not store.master.marks(1) and not store.speed.dirty(1)
    except StoreBusyError:
        return False


def now() -> int:
    return time.time_ns() // 1_000_000


def assert_right(setting: Setting, day: SimulatedDay, asker: Asker, programs: Mapping[str, Program]) -> None:
    """At rest: as it is, and once more when a batch has folded all that is old enough."""
    assert_views(setting, day)
    assert_answers(asker, day)
    with opened(setting) as store:
        BatchLayer(store, lambda: now() + HOLD).run()
        pointers = store.batch.pointers()
        same("topics with batch views", sorted(pointers), sorted(day.expected))
    assert_views(setting, day)
    assert_answers(asker, day)
    same("strange answers of the view API", asker.strange[:5], [])
    for name in ("api", "batch"):
        said = programs[name].log.read_text(errors="replace") if programs[name].log.exists() else ""
        if "Traceback" in said:
            raise WrongError(f"a traceback in the log of the {name}:\n{said[-3_000:]}")


def assert_views(setting: Setting, day: SimulatedDay) -> None:
    with opened(setting) as store:
        for topic in store.topics():
            window = whole_day(day)
            differing = [hour for hour in audit(store, topic.slug, window.start, window.end) if hour.differs]
            same(f"hours of {topic.slug} in which the audit finds a difference", differing, [])
    tops = (HOUR, DAY) if setting.servers else (MINUTE, HOUR, DAY)  # each is a question to Cassandra, or some
    assert_equals_the_seed(open_store(setting.store, setting.speed), day, tops)


def assert_answers(asker: Asker, day: SimulatedDay) -> None:
    """What the API says over the day, as soon as it has found all its stores again."""
    deadline = time.monotonic() + 60
    while asker.ask("/readyz")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    answer(asker, "/readyz")
    window = whole_day(day)
    period = {"from": format_time(window.start), "to": format_time(window.end)}
    listed = {item["slug"]: item["posts"] for item in answer(asker, "/v1/topics")["items"]}
    same("/v1/topics", listed, {topic: len(ids) for topic, ids in day.expected.items()})
    for topic, ids in day.expected.items():
        about = f"/v1/topics/{topic}"
        for name, step in (("1m", MINUTE), ("1h", HOUR)):
            found = answer(asker, f"{about}/series", step=name, **period)["items"]
            expected = truths(day, step, topic)
            same(
                f"{about}/series by {name}",
                [(item["posts"], item["authors"], item["messages"]) for item in found],
                [counts(expected.get(start, Truth())) for start in range(window.start, window.end, step)],
            )
        whole, summary = truths(day, DAY, topic)[window.start], answer(asker, f"{about}/summary", **period)
        same(f"{about}/summary", (summary["posts"], summary["authors"], summary["messages"]), counts(whole))
        top = answer(asker, f"{about}/top", facet="hashtag", limit=200, include_query_words=True, **period)["items"]
        same(f"{about}/top", {item["term"]: item["posts"] for item in top}, dict(whole.terms["hashtag"]))
        posts = [(moment(day, post), post.id) for post in day.posts if post.id in ids]
        same(f"{about}/posts", list(pages(asker, f"{about}/posts", period)), [key for _, key in sorted(posts)[::-1]])


def counts(truth: Truth) -> tuple[int, int, int]:
    return truth.posts, len(truth.authors), len(truth.messages)


def answer(asker: Asker, path: str, **parameters: object) -> Any:
    status, content = asker.ask(path, **parameters)
    same(f"status of {path} ({content!r:.500})", status, 200)
    return content


def pages(asker: Asker, path: str, period: Mapping[str, str]) -> Iterator[str]:
    more: dict[str, object] = {}
    while True:
        page = answer(asker, path, limit=200, **period, **more)
        yield from (post["id"] for post in page["items"])
        if not page["next"]:
            return
        more = {"cursor": page["next"]}
