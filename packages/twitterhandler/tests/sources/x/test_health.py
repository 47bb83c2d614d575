import asyncio

from sources.x.collecting import collecting
from twitterhandler.sources import Health
from twitterhandler.testing.xserver import Limits


def test_x_says_whether_it_is_heard_and_how_many_rules_there_are():
    async def story(x, collector):
        heard = collector.source.health()
        await x.stop()
        await asyncio.sleep(60)
        away = collector.source.health()
        await x.start()
        await asyncio.sleep(60)
        back = collector.source.health()
        await collector.change(rain="stopped", tea="stopped", weather="stopped")
        await asyncio.sleep(5)
        return heard, away, back, collector.source.health(), collector.ingest.status()

    heard, away, back, nobody, status = collecting(story)
    assert heard == back == Health(True, 3, ())
    assert (away.connected, away.rules, len(away.troubles)) == (False, 3, 1)
    assert "X cannot be reached" in away.troubles[0]
    assert (nobody.connected, nobody.rules) == (None, 0)
    assert status.health == nobody
    assert "it broke" in [gap.reason for gap in status.gaps]


def test_a_topic_for_which_x_has_no_room_is_a_trouble():
    async def story(x, collector):
        return collector.source.health()

    found = collecting(story, limits=Limits(rules=2))
    assert found.rules == 2
    assert any("X takes no more rules" in trouble for trouble in found.troubles)
