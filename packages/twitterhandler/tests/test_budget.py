from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twitterhandler.budget import RESERVE, Budget, Limits
from twitterhandler.errors import BudgetError, SettingError
from twitterhandler.posts import Author, Post
from twitterhandler.topics import Topic

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = Decimal("0.005")


def post(number: int = 1, *topics: str, network: str = "x") -> Post:
    return Post(f"{network}:{number}", network, topics, NOON, NOON, Author("x:1", "ada", "Ada"), "tea")


def budget(*topics: Topic, kept: dict[str, int] | None = None, **limits: object) -> Budget:
    made = Budget(Limits(**limits), kept)  # type: ignore[arg-type]
    made.follow(topics, kept or {})
    return made


def test_a_post_counts_in_each_topic_and_is_billed_once():
    spent = budget(price=PRICE)
    spent.delivered(post(1, "tea", "cup"), NOON)
    spent.delivered(post(2, "tea"), NOON)
    spent.delivered(post(3, "tea", network="bluesky"), NOON)
    spent.billed(4, NOON)
    assert (spent.posts("tea"), spent.paid("tea"), spent.posts("cup"), spent.paid("cup")) == (3, 2, 1, 1)
    assert (spent.month(NOON), spent.limits.cost(spent.month(NOON))) == (6, 0.03)


def test_a_month_is_one_of_utc():
    spent = budget(posts=2)
    assert not spent.delivered(post(1), datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    assert not spent.delivered(post(2), datetime(2026, 12, 1, tzinfo=UTC))
    assert spent.delivered(post(3), datetime(2026, 12, 31, tzinfo=UTC))
    assert spent.left(datetime(2026, 11, 30, tzinfo=UTC)) == 1
    assert spent.left(datetime(2026, 12, 30, tzinfo=UTC)) == 0


@pytest.mark.parametrize(
    ("limits", "month"),
    [
        ({}, None),
        ({"posts": 10}, 10),
        ({"money": Decimal(1), "price": PRICE}, 200),
        ({"money": Decimal(1), "price": PRICE, "posts": 10}, 10),
        ({"money": Decimal(0), "price": PRICE}, 0),
        ({"money": Decimal("0.999"), "price": PRICE}, 199),
    ],
)
def test_the_smaller_limit_counts_and_money_is_never_exceeded(limits, month):
    assert Limits(**limits).month == month


def test_without_a_price_money_is_not_known():
    assert Limits().cost(5) is None
    with pytest.raises(SettingError, match="TWITTERHANDLER_X_PRICE"):
        Limits(money=Decimal(1))
    with pytest.raises(SettingError, match="negative"):
        Limits(price=Decimal(-1))


@pytest.mark.parametrize(
    ("topic", "limits", "reason"),
    [
        (Topic("tea", "tea"), {}, None),
        (Topic("tea", "tea", limit=3), {}, None),
        (Topic("tea", "tea", limit=2), {}, "its own limit of 2 posts is reached; raise --limit of"),
        (Topic("tea", "tea", until=NOON), {}, "its end has come, 2026-11-22T12:00:00.000Z; set --until"),
        (Topic("tea", "tea", until=NOON + timedelta(seconds=1)), {}, None),
        (
            Topic("tea", "tea"),
            {"until": NOON},
            "the end of all topics has come, 2026-11-22T12:00:00.000Z; set TWITTERHANDLER_UNTIL",
        ),
        (Topic("tea", "tea"), {"posts": 2}, "the limit of 2 posts of X in a month, for all topics, is reached; raise "),
        (Topic("tea", "tea", sources=("sim",)), {"posts": 2}, None),
    ],
)
def test_what_stops_a_topic(topic, limits, reason):
    spent = budget(topic, **limits)
    reached = [spent.delivered(post(number, "tea"), NOON) for number in (1, 2)]
    assert reached[0] is False
    assert reached[1] is (limits.get("posts") == 2 or topic.limit == 2)
    found = spent.reached(topic, NOON)
    assert found is None if reason is None else (found or "").startswith(reason)


@pytest.mark.parametrize(
    ("limits", "advice"),
    [
        ({"posts": 2}, "raise TWITTERHANDLER_X_MONTH_POSTS, or start it again from 2026-12-01 (UTC) on"),
        ({"posts": 3, "money": Decimal(1), "price": Decimal("0.5")}, "raise TWITTERHANDLER_X_MONTH_MONEY, or"),
        ({"posts": 2, "money": Decimal(9), "price": Decimal("0.5")}, "raise TWITTERHANDLER_X_MONTH_POSTS, or"),
    ],
)
def test_a_month_that_is_spent_says_by_which_setting_and_when_it_goes_on(limits, advice):
    topic = Topic("tea", "tea")
    spent = budget(topic, **limits)
    for number in (1, 2):
        spent.delivered(post(number, "tea"), NOON)
    assert advice in (spent.reached(topic, NOON) or "")
    december = NOON.replace(month=12, day=31)
    assert spent.reached(topic, december) is None
    for number in (1, 2):
        spent.delivered(post(number, "tea"), december)
    assert "from 2027-01-01 (UTC) on" in (spent.reached(topic, december) or "")


@given(st.integers(1, 3_000), st.integers(0, 3_000), st.integers(1, 3_000) | st.none())
@settings(deadline=None)
def test_a_crash_never_makes_it_less_and_a_good_end_makes_it_exact(posts, earlier, limit):
    kept = {"topic:tea": earlier}
    topic = Topic("tea", "tea", limit=limit)
    spent = budget(topic, kept=kept)
    for number in range(posts):
        spent.delivered(post(number, "tea", network="sim"), NOON)
        kept |= spent.pending
        spent.pending.clear()
        assert earlier + number + 1 <= kept["topic:tea"] <= earlier + number + 1 + RESERVE
    if limit and earlier + posts < limit:
        assert kept["topic:tea"] < limit
    assert (kept | spent.settled())["topic:tea"] == earlier + posts


@pytest.mark.parametrize(
    ("limits", "topic", "posts", "refused"),
    [
        ({}, Topic("tea", "tea"), {"tea": 1}, "fill gaps in a month leaves 0"),
        ({"fill": 10}, Topic("tea", "tea"), {"tea": 6, "cup": 5}, "11 posts are to be bought"),
        ({"fill": 10, "posts": 4}, Topic("tea", "tea"), {"tea": 5}, "posts of X in a month leaves 4"),
        ({"fill": 10}, Topic("tea", "tea", limit=4), {"tea": 5}, "topic tea leaves 4"),
        ({"fill": 10}, Topic("tea", "tea", limit=4), {"tea": 4}, None),
    ],
)
def test_what_fills_a_gap_is_bought_only_if_every_limit_allows_it(limits, topic, posts, refused):
    spent = budget(topic, **limits)
    if refused is None:
        spent.buy(posts, NOON)
        return
    with pytest.raises(BudgetError, match=refused):
        spent.buy(posts, NOON)
    assert spent.pending == {}


def test_what_was_bought_is_less_to_buy_until_the_month_ends():
    spent = budget(fill=10)
    spent.buy({"tea": 8}, NOON)
    with pytest.raises(BudgetError, match="leaves 2"):
        spent.buy({"tea": 3}, NOON)
    spent.buy({"tea": 3}, NOON + timedelta(days=10))


def test_a_topic_made_anew_begins_at_nothing():
    spent = budget(kept={"topic:tea": 9, "paid:tea": 9, "month:2026-11": 9})
    spent.follow([], {"month:2026-11": 9})
    assert (spent.posts("tea"), spent.paid("tea"), spent.month(NOON)) == (0, 0, 9)
