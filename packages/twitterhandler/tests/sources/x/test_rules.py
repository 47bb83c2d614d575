import pytest
from twitterhandler.sources.x.rules import Rule, plan, topics_of, wanted_rules
from twitterhandler.topics import Topic


def ours(number, value, slug):
    return Rule(str(number), value, f"topic:{slug}")


def planned(existing, *topics, room=100, young=()):
    return plan(existing, wanted_rules(topics), room=room, young=young)


KNOWN = {"1": ("tea", "chai"), "2": ("rain",)}
TEA, RAIN = Topic("tea", "tea OR matcha"), Topic("rain", "rain")


class TestAPlan:
    def test_adds_what_is_missing_and_deletes_what_nobody_wants(self):
        found = planned([ours(1, "tea OR matcha", "tea"), ours(2, "old", "old")], TEA, RAIN)
        assert found.add == (Rule("", "rain", "topic:rain"),)
        assert found.delete == ("2",)
        assert (found.make_room, found.later, found.unfit) == ((), (), ())

    def test_leaves_the_rules_of_others_alone(self):
        others = [Rule("1", "cats", "cats with images"), Rule("2", "dogs"), Rule("3", "rain", "weather")]
        assert planned(others, RAIN).add == ()
        assert planned(others).delete == ()

    def test_asks_only_for_what_a_topic_keeps(self):
        assert planned([], Topic("rain", "rain", reposts=False)).add == (Rule("", "rain -is:retweet", "topic:rain"),)

    def test_is_empty_when_all_is_as_it_should_be(self):
        found = planned([ours(1, "rain", "rain"), ours(2, "tea OR matcha", "tea")], TEA, RAIN)
        assert (found.add, found.delete, found.later) == ((), (), ())

    def test_makes_one_rule_for_two_topics_with_the_same_query(self):
        assert planned([], TEA, Topic("chai", "tea OR matcha")).add == (Rule("", "tea OR matcha", "topic:tea"),)

    def test_keeps_a_rule_that_another_topic_still_wants_whatever_its_tag(self):
        found = planned([ours(1, "tea OR matcha", "chai")], TEA)
        assert (found.add, found.delete) == ((), ())

    def test_deletes_a_rule_that_is_replaced_only_when_the_new_one_is_active(self):
        before = ours(1, "tea", "tea")
        assert planned([before], TEA).later == ("1",)
        both = [before, ours(2, "tea OR matcha", "tea")]
        assert planned(both, TEA, young={"2"}).later == ("1",)
        assert planned(both, TEA).delete == ("1",)

    def test_deletes_first_as_much_as_it_must_when_there_is_no_room(self):
        stale = [ours(1, "a", "a"), ours(2, "b", "b"), ours(3, "c", "c")]
        found = planned(stale, TEA, RAIN, room=1)
        assert (found.make_room, len(found.add), found.delete, found.unfit) == (("1",), 2, ("2", "3"), ())

    def test_says_which_topics_do_not_fit(self):
        stale = [ours(1, "a", "a")]
        found = planned(stale, RAIN, TEA, Topic("chai", "tea OR matcha"), room=0)
        assert (found.make_room, [rule.value for rule in found.add]) == (("1",), ["rain"])
        assert found.unfit == ("tea", "chai")

    def test_tries_when_x_does_not_say_how_many_fit(self):
        assert len(planned([], TEA, RAIN, room=None).add) == 2


class TestTheTopicsOfAPost:
    @pytest.mark.parametrize(
        ("matching", "slugs"),
        [
            ([{"id": "1", "tag": "topic:tea"}, {"id": "2", "tag": "topic:rain"}], ("tea", "chai", "rain")),
            ([{"id": 2, "tag": None}], ("rain",)),
            ([{"id": "2", "tag": ""}], ("rain",)),
            ([{"id": "2"}], ("rain",)),
            ([{"id": "9", "tag": "topic:tea"}], ("tea",)),
            ([{"id": "9", "tag": "topic:gone"}], ()),
            ([{"id": "9", "tag": "tea"}], ()),
            ([{"id": "9", "tag": 7}, {}], ()),
            ([], ()),
        ],
    )
    def test_are_those_of_its_rules_however_the_tags_are_written(self, matching, slugs):
        assert topics_of(matching, KNOWN, ("tea", "chai", "rain")) == slugs

    def test_are_only_those_that_are_still_followed(self):
        assert topics_of([{"id": "1"}], KNOWN, ("chai",)) == ("chai",)
