"""What every store does, as one suite: a subclass gives it the store.

Sums are held against `truth`, which counts the posts themselves.
"""

from dataclasses import replace

import pytest
import truth
from factories import NOON, STATUS, annotated, deltas, keep
from sparkstream.errors import CheckpointError
from sparkstream.rollups import fold
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores import Store
from sparkstream.stores.base import JobStatus, PagePosition, Stamp, TermCount
from sparkstream.times import DAY, HOUR, MINUTE, Span

FIRST, SECOND, OTHERS = Stamp("run", 0), Stamp("run", 1), Stamp("other", 0)
CLOSED = 10 * MINUTE
"""A period closes when the newest post of its topic is so far past its end."""


def minute(at):
    return Span(MINUTE, at, at + MINUTE)


def refold(store):
    """What the job does between two batches."""
    while dirty := store.dirty(10):
        for topic, period in dirty:
            store.replace(topic, period, fold(store.scan(topic, period.start, period.end)))


class StoreContract:
    """A subclass has two fixtures: `store`, open and empty, and `again`, which opens the same one once more."""

    # The master set

    def test_stamps_are_those_of_the_first_writer(self, store: Store):
        store.write([("tea", annotated("x:1")), ("coffee", annotated("x:1"))], FIRST)
        found = store.stamps([("tea", "x:1"), ("coffee", "x:1"), ("tea", "x:2"), ("milk", "x:1")])
        assert found == {("tea", "x:1"): FIRST, ("coffee", "x:1"): FIRST}
        assert store.stamps([]) == {}

    def test_many_stamps_are_looked_up_at_once(self, store: Store):
        store.write([("tea", annotated(f"x:{number}")) for number in range(0, 2_000, 2)], FIRST)
        found = store.stamps([("tea", f"x:{number}") for number in range(2_000)])
        assert set(found) == {("tea", f"x:{number}") for number in range(0, 2_000, 2)}

    def test_writing_again_changes_nothing(self, store: Store, again):
        posts = [("tea", annotated(f"x:{number}", NOON + number)) for number in range(5)]
        store.write(posts, FIRST)
        store.write(posts, FIRST)
        assert sorted(again().scan("tea", NOON, NOON + 5), key=lambda post: post.id) == [post for _, post in posts]

    def test_the_batch_that_wrote_a_row_may_write_it_anew(self, store: Store):
        store.write([("tea", annotated("x:1", NOON, sentiment="neutral"))], FIRST)
        anew = annotated("x:1", NOON + 1, sentiment="positive")
        store.write([("tea", anew)], FIRST)
        assert list(store.scan("tea", NOON, NOON + 2)) == [anew]

    @pytest.mark.parametrize("stamp", [SECOND, OTHERS])
    def test_rows_that_another_batch_wrote_stay(self, store: Store, stamp):
        first = annotated("x:1", text="first", sentiment="positive")
        store.write([("tea", first)], FIRST)
        store.write([("tea", annotated("x:1", text="second")), ("tea", annotated("x:2"))], stamp)
        assert store.stamps([("tea", "x:1"), ("tea", "x:2")]) == {("tea", "x:1"): FIRST, ("tea", "x:2"): stamp}
        assert first in list(store.scan("tea", NOON, NOON + 1))

    def test_a_scan_gives_each_post_of_its_time_once(self, store: Store):
        posts = [("tea", annotated(f"x:{number:04d}", NOON + number // 900)) for number in range(4_500)]
        store.write([*posts, ("coffee", annotated("x:0"))], FIRST)
        found = [post.id for post in store.scan("tea", NOON + 1, NOON + 4)]
        assert sorted(found) == [f"x:{number:04d}" for number in range(900, 3_600)]

    def test_pages_are_newest_first_with_ties_by_id(self, store: Store):
        times = {"x:a": 3, "x:c": 2, "x:b": 2, "x:d": 1}
        store.write([("tea", annotated(post_id, NOON + at)) for post_id, at in times.items()], FIRST)

        def page(before=None, **bounds):
            start, end = bounds.get("start", NOON), bounds.get("end", NOON + 10)
            stored = store.posts("tea", start, end, before=before, sentiment=None, limit=bounds.get("limit", 10))
            return [found.post.id for found in stored]

        assert page() == ["x:a", "x:c", "x:b", "x:d"]
        assert page(limit=2) == ["x:a", "x:c"]
        assert page(PagePosition(NOON + 2, "x:c")) == ["x:b", "x:d"]
        assert page(start=NOON + 2, end=NOON + 3) == ["x:c", "x:b"]
        assert page(PagePosition(NOON + 1, "x:d")) == []

    def test_a_page_may_be_of_one_sentiment_and_names_the_stamp(self, store: Store):
        happy = annotated("x:1", sentiment="positive")
        store.write([("tea", happy)], FIRST)
        store.write([("tea", annotated("x:2", sentiment="negative"))], SECOND)
        (stored,) = store.posts("tea", NOON, NOON + 1, before=None, sentiment="positive", limit=10)
        assert (stored.post, stored.stamp) == (happy, FIRST)

    def test_a_post_is_held_once_however_many_topics_it_has(self, store: Store):
        assert store.distinct_posts() == 0
        store.write([("tea", annotated("x:1")), ("coffee", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        assert store.distinct_posts() == 2

    def test_texts_of_every_kind_come_back_as_they_were(self, store: Store, again):
        odd = "NUL \0, 🎉, ‮rtl‬, \ufffd, e\u0301, ' \" ; --, \ud7ff, 茶"
        post = annotated("x:'1'", text=odd, hashtags=[odd], keywords=[odd], entities=[f"PLACE:{odd}"])
        keep(store, [("tea", post)])
        assert list(again().scan("tea", NOON, NOON + 1)) == [post]
        assert store.terms("tea", [minute(NOON)], "hashtag", [odd.casefold()]) == {
            odd.casefold(): TermCount(odd.casefold(), 1, 0, 1, 0)
        }
        assert [count.term for count in store.top("tea", [minute(NOON)], "entity", by="posts", limit=5)] == [
            f"PLACE:{odd}"
        ]

    def test_of_two_events_of_a_topic_the_later_stands(self, store: Store):
        stopped, started = TopicEvent("tea", "tea", "stopped", NOON + 1), TopicEvent("tea", "t", "started", NOON)
        for events in ([stopped], [started], [started, stopped]):
            store.write_events(topics=events, gaps=[], dead=[])
            topic = store.topic("tea")
            assert topic is not None
            assert (topic.slug, topic.query, topic.state) == ("tea", "tea", "stopped")

    def test_gaps_are_those_that_touch_a_time_oldest_first(self, store: Store):
        def made(name, start, end, **changes):
            return replace(Gap(name, "x", ("tea", "coffee"), start, end, "disconnected", False), **changes)

        late, early = made("late", NOON + 20, NOON + 30), made("early", NOON, NOON + 10)
        for _ in range(2):
            store.write_events(topics=[], gaps=[late, early], dead=[])
        assert [gap.id for gap in store.gaps("tea", NOON, NOON + 30)] == ["early", "late"]
        assert [gap.id for gap in store.gaps("coffee", NOON + 9, NOON + 20)] == ["early"]
        assert store.gaps("tea", NOON + 10, NOON + 20) == store.gaps("milk", NOON, NOON + 30) == []
        store.write_events(topics=[], gaps=[replace(early, filled=True)], dead=[])
        assert [gap.filled for gap in store.gaps("tea", NOON, NOON + 30)] == [True, False]

    def test_dead_letters_are_kept_once_newest_first(self, store: Store):
        letters = [DeadLetter(f"spool:{at}", "{\0", "not JSON", NOON + at) for at in range(3)]
        for _ in range(2):
            store.write_events(topics=[], gaps=[], dead=letters)
        assert store.dead_letters(2) == letters[:0:-1]
        assert store.dead_letter_count() == 3

    # The speed views

    def test_an_empty_store_answers_with_nothing(self, store: Store):
        assert store.applied("run") is None
        assert store.status() is None
        assert store.topics() == []
        assert store.topic("tea") is None
        assert store.periods("tea", [minute(NOON)]) == store.dirty(1) == []
        assert store.top("tea", [minute(NOON)], "word", by="posts", limit=1) == []
        assert store.terms("tea", [minute(NOON)], "word", []) == {}
        assert store.top("tea", [], "word", by="posts", limit=1) == []

    def test_views_equal_the_posts_whatever_the_batches(self, store: Store, some_posts):
        for batch in range(7):
            keep(store, some_posts[batch::7], batch)
        refold(store)
        truth.assert_views_equal_posts(store, some_posts)

    def test_an_old_stamp_is_refused_and_changes_nothing(self, store: Store):
        keep(store, [("tea", annotated("x:1", hashtags=["pot"]))], batch=3)
        before = self._all(store)
        for batch in (3, 2):
            stamp = Stamp("run", batch)
            assert not store.apply(stamp, deltas([("tea", annotated("x:9", NOON + DAY))]), STATUS)
        assert self._all(store) == before
        assert store.applied("run") == 3

    def test_runs_have_stamps_of_their_own(self, store: Store):
        keep(store, [("tea", annotated("x:1"))], batch=3)
        keep(store, [("tea", annotated("x:2"))], batch=0, run="other")
        assert (store.applied("run"), store.applied("other")) == (3, 0)
        assert store.topic("tea").posts == 2

    def test_a_batch_is_in_flight_until_it_is_applied(self, store: Store):
        assert not store.in_flight("run")
        store.begin(FIRST)
        assert store.in_flight("run")
        assert not store.in_flight("other")
        store.apply(FIRST, [], STATUS)
        assert not store.in_flight("run")

    def test_every_batch_changes_the_version_and_a_heartbeat_does_not(self, store: Store):
        versions = [store.version()]
        for batch in range(3):
            keep(store, [], batch)
            versions.append(store.version())
        store.heartbeat(STATUS)
        assert len(set(versions)) == 4
        assert store.version() == versions[-1]

    def test_the_status_is_what_the_job_said_last(self, store: Store, again):
        store.apply(FIRST, [], STATUS)
        assert again().status() == STATUS
        later = JobStatus("run", 0, NOON + 5_000, 0.0, None, {})
        store.heartbeat(later)
        assert again().status() == later

    def test_topics_are_listed_by_slug_without_the_deleted(self, store: Store):
        keep(store, [("tea", annotated("x:1", NOON + 5)), ("tea", annotated("x:2", NOON + DAY))])
        events = [TopicEvent("milk", "milk", "started", NOON), TopicEvent("coffee", None, "deleted", NOON)]
        store.write_events(topics=events, gaps=[], dead=[])
        milk, tea = store.topics()
        assert (milk.slug, milk.query, milk.posts, milk.first_post, milk.last_post) == ("milk", "milk", 0, None, None)
        assert (tea.slug, tea.query, tea.posts, tea.first_post) == ("tea", None, 2, NOON + 5)
        assert (tea.last_post, tea.state) == (NOON + DAY, "started")
        assert store.topic("coffee") is None

    # Closing

    def many_terms(self, count, *, at=NOON, name="x"):
        """One post with `count` hashtags, t0000, t0001, …"""
        return ("tea", annotated(f"{name}:{at}", at, hashtags=[f"t{number:04d}" for number in range(count)]))

    def hashtags(self, store, span):
        found = store.top("tea", [span], "hashtag", by="posts", limit=5_000)
        return [(count.term, count.posts) for count in found]

    def cut(self, store, span):
        (period,) = store.periods("tea", [span])
        assert store.is_cut("tea", [span]) == period.cut
        return period.cut

    def test_an_open_minute_keeps_every_term(self, store: Store):
        keep(store, [self.many_terms(300)], 0)
        keep(store, [("tea", annotated("x:2", NOON + MINUTE + CLOSED - 1))], 1)
        assert len(self.hashtags(store, minute(NOON))) == 300
        assert not self.cut(store, minute(NOON))

    def test_a_minute_closes_when_the_newest_post_is_ten_minutes_past_its_end(self, store: Store):
        keep(store, [self.many_terms(300), ("tea", annotated("x:2", NOON + 1, hashtags=["t0299", "t0298"]))], 0)
        keep(store, [("tea", annotated("x:3", NOON + MINUTE + CLOSED))], 1)
        assert self.cut(store, minute(NOON))
        kept = [("t0298", 2), ("t0299", 2), *((f"t{number:04d}", 1) for number in range(198))]
        assert self.hashtags(store, minute(NOON)) == kept

    def test_the_newest_post_of_another_topic_closes_nothing(self, store: Store):
        keep(store, [self.many_terms(300), ("coffee", annotated("x:2", NOON + DAY))])
        assert not self.cut(store, minute(NOON))

    def test_a_closed_minute_with_as_many_terms_as_are_kept_is_not_cut(self, store: Store):
        keep(store, [self.many_terms(200), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))])
        assert not self.cut(store, minute(NOON))
        assert len(self.hashtags(store, minute(NOON))) == 200

    def test_each_facet_is_cut_for_itself(self, store: Store):
        tags, words = [f"t{number}" for number in range(250)], [f"w{number}" for number in range(150)]
        late = ("tea", annotated("x:2", NOON + MINUTE + CLOSED))
        keep(store, [("tea", annotated("x:1", hashtags=tags, words=words)), late])
        assert len(store.top("tea", [minute(NOON)], "hashtag", by="posts", limit=500)) == 200
        assert len(store.top("tea", [minute(NOON)], "word", by="posts", limit=500)) == 150

    def test_hours_are_cut_from_uncut_data(self, store: Store):
        """A term that no minute keeps is on top of its hour."""
        posts = []
        for number in range(30):
            tags = [f"a{number:02d}{tag:03d}" for tag in range(250)]
            posts.append(("tea", annotated(f"x:{number}", NOON + number * MINUTE, hashtags=[*tags, "zz"])))
        for batch, post in enumerate(posts):
            keep(store, [post], batch)
        keep(store, [("tea", annotated("x:end", NOON + HOUR + CLOSED))], 99)
        hour = Span(HOUR, NOON, NOON + HOUR)
        assert "zz" not in dict(self.hashtags(store, minute(NOON)))
        assert self.hashtags(store, hour)[:2] == [("zz", 30), ("a00000", 1)]
        assert len(self.hashtags(store, hour)) == 1_000
        assert self.cut(store, hour)
        assert not self.cut(store, Span(DAY, NOON - 12 * HOUR, NOON + 12 * HOUR))

    def test_a_late_post_of_a_closed_uncut_minute_is_exact(self, store: Store):
        posts = [self.many_terms(199), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["t0198", "t0199"]))
        keep(store, posts, 0)
        keep(store, [late], 1)
        assert store.dirty(10) == []
        truth.assert_views_equal_posts(store, [*posts, late])
        assert not self.cut(store, minute(NOON))

    def test_a_late_post_may_cut_a_closed_minute_exactly(self, store: Store):
        posts = [self.many_terms(200), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["zz", "t0199"]))
        keep(store, posts, 0)
        keep(store, [late], 1)
        assert self.cut(store, minute(NOON))
        assert store.dirty(10) == []
        truth.assert_views_equal_posts(store, [*posts, late])

    def test_a_late_post_of_a_cut_minute_makes_it_dirty_until_it_is_folded_again(self, store: Store):
        posts = [self.many_terms(300), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["t0299"]))
        keep(store, posts, 0)
        keep(store, [late], 1)
        assert store.dirty(10) == [("tea", minute(NOON))]
        assert store.dirty(0) == []
        refold(store)
        assert store.dirty(10) == []
        assert self.hashtags(store, minute(NOON))[0] == ("t0299", 2)
        truth.assert_views_equal_posts(store, [*posts, late])

    def test_a_period_without_posts_any_more_is_gone(self, store: Store):
        keep(store, [("tea", annotated("x:1", hashtags=["pot"]))])
        store.replace("tea", minute(NOON), fold([]))
        assert store.periods("tea", [minute(NOON)]) == []
        assert self.hashtags(store, minute(NOON)) == []

    # Taking over

    def test_a_half_written_batch_of_another_run_is_taken_over(self, store: Store):
        done, half = [("tea", annotated("x:1"))], [("tea", annotated("x:2", NOON + HOUR)), ("milk", annotated("x:2"))]
        keep(store, done, 0, run="old")
        store.begin(Stamp("old", 1))
        store.write(half, Stamp("old", 1))
        assert store.adopt("new") == len(store.dirty(100)) == 6
        refold(store)
        truth.assert_views_equal_posts(store, [*done, *half])
        assert store.adopt("new") == 0

    def test_what_another_run_finished_is_left_alone(self, store: Store):
        keep(store, [("tea", annotated("x:1"))], run="old")
        assert store.adopt("new") == 0
        assert store.dirty(10) == []

    def test_its_own_batch_in_flight_is_no_other_runs(self, store: Store):
        store.begin(FIRST)
        store.write([("tea", annotated("x:1"))], FIRST)
        assert store.adopt("run") == 0
        assert store.in_flight("run")

    def test_an_abandoned_run_does_not_begin_again(self, store: Store):
        keep(store, [], 0, run="old")
        store.adopt("new")
        store.begin(Stamp("new", 0))
        with pytest.raises(CheckpointError, match="newer checkpoint has taken this store over"):
            store.begin(Stamp("old", 1))

    def test_posts_added_to_a_dirty_period_are_in_its_fold_once(self, store: Store):
        half, more = [("tea", annotated("x:1"))], [("tea", annotated("x:2", NOON + 1))]
        store.begin(OTHERS)
        store.write(half, OTHERS)
        store.adopt("run")
        keep(store, more)
        refold(store)
        truth.assert_views_equal_posts(store, [*half, *more])

    # Tops

    def labelled(self, store):
        labels = {"ant": "positive", "bee": "negative", "cat": "neutral", "dog": "not_rated", "elk": "positive"}
        posts = []
        for number, (term, label) in enumerate(labels.items()):
            for copy in range(number + 1):
                post = annotated(f"x:{term}{copy}", NOON + copy * MINUTE, sentiment=label, hashtags=[term, "all"])
                posts.append(("tea", post))
        keep(store, posts)
        return posts, Span(MINUTE, NOON, NOON + 10 * MINUTE)

    @pytest.mark.parametrize("by", ["posts", "positive", "neutral", "negative", "not_rated"])
    def test_a_top_is_most_first_by_its_column(self, store: Store, by):
        posts, span = self.labelled(store)
        counts = truth.term_counts([post for _, post in posts], "hashtag").values()
        columns = {count: vars_of(count)[by] for count in counts}
        wanted = sorted((count for count in counts if columns[count]), key=lambda count: (-columns[count], count.term))
        found = store.top("tea", [span], "hashtag", by=by, limit=20)
        assert found == wanted
        for offset in range(len(wanted) + 1):
            page = store.top("tea", [span], "hashtag", by=by, limit=2, offset=offset)
            assert page == wanted[offset : offset + 2]

    def test_a_top_adds_up_its_spans(self, store: Store):
        posts, _ = self.labelled(store)
        spans = [Span(MINUTE, NOON, NOON + MINUTE), Span(MINUTE, NOON + 3 * MINUTE, NOON + 9 * MINUTE)]
        inside = [post for span in spans for post in truth.of(posts, "tea", span.start, span.end)]
        assert store.top("tea", spans, "hashtag", by="posts", limit=20) == truth.top(inside, "hashtag")

    def test_hidden_words_are_left_out_before_the_page_is_cut(self, store: Store):
        _, span = self.labelled(store)
        found = store.top("tea", [span], "hashtag", by="posts", limit=2, hidden=frozenset({"all", "elk"}))
        assert [count.term for count in found] == ["dog", "cat"]

    def test_hidden_entities_go_by_their_folded_text(self, store: Store):
        keep(store, [("tea", annotated(entities=["PLACE:Élysée", "ORG:ÉLYSÉE", "PLACE:Kyoto", "PERSON:a:b"]))])
        hidden = frozenset({"élysée", "a:b"})
        found = store.top("tea", [minute(NOON)], "entity", by="posts", limit=9, hidden=hidden)
        assert [count.term for count in found] == ["PLACE:Kyoto"]

    def test_terms_are_counted_by_name(self, store: Store):
        posts, span = self.labelled(store)
        wanted = truth.term_counts([post for _, post in posts], "hashtag")
        found = store.terms("tea", [span], "hashtag", ["ant", "all", "never"])
        assert found == {"ant": wanted["ant"], "all": wanted["all"]}
        assert store.terms("tea", [span], "word", ["ant"]) == {}

    def test_a_term_is_counted_by_period(self, store: Store):
        posts, span = self.labelled(store)
        found = store.term_periods("tea", [span], "hashtag", "cat")
        assert found == {
            NOON + number * MINUTE: truth.term_counts(
                truth.of(posts, "tea", NOON + number * MINUTE, NOON + (number + 1) * MINUTE), "hashtag"
            )["cat"]
            for number in range(3)
        }

    def _all(self, store):
        topics = store.topics()
        spans = [Span(step, 0, NOON + 10 * DAY) for step in (MINUTE, HOUR, DAY)]
        periods = [store.periods(topic.slug, [span]) for topic in topics for span in spans]
        tops = [store.top(topic.slug, [span], "hashtag", by="posts", limit=99) for topic in topics for span in spans]
        return topics, periods, tops, store.version(), store.status(), store.dirty(99)


def vars_of(count):
    rated = {"positive": count.positive, "neutral": count.neutral, "negative": count.negative}
    return rated | {"posts": count.posts, "not_rated": count.posts - sum(rated.values())}
