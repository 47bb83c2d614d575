"""What every store does, as one suite a protocol: a subclass gives it the store.

    class TestCassandraMaster(MasterContract):
        @pytest.fixture
        def again(self): ...   # opens the same store once more, at each call; closes what it opened
        @pytest.fixture
        def store(self, again): return again()  # open and empty

`stores/test_sqlite.py` is the shortest example. Sums are held against `truth`, which counts the posts themselves.
"""

from dataclasses import replace

import pytest
import truth
from factories import NOON, STATUS, annotated, deltas
from sparkstream.errors import CheckpointError
from sparkstream.rollups import Rollup, fold, fold_periods
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.base import (
    Ends,
    Held,
    JobStatus,
    PagePosition,
    Pointer,
    Row,
    Run,
    Stamp,
    TermCount,
    Tombstone,
)
from sparkstream.stores.packing import pack_all
from sparkstream.stores.protocols import BatchViews, MasterStore, SpeedViews, ViewReader
from sparkstream.times import DAY, HOUR, MINUTE, Span

FIRST, SECOND, OTHERS = Stamp("run", 0), Stamp("run", 1), Stamp("other", 0)
CLOSED = 10 * MINUTE
"""A period closes when the newest post of its topic is so far past its end."""
ODD = "NUL \0, 🎉, ‮rtl‬, \ufffd, e\u0301, ' \" ; --, \ud7ff, 茶"


def minute(at):
    return Span(MINUTE, at, at + MINUTE)


def scanned(store, topic="tea", start=0, end=NOON + 10 * DAY):
    return sorted((found.post for found in store.scan(topic, start, end)), key=lambda post: post.id)


class MasterContract:
    # Posts

    def test_a_post_is_held_with_the_stamp_of_its_first_writer(self, store: MasterStore):
        store.write([("tea", annotated("x:1")), ("coffee", annotated("x:1", version=2))], FIRST)
        row = Row(FIRST, 0, NOON)
        assert store.held(["x:1", "x:2"]) == {"x:1": Held({"tea": row, "coffee": replace(row, version=2)})}
        assert store.held([]) == {}

    def test_the_days_that_have_posts_are_known(self, store: MasterStore):
        times = [NOON, NOON + 1, NOON + DAY, NOON + 400 * DAY]
        store.write([("tea", annotated(f"x:{at}", at)) for at in times], FIRST)
        midnight = NOON - 12 * HOUR
        assert store.days("tea", 0, NOON + 500 * DAY) == [midnight, midnight + DAY, midnight + 400 * DAY]
        assert store.days("tea", NOON + HOUR, NOON + 400 * DAY) == [midnight + DAY]
        assert store.days("coffee", 0, NOON + 500 * DAY) == []

    def test_many_ids_are_looked_up_at_once(self, store: MasterStore):
        store.write([("tea", annotated(f"x:{number}")) for number in range(0, 2_000, 2)], FIRST)
        found = store.held([f"x:{number}" for number in range(2_000)])
        assert set(found) == {f"x:{number}" for number in range(0, 2_000, 2)}

    def test_writing_again_changes_nothing(self, store: MasterStore, again):
        posts = [("tea", annotated(f"x:{number}", NOON + number)) for number in range(5)]
        store.write(posts, FIRST)
        store.write(posts, FIRST)
        assert scanned(again()) == [post for _, post in posts]

    def test_the_batch_that_wrote_a_row_may_write_it_anew(self, store: MasterStore):
        store.write([("tea", annotated("x:1", NOON, sentiment="neutral"))], FIRST)
        anew = annotated("x:1", NOON, text="anew", sentiment="positive")
        store.write([("tea", anew)], FIRST)
        assert scanned(store) == [anew]
        assert store.posts("tea", 0, NOON + 1, before=None, sentiment="neutral", limit=1) == []

    def test_posts_are_read_by_key(self, store: MasterStore):
        tea, coffee = annotated("x:1"), annotated("x:1", text="for coffee")
        store.write([("tea", tea), ("coffee", coffee)], FIRST)
        keys = [("tea", "x:1"), ("coffee", "x:1"), ("milk", "x:1"), ("tea", "x:2")]
        assert store.read(keys) == {("tea", "x:1"): tea, ("coffee", "x:1"): coffee}
        assert store.read([]) == {}

    def test_a_scan_gives_each_post_of_its_time_once_with_its_stamp(self, store: MasterStore):
        posts = [("tea", annotated(f"x:{number:04d}", NOON + number // 900)) for number in range(4_500)]
        store.write([*posts[:2_000], ("coffee", annotated("x:0"))], FIRST)
        store.write(posts[2_000:], SECOND)
        found = {stored.post.id: stored.stamp for stored in store.scan("tea", NOON + 1, NOON + 4)}
        assert sorted(found) == [f"x:{number:04d}" for number in range(900, 3_600)]
        assert {post_id for post_id, stamp in found.items() if stamp == FIRST} == {
            f"x:{number:04d}" for number in range(900, 2_000)
        }

    def test_a_scan_goes_over_years(self, store: MasterStore):
        times = [NOON - 4_000 * DAY, NOON - 2 * DAY, NOON, NOON + 400 * DAY]
        store.write([("tea", annotated(f"x:{at}", at)) for at in times], FIRST)
        assert [post.event_time for post in scanned(store, end=NOON + 500 * DAY)] == sorted(times, key=str)
        assert [post.event_time for post in scanned(store, start=times[1], end=times[2])] == [times[1]]

    def test_pages_are_newest_first_with_ties_by_id(self, store: MasterStore):
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

    def test_a_page_goes_on_over_days(self, store: MasterStore):
        times = [NOON - number * 7 * HOUR for number in range(20)]
        store.write([("tea", annotated(f"x:{number:02d}", at)) for number, at in enumerate(times)], FIRST)
        pages, before = [], None
        while page := store.posts("tea", 0, NOON + 1, before=before, sentiment=None, limit=3):
            pages += [stored.post.event_time for stored in page]
            before = PagePosition(page[-1].post.event_time, page[-1].post.id)
        assert pages == times

    def test_a_page_may_be_of_one_sentiment_and_names_the_stamp(self, store: MasterStore):
        happy = annotated("x:1", sentiment="positive")
        store.write([("tea", happy)], FIRST)
        store.write([("tea", annotated("x:2", sentiment="negative"))], SECOND)
        (stored,) = store.posts("tea", NOON, NOON + 1, before=None, sentiment="positive", limit=10)
        assert (stored.post, stored.stamp) == (happy, FIRST)

    def test_a_topic_ends_with_its_first_and_last_post(self, store: MasterStore):
        assert store.ends("tea") is None
        store.write([("tea", annotated(f"x:{at}", NOON + at)) for at in (0, -900 * DAY, DAY, 3)], FIRST)
        store.write([("coffee", annotated("x:late", NOON + 2 * DAY))], FIRST)
        assert store.ends("tea") == Ends(NOON - 900 * DAY, NOON + DAY, NOON + DAY + 900)

    def test_a_post_is_held_once_however_many_topics_it_has(self, store: MasterStore):
        assert store.distinct_posts() == 0
        store.write([("tea", annotated("x:1")), ("coffee", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        assert store.distinct_posts() == 2

    def test_texts_of_every_kind_come_back_as_they_were(self, store: MasterStore, again):
        post = annotated("x:'1'", text=ODD, hashtags=[ODD], keywords=[ODD], entities=[f"PLACE:{ODD}"])
        store.write([("tea", post)], FIRST)
        assert scanned(again()) == [post]

    # Edits, deletes

    def test_a_newer_version_takes_the_place_of_a_post_and_keeps_its_stamp_and_time(self, store: MasterStore, again):
        store.write([("tea", annotated("x:1")), ("coffee", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        edited = annotated("x:1", version=1, text="edited", sentiment="negative")
        store.rewrite([("tea", edited)])
        store.rewrite([("tea", edited)])
        assert again().read([("tea", "x:1")]) == {("tea", "x:1"): edited}
        assert store.held(["x:1"])["x:1"].rows == {"tea": Row(FIRST, 1, NOON), "coffee": Row(FIRST, 0, NOON)}
        (stored,) = store.posts("tea", 0, NOON + 1, before=None, sentiment="negative", limit=10)
        assert (stored.post, stored.stamp) == (edited, FIRST)

    def test_a_removed_post_is_gone_from_its_topic_alone(self, store: MasterStore, again):
        store.write([(topic, annotated("x:1")) for topic in ("tea", "coffee")], FIRST)
        for _ in range(2):
            store.remove([("tea", "x:1"), ("tea", "never")])
        assert set(again().held(["x:1"])["x:1"].rows) == {"coffee"}
        assert scanned(store) == []
        assert len(scanned(store, "coffee")) == 1
        assert store.ends("tea") is None

    def test_a_tombstone_stays_when_the_rows_are_gone(self, store: MasterStore, again):
        store.write([("tea", annotated("x:1"))], FIRST)
        for _ in range(2):
            store.bury([Tombstone("x:1", NOON, "deleted"), Tombstone("x:never", NOON, "deleted")])
        assert store.held(["x:1"])["x:1"] == Held({"tea": Row(FIRST, 0, NOON)}, buried=NOON)
        store.remove([("tea", "x:1")])
        assert again().held(["x:1", "x:never", "x:2"]) == {"x:1": Held({}, NOON), "x:never": Held({}, NOON)}
        store.bury([Tombstone("x:1", NOON + 1, "once more")])
        assert store.held(["x:1"])["x:1"].buried == NOON + 1

    # Events

    def test_of_two_events_of_a_topic_the_later_stands(self, store: MasterStore):
        stopped, started = TopicEvent("tea", "tea", "stopped", NOON + 1), TopicEvent("tea", "t", "started", NOON)
        for events in ([stopped], [started], [started, stopped]):
            store.write_events(topics=events, gaps=[], dead=[])
            assert store.topic_events() == [stopped]

    def test_topics_are_those_of_events_and_of_posts_by_slug(self, store: MasterStore):
        assert store.topic_events() == []
        milk, coffee = TopicEvent("milk", None, "started", NOON), TopicEvent("coffee", None, "deleted", NOON)
        store.write_events(topics=[milk, coffee], gaps=[], dead=[])
        store.write([("tea", annotated()), ("milk", annotated())], FIRST)
        assert store.topic_events() == [coffee, milk, TopicEvent("tea", None, "started", 0)]

    def test_a_dropped_topic_is_known_no_more_until_something_of_it_comes(self, store: MasterStore):
        gap = Gap("gap", "x", ("tea", "milk"), NOON, NOON + 9, "disconnected", False)
        events = [TopicEvent(slug, "q", "started", NOON) for slug in ("tea", "milk")]
        store.write_events(topics=events, gaps=[gap], dead=[])
        store.drop_topic("tea")
        assert [event.slug for event in store.topic_events()] == ["milk"]
        assert (store.gaps("tea", 0, NOON + 9), len(store.gaps("milk", 0, NOON + 9))) == ([], 1)
        store.write([("tea", annotated())], FIRST)
        assert [event.slug for event in store.topic_events()] == ["milk", "tea"]

    def test_gaps_are_those_that_touch_a_time_oldest_first(self, store: MasterStore):
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

    def test_dead_letters_are_kept_once_newest_first_until_they_are_dropped(self, store: MasterStore):
        letters = [DeadLetter(f"spool:{at}", "{\0", "not JSON", NOON + at * DAY) for at in range(3)]
        for _ in range(2):
            store.write_events(topics=[], gaps=[], dead=letters)
        assert store.dead_letters(2) == letters[:0:-1]
        assert store.dead_letter_count() == 3
        store.drop_dead_letters([letters[2].id, "never"])
        assert store.dead_letters(9) == letters[1::-1]
        assert store.dead_letter_count() == 2

    # The ledger

    def test_a_run_is_known_by_the_last_batch_it_began(self, store: MasterStore, again):
        assert store.runs() == {}
        for stamp in (FIRST, SECOND, OTHERS):
            store.begin(stamp)
        assert again().runs() == {"run": Run(1, abandoned=False), "other": Run(0, abandoned=False)}

    def test_an_abandoned_run_does_not_begin_again(self, store: MasterStore):
        store.begin(FIRST)
        store.abandon("run")
        with pytest.raises(CheckpointError, match="newer checkpoint has taken this store over"):
            store.begin(SECOND)
        assert store.runs() == {"run": Run(0, abandoned=True)}

    def test_what_an_abandoned_run_has_touched_is_known_no_more(self, store: MasterStore, again):
        store.begin(FIRST)
        store.write([("tea", annotated("x:1"))], FIRST)
        store.abandon("run")
        assert again().touched(FIRST) == set()
        assert set(store.held(["x:1"])) == {"x:1"}

    def test_gaps_are_dropped_that_have_ended_by_a_time(self, store: MasterStore, again):
        gaps = [Gap(f"{at}", "x", ("tea", "milk"), NOON + at, NOON + at + 10, "away", False) for at in (0, 20, 25)]
        store.write_events(topics=[], gaps=gaps, dead=[])
        store.drop_gaps("tea", NOON + 30)
        assert [gap.id for gap in again().gaps("tea", 0, NOON + DAY)] == ["25"]
        assert len(store.gaps("milk", 0, NOON + DAY)) == 3

    def test_what_a_batch_has_touched_is_known_until_the_next_one_begins(self, store: MasterStore, again):
        store.begin(FIRST)
        store.write([("tea", annotated("x:1", NOON + 5)), ("coffee", annotated("x:2", NOON + DAY))], FIRST)
        store.write([("tea", annotated("x:3", NOON + 7))], FIRST)
        assert again().touched(FIRST) == {("tea", NOON), ("coffee", NOON + DAY)}
        assert store.touched(SECOND) == set()
        store.begin(FIRST)
        assert len(store.touched(FIRST)) == 2
        store.begin(SECOND)
        store.write([("tea", annotated("x:4", NOON))], SECOND)
        assert store.touched(SECOND) == {("tea", NOON)}

    def test_marks_stay_until_they_are_settled(self, store: MasterStore, again):
        assert store.marks(5) == []
        store.mark([])
        store.mark([("tea", NOON), ("coffee", NOON), ("tea", NOON)])
        marks = again().marks(5)
        assert sorted((mark.topic, mark.minute) for mark in marks) == [("coffee", NOON), ("tea", NOON)]
        assert len(store.marks(1)) == 1
        store.settle(marks)
        store.settle(marks)
        assert store.marks(5) == []

    def test_a_later_mark_of_the_same_minute_outlives_the_earlier(self, store: MasterStore):
        store.mark([("tea", NOON)])
        seen = store.marks(5)
        store.mark([("tea", NOON)])
        store.settle(seen)
        (left,) = store.marks(5)
        assert (left.topic, left.minute) == ("tea", NOON)
        assert left.token != seen[0].token

    def test_one_at_a_time_holds_the_store(self, store: MasterStore, again):
        assert store.holder(NOON) is None
        assert store.hold("batch", now=NOON, until=NOON + 60_000)
        assert not again().hold("forget", now=NOON + 1, until=NOON + 90_000)
        assert store.hold("batch", now=NOON + 1, until=NOON + 70_000)
        assert again().holder(NOON + 1) == "batch"
        store.release("forget")
        assert store.holder(NOON + 1) == "batch"
        store.release("batch")
        assert store.holder(NOON + 1) is None
        assert again().hold("forget", now=NOON + 2, until=NOON + 90_000)

    def test_a_hold_that_has_run_out_is_nobodys(self, store: MasterStore):
        store.hold("batch", now=NOON, until=NOON + 1)
        assert store.holder(NOON + 1) is None
        assert store.hold("forget", now=NOON + 1, until=NOON + 9)

    def test_events_and_marks_change_the_version_and_posts_do_not(self, store: MasterStore, again):
        versions = [store.version()]
        store.write([("tea", annotated())], FIRST)
        store.mark([])
        assert again().version() == versions[0]
        store.write_events(topics=[TopicEvent("tea", "t", "started", NOON)], gaps=[], dead=[])
        versions.append(store.version())
        store.mark([("tea", NOON)])
        versions.append(store.version())
        store.settle(store.marks(1))
        versions.append(store.version())
        assert len(set(versions)) == 4
        assert again().version() == versions[-1]


class ReadingContract:
    """What both layers answer: `fill` puts posts into the store at hand."""

    def fill(self, store, posts):
        raise NotImplementedError

    def labelled(self, store):
        labels = {"ant": "positive", "bee": "negative", "cat": "neutral", "dog": "not_rated", "elk": "positive"}
        posts = []
        for number, (term, label) in enumerate(labels.items()):
            for copy in range(number + 1):
                post = annotated(f"x:{term}{copy}", NOON + copy * MINUTE, sentiment=label, hashtags=[term, "all"])
                posts.append(("tea", post))
        self.fill(store, posts)
        return posts, Span(MINUTE, NOON, NOON + 10 * MINUTE)

    def test_an_empty_store_answers_with_nothing(self, store: ViewReader):
        assert store.count("tea", [minute(NOON)]) == 0
        assert store.periods("tea", [minute(NOON)]) == []
        assert store.top("tea", [minute(NOON)], "word", by="posts", limit=1) == []
        assert store.terms("tea", [minute(NOON)], "word", []) == {}
        assert store.term_periods("tea", [minute(NOON)], "word", "tea") == {}
        assert store.top("tea", [], "word", by="posts", limit=1) == []
        assert not store.is_cut("tea", [minute(NOON)])

    def test_views_equal_the_posts(self, store: ViewReader, some_posts):
        self.fill(store, some_posts)
        truth.assert_views_equal_posts(store, some_posts)

    def test_posts_are_counted_by_span(self, store: ViewReader, some_posts):
        self.fill(store, some_posts)
        hours = [Span(HOUR, NOON, NOON + 3 * HOUR), Span(MINUTE, NOON + 3 * HOUR, NOON + 3 * HOUR + 7 * MINUTE)]
        inside = [post for span in hours for post in truth.of(some_posts, "tea", span.start, span.end)]
        assert store.count("tea", hours) == len(inside)
        assert store.count("tea", [Span(DAY, 0, NOON + 10 * DAY)]) == len(
            [1 for topic, _ in some_posts if topic == "tea"]
        )

    def test_terms_of_every_kind_come_back_as_they_were(self, store: ViewReader):
        self.fill(store, [("tea", annotated("x:'1'", text=ODD, hashtags=[ODD], entities=[f"PLACE:{ODD}"]))])
        folded = ODD.casefold()
        assert store.terms("tea", [minute(NOON)], "hashtag", [folded]) == {folded: TermCount(folded, 1, 0, 1, 0)}
        found = store.top("tea", [minute(NOON)], "entity", by="posts", limit=5)
        assert [count.term for count in found] == [f"PLACE:{ODD}"]

    @pytest.mark.parametrize("by", ["posts", "positive", "neutral", "negative", "not_rated"])
    def test_a_top_is_most_first_by_its_column(self, store: ViewReader, by):
        posts, span = self.labelled(store)
        counts = truth.term_counts([post for _, post in posts], "hashtag").values()
        columns = {count: vars_of(count)[by] for count in counts}
        wanted = sorted((count for count in counts if columns[count]), key=lambda count: (-columns[count], count.term))
        found = store.top("tea", [span], "hashtag", by=by, limit=20)
        assert found == wanted
        for offset in range(len(wanted) + 1):
            page = store.top("tea", [span], "hashtag", by=by, limit=2, offset=offset)
            assert page == wanted[offset : offset + 2]

    def test_a_top_adds_up_its_spans(self, store: ViewReader):
        posts, _ = self.labelled(store)
        spans = [Span(MINUTE, NOON, NOON + MINUTE), Span(MINUTE, NOON + 3 * MINUTE, NOON + 9 * MINUTE)]
        inside = [post for span in spans for post in truth.of(posts, "tea", span.start, span.end)]
        assert store.top("tea", spans, "hashtag", by="posts", limit=20) == truth.top(inside, "hashtag")

    def test_hidden_words_are_left_out_before_the_page_is_cut(self, store: ViewReader):
        _, span = self.labelled(store)
        found = store.top("tea", [span], "hashtag", by="posts", limit=2, hidden=frozenset({"all", "elk"}))
        assert [count.term for count in found] == ["dog", "cat"]

    def test_hidden_entities_go_by_their_folded_text(self, store: ViewReader):
        self.fill(store, [("tea", annotated(entities=["PLACE:Élysée", "ORG:ÉLYSÉE", "PLACE:Kyoto", "PERSON:a:b"]))])
        hidden = frozenset({"élysée", "a:b"})
        found = store.top("tea", [minute(NOON)], "entity", by="posts", limit=9, hidden=hidden)
        assert [count.term for count in found] == ["PLACE:Kyoto"]

    def test_terms_are_counted_by_name(self, store: ViewReader):
        posts, span = self.labelled(store)
        wanted = truth.term_counts([post for _, post in posts], "hashtag")
        found = store.terms("tea", [span], "hashtag", ["ant", "all", "never"])
        assert found == {"ant": wanted["ant"], "all": wanted["all"]}
        assert store.terms("tea", [span], "word", ["ant"]) == {}

    def test_a_term_is_counted_by_period(self, store: ViewReader):
        posts, span = self.labelled(store)
        found = store.term_periods("tea", [span], "hashtag", "cat")
        assert found == {
            NOON + number * MINUTE: truth.term_counts(
                truth.of(posts, "tea", NOON + number * MINUTE, NOON + (number + 1) * MINUTE), "hashtag"
            )["cat"]
            for number in range(3)
        }


class BatchContract(ReadingContract):
    UNTIL = NOON + 9 * DAY

    def fill(self, store, posts):
        self.write(store, posts, 1)
        for topic in {topic for topic, _ in posts}:
            store.flip(topic, 1, self.UNTIL)

    def write(self, store, posts, generation):
        for topic in {topic for topic, _ in posts}:
            sums = fold_periods(post for about, post in posts if about == topic)
            store.write(topic, generation, list(sums.items()))

    def counted(self, store, topic="tea"):
        """Posts by the start of the minute."""
        return {period.start: period.posts for period in store.periods(topic, [Span(MINUTE, 0, self.UNTIL)])}

    def test_a_topic_without_a_batch_points_nowhere(self, store: BatchViews):
        assert store.pointers() == {}
        assert store.pointer("tea") == Pointer(0, 0, 0)

    def test_nothing_of_a_generation_is_seen_before_the_flip(self, store: BatchViews, again):
        self.write(store, [("tea", annotated("x:1"))], 1)
        assert self.counted(store) == {}
        store.flip("tea", 1, NOON + HOUR)
        assert self.counted(again()) == {NOON: 1}
        assert store.pointers() == {"tea": Pointer(1, NOON + HOUR, NOON + HOUR)}
        assert store.pointer("coffee") == Pointer()

    def test_a_generation_has_only_what_has_changed(self, store: BatchViews):
        later = NOON + 5 * MINUTE
        self.write(store, [("tea", annotated("x:1")), ("tea", annotated("x:2", later, hashtags=["old"]))], 1)
        store.flip("tea", 1, self.UNTIL)
        changed = [("tea", annotated(f"x:{number}", later, hashtags=["new"])) for number in (2, 3)]
        self.write(store, changed, 2)
        assert self.counted(store) == {NOON: 1, later: 1}
        store.flip("tea", 2, self.UNTIL)
        assert self.counted(store) == {NOON: 1, later: 2}
        assert store.terms("tea", [minute(later)], "hashtag", ["old", "new"]) == {"new": TermCount("new", 2, 0, 2, 0)}

    def test_a_period_written_again_in_its_generation_is_replaced(self, store: BatchViews):
        self.fill(store, [("tea", annotated("x:1", hashtags=["old"]))])
        store.write("tea", 1, [(minute(NOON), fold([annotated("x:2", hashtags=["new"])]))])
        assert self.counted(store) == {NOON: 1}
        assert [count.term for count in store.top("tea", [minute(NOON)], "hashtag", by="posts", limit=9)] == ["new"]

    def test_sums_of_no_posts_hide_older_ones(self, store: BatchViews):
        self.fill(store, [("tea", annotated("x:1", hashtags=["pot"])), ("tea", annotated("x:2", NOON + MINUTE))])
        store.write("tea", 2, [(minute(NOON), Rollup())])
        store.flip("tea", 2, self.UNTIL)
        for _ in range(2):
            assert self.counted(store) == {NOON + MINUTE: 1}
            assert store.top("tea", [minute(NOON)], "hashtag", by="posts", limit=9) == []
            store.prune("tea")

    def test_packed_sums_are_kept_like_others_and_found_by_their_starts(self, store: BatchViews, some_posts):
        tea = [(topic, post) for topic, post in some_posts if topic == "tea"]
        store.put("tea", 1, pack_all(fold_periods(post for _, post in tea).items()))
        assert store.starts("tea", Span(MINUTE, 0, self.UNTIL)) == []
        store.flip("tea", 1, self.UNTIL)
        truth.assert_views_equal_posts(store, tea)
        assert sorted(store.starts("tea", Span(MINUTE, 0, self.UNTIL))) == sorted(self.counted(store))
        assert store.starts("tea", Span(HOUR, NOON, NOON + HOUR)) == [NOON]
        store.write("tea", 2, [(Span(HOUR, NOON, NOON + HOUR), Rollup())])
        store.flip("tea", 2, self.UNTIL)
        assert store.starts("tea", Span(HOUR, NOON, NOON + HOUR)) == []

    def test_pruning_removes_what_nobody_reads_and_nothing_else(self, store: BatchViews, some_posts):
        """A generation that came before, one that was never finished, and what a later one has hidden."""
        self.write(store, some_posts[:200], 1)
        for topic in ("tea", "coffee"):
            store.flip(topic, 1, self.UNTIL)
        self.write(store, some_posts, 2)
        self.write(store, some_posts[:50], 3)
        store.flip("tea", 2, self.UNTIL)
        tea = [(topic, post) for topic, post in some_posts if topic == "tea"]
        coffee = [(topic, post) for topic, post in some_posts[:200] if topic == "coffee"]
        for _ in range(2):
            truth.assert_views_equal_posts(store, [*tea, *coffee])
            store.prune("tea")
        store.flip("tea", 1, self.UNTIL)
        store.flip("coffee", 2, self.UNTIL)
        assert self.counted(store) == {}
        truth.assert_views_equal_posts(store, [(topic, post) for topic, post in some_posts if topic == "coffee"])

    def test_an_announced_border_is_known_until_the_flip(self, store: BatchViews, again):
        store.announce("tea", NOON)
        assert again().pointer("tea") == Pointer(0, 0, NOON)
        store.flip("tea", 1, NOON)
        store.announce("tea", NOON + HOUR)
        store.announce("tea", NOON + DAY)
        assert store.pointer("tea") == Pointer(1, NOON, NOON + DAY)
        store.flip("tea", 2, NOON + HOUR)
        assert store.pointer("tea") == Pointer(2, NOON + HOUR, NOON + HOUR)

    def test_tops_are_cut_and_say_so(self, store: BatchViews):
        tags = [f"t{number:04d}" for number in range(1_200)]
        self.fill(store, [("tea", annotated(hashtags=tags)), ("tea", annotated("x:2", NOON + 1, hashtags=tags[-2:]))])
        for span, kept in ((minute(NOON), 200), (Span(HOUR, NOON, NOON + HOUR), 1_000)):
            found = store.top("tea", [span], "hashtag", by="posts", limit=2_000)
            assert [count.term for count in found] == [*tags[-2:], *tags[: kept - 2]]
            assert store.is_cut("tea", [span])
        self.fill(store, [("coffee", annotated(hashtags=tags[:200]))])
        assert not store.is_cut("coffee", [minute(NOON)])

    def test_dropping_a_span_takes_the_periods_that_lie_in_it(self, store: BatchViews):
        times = [NOON, NOON + DAY, NOON + 2 * DAY]
        self.fill(store, [(topic, annotated(f"x:{at}", at)) for at in times for topic in ("tea", "coffee")])
        day = NOON + DAY - 12 * HOUR
        store.drop("tea", Span(DAY, day, day + DAY))
        assert self.counted(store) == {NOON: 1, NOON + 2 * DAY: 1}
        assert store.count("tea", [Span(DAY, 0, self.UNTIL)]) == 2
        assert len(self.counted(store, "coffee")) == 3
        assert store.pointer("tea").until == self.UNTIL

    def test_dropping_a_topic_leaves_nothing_of_it(self, store: BatchViews):
        self.fill(store, [(topic, annotated()) for topic in ("tea", "coffee")])
        store.freeze("tea", [NOON])
        store.drop("tea")
        assert set(store.pointers()) == {"coffee"}
        assert store.frozen("tea") == frozenset()
        store.flip("tea", 5, self.UNTIL)
        assert self.counted(store) == {}
        assert self.counted(store, "coffee") == {NOON: 1}

    def test_frozen_days_are_remembered(self, store: BatchViews, again):
        assert store.frozen("tea") == frozenset()
        store.freeze("tea", [0, DAY])
        store.freeze("tea", [DAY, 5 * DAY])
        assert again().frozen("tea") == {0, DAY, 5 * DAY}
        assert store.frozen("coffee") == frozenset()

    def test_every_change_of_what_is_read_changes_the_version(self, store: BatchViews, again):
        versions = [store.version()]
        for change in (
            lambda: self.write(store, [("tea", annotated())], 1),
            lambda: store.flip("tea", 1, NOON + HOUR),
            lambda: store.write("tea", 1, [(minute(NOON), Rollup())]),
            lambda: store.drop("tea"),
        ):
            change()
            versions.append(store.version())
        assert len(set(versions)) == 5
        assert again().version() == versions[-1]


class SpeedContract(ReadingContract):
    def fill(self, store, posts):
        self.keep(store, posts)

    def keep(self, store, posts, batch=0, run="run"):
        assert store.apply(Stamp(run, batch), deltas(posts), STATUS)

    def test_views_equal_the_posts_whatever_the_batches(self, store: SpeedViews, some_posts):
        for batch in range(7):
            self.keep(store, some_posts[batch::7], batch)
        self.fold_dirty(store, some_posts)
        truth.assert_views_equal_posts(store, some_posts)

    def fold_dirty(self, store, posts):
        """What the job does between two batches."""
        while dirty := store.dirty(10):
            for topic, period in dirty:
                store.replace(topic, [(period, fold(truth.of(posts, topic, period.start, period.end)))])

    def test_an_old_stamp_is_refused_and_changes_nothing(self, store: SpeedViews):
        self.keep(store, [("tea", annotated("x:1", hashtags=["pot"]))], batch=3)
        before = self._all(store)
        for batch in (3, 2):
            assert not store.apply(Stamp("run", batch), deltas([("tea", annotated("x:9", NOON + DAY))]), STATUS)
        assert self._all(store) == before
        assert store.applied() == {"run": 3}

    def test_runs_have_stamps_of_their_own(self, store: SpeedViews, again):
        assert store.applied() == {}
        self.keep(store, [("tea", annotated("x:1"))], batch=3)
        self.keep(store, [("tea", annotated("x:2"))], batch=0, run="other")
        assert again().applied() == {"run": 3, "other": 0}
        assert store.count("tea", [minute(NOON)]) == 2

    def test_every_batch_and_every_fold_changes_the_version_and_a_heartbeat_does_not(self, store: SpeedViews):
        versions = [store.version()]
        for batch in range(3):
            self.keep(store, [], batch)
            versions.append(store.version())
        store.replace("tea", [(minute(NOON), fold([annotated()]))])
        versions.append(store.version())
        store.heartbeat(STATUS)
        assert len(set(versions)) == 5
        assert store.version() == versions[-1]

    def test_the_status_is_what_the_job_said_last(self, store: SpeedViews, again):
        assert store.status() is None
        store.apply(FIRST, [], STATUS)
        assert again().status() == STATUS
        later = JobStatus("run", 0, NOON + 5_000, 0.0, None, {})
        store.heartbeat(later)
        assert again().status() == later

    def test_the_newest_post_of_a_topic_is_known(self, store: SpeedViews, again):
        assert store.newest("tea") is None
        self.keep(store, [("tea", annotated("x:1", NOON + 5)), ("coffee", annotated("x:2", NOON + DAY))])
        self.keep(store, [("tea", annotated("x:3", NOON))], 1)
        assert (again().newest("tea"), again().newest("coffee")) == (NOON + 5, NOON + DAY)

    def test_the_topics_and_the_first_minute_of_each_are_known_whatever_was_dropped(self, store: SpeedViews, again):
        assert (store.topics(), store.oldest("tea")) == ([], None)
        self.keep(
            store, [("tea", annotated("x:1", NOON)), ("tea", annotated("x:2", NOON + HOUR)), ("milk", annotated())]
        )
        assert (sorted(again().topics()), again().oldest("tea")) == (["milk", "tea"], NOON)
        store.drop("tea", NOON + HOUR)
        assert store.oldest("tea") == NOON + HOUR
        store.drop("tea")
        assert (store.topics(), store.oldest("tea")) == (["milk"], None)

    # Throwing away and folding anew

    def test_a_period_is_replaced_by_a_fold(self, store: SpeedViews):
        self.keep(store, [("tea", annotated("x:1", hashtags=["old"])), ("tea", annotated("x:2"))])
        store.replace("tea", [(minute(NOON), fold([annotated("x:3", hashtags=["new"])]))])
        assert store.count("tea", [minute(NOON)]) == 1
        assert self.hashtags(store, minute(NOON)) == [("new", 1)]
        assert store.count("tea", [Span(HOUR, NOON, NOON + HOUR)]) == 2

    def test_a_period_without_posts_any_more_is_gone(self, store: SpeedViews):
        self.keep(store, [("tea", annotated("x:1", hashtags=["pot"]))])
        store.replace("tea", [(minute(NOON), Rollup())])
        assert store.periods("tea", [minute(NOON)]) == []
        assert self.hashtags(store, minute(NOON)) == []

    def test_folds_and_later_batches_add_up(self, store: SpeedViews, some_posts):
        early, late = some_posts[::2], some_posts[1::2]
        for topic in ("tea", "coffee"):
            sums = fold_periods(post for about, post in early if about == topic)
            store.replace(topic, list(sums.items()))
        self.keep(store, late)
        self.fold_dirty(store, some_posts)
        truth.assert_views_equal_posts(store, some_posts)

    def test_a_cleared_store_has_neither_sums_nor_stamps(self, store: SpeedViews, again):
        self.keep(store, [("tea", annotated(hashtags=["pot"]))], 4)
        store.clear()
        assert again().applied() == {}
        assert store.count("tea", [Span(DAY, 0, NOON + DAY)]) == 0
        assert self.hashtags(store, minute(NOON)) == []
        assert store.newest("tea") is None
        store.restore({"run": 4, "other": 0})
        assert again().applied() == {"run": 4, "other": 0}
        self.keep(store, [("tea", annotated())], 5)

    def test_what_the_batch_views_have_is_dropped(self, store: SpeedViews):
        self.keep(
            store, [(topic, annotated(f"x:{at}", NOON + at)) for at in (0, HOUR, DAY) for topic in ("tea", "milk")]
        )
        store.drop("tea", NOON + HOUR + MINUTE)
        assert [period.start for period in store.periods("tea", [Span(MINUTE, 0, NOON + 2 * DAY)])] == [NOON + DAY]
        assert store.count("tea", [Span(HOUR, 0, NOON + 2 * DAY)]) == 2
        assert store.count("tea", [Span(DAY, 0, NOON + 2 * DAY)]) == 3
        assert store.count("milk", [Span(MINUTE, 0, NOON + 2 * DAY)]) == 3

    def test_a_dropped_topic_is_gone(self, store: SpeedViews):
        self.keep(store, [(topic, annotated()) for topic in ("tea", "milk")])
        store.drop("tea")
        assert store.count("tea", [Span(DAY, 0, NOON + 2 * DAY)]) == 0
        assert store.newest("tea") is None
        assert store.count("milk", [minute(NOON)]) == 1

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

    def test_an_open_minute_keeps_every_term(self, store: SpeedViews):
        self.keep(store, [self.many_terms(300)], 0)
        self.keep(store, [("tea", annotated("x:2", NOON + MINUTE + CLOSED - 1))], 1)
        assert len(self.hashtags(store, minute(NOON))) == 300
        assert not self.cut(store, minute(NOON))

    def test_a_minute_closes_when_the_newest_post_is_ten_minutes_past_its_end(self, store: SpeedViews):
        self.keep(store, [self.many_terms(300), ("tea", annotated("x:2", NOON + 1, hashtags=["t0299", "t0298"]))], 0)
        self.keep(store, [("tea", annotated("x:3", NOON + MINUTE + CLOSED))], 1)
        assert self.cut(store, minute(NOON))
        kept = [("t0298", 2), ("t0299", 2), *((f"t{number:04d}", 1) for number in range(198))]
        assert self.hashtags(store, minute(NOON)) == kept

    def test_the_newest_post_of_another_topic_closes_nothing(self, store: SpeedViews):
        self.keep(store, [self.many_terms(300), ("coffee", annotated("x:2", NOON + DAY))])
        assert not self.cut(store, minute(NOON))

    def test_a_closed_minute_with_as_many_terms_as_are_kept_is_not_cut(self, store: SpeedViews):
        self.keep(store, [self.many_terms(200), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))])
        assert not self.cut(store, minute(NOON))
        assert len(self.hashtags(store, minute(NOON))) == 200

    def test_each_facet_is_cut_for_itself(self, store: SpeedViews):
        tags, words = [f"t{number}" for number in range(250)], [f"w{number}" for number in range(150)]
        late = ("tea", annotated("x:2", NOON + MINUTE + CLOSED))
        self.keep(store, [("tea", annotated("x:1", hashtags=tags, words=words)), late])
        assert len(store.top("tea", [minute(NOON)], "hashtag", by="posts", limit=500)) == 200
        assert len(store.top("tea", [minute(NOON)], "word", by="posts", limit=500)) == 150

    def test_hours_are_cut_from_uncut_data(self, store: SpeedViews):
        """A term that no minute keeps is on top of its hour."""
        posts = []
        for number in range(30):
            tags = [f"a{number:02d}{tag:03d}" for tag in range(250)]
            posts.append(("tea", annotated(f"x:{number}", NOON + number * MINUTE, hashtags=[*tags, "zz"])))
        for batch, post in enumerate(posts):
            self.keep(store, [post], batch)
        self.keep(store, [("tea", annotated("x:end", NOON + HOUR + CLOSED))], 99)
        hour = Span(HOUR, NOON, NOON + HOUR)
        assert "zz" not in dict(self.hashtags(store, minute(NOON)))
        assert self.hashtags(store, hour)[:2] == [("zz", 30), ("a00000", 1)]
        assert len(self.hashtags(store, hour)) == 1_000
        assert self.cut(store, hour)
        assert not self.cut(store, Span(DAY, NOON - 12 * HOUR, NOON + 12 * HOUR))

    def test_a_late_post_of_a_closed_uncut_minute_is_exact(self, store: SpeedViews):
        posts = [self.many_terms(199), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["t0198", "t0199"]))
        self.keep(store, posts, 0)
        self.keep(store, [late], 1)
        assert store.dirty(10) == []
        truth.assert_views_equal_posts(store, [*posts, late])
        assert not self.cut(store, minute(NOON))

    def test_a_late_post_may_cut_a_closed_minute_exactly(self, store: SpeedViews):
        posts = [self.many_terms(200), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["zz", "t0199"]))
        self.keep(store, posts, 0)
        self.keep(store, [late], 1)
        assert self.cut(store, minute(NOON))
        assert store.dirty(10) == []
        truth.assert_views_equal_posts(store, [*posts, late])

    def test_a_late_post_of_a_cut_minute_makes_it_dirty_until_it_is_folded_again(self, store: SpeedViews):
        posts = [self.many_terms(300), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = ("tea", annotated("x:late", NOON + 5, hashtags=["t0299"]))
        self.keep(store, posts, 0)
        self.keep(store, [late], 1)
        assert store.dirty(10) == [("tea", minute(NOON))]
        assert store.dirty(0) == []
        self.fold_dirty(store, [*posts, late])
        assert store.dirty(10) == []
        assert self.hashtags(store, minute(NOON))[0] == ("t0299", 2)
        truth.assert_views_equal_posts(store, [*posts, late])

    def test_posts_added_to_a_dirty_period_are_in_its_fold_once(self, store: SpeedViews):
        posts = [self.many_terms(300), ("tea", annotated("x:2", NOON + MINUTE + CLOSED))]
        late = [("tea", annotated(f"x:late{number}", NOON + number)) for number in range(2)]
        self.keep(store, posts, 0)
        self.keep(store, late[:1], 1)
        self.keep(store, late[1:], 2)
        self.fold_dirty(store, [*posts, *late])
        truth.assert_views_equal_posts(store, [*posts, *late])

    def _all(self, store):
        spans = [Span(step, 0, NOON + 10 * DAY) for step in (MINUTE, HOUR, DAY)]
        periods = [store.periods("tea", [span]) for span in spans]
        tops = [store.top("tea", [span], "hashtag", by="posts", limit=99) for span in spans]
        return periods, tops, store.version(), store.status(), store.dirty(99), store.newest("tea")


def vars_of(count):
    rated = {"positive": count.positive, "neutral": count.neutral, "negative": count.negative}
    return rated | {"posts": count.posts, "not_rated": count.posts - sum(rated.values())}
