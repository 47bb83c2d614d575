import pytest
from twitterhandler.query import Query
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import ADA, BEN, Posts
from twitterhandler.testing.xserver.matching import Facts, heeds

MAKE = {
    "plain": lambda posts: posts.original("Green tea, again! #TeaTime $TEA @ben_made_up https://example.org/leaf"),
    "german": lambda posts: posts.original("grüner Tee", lang="de"),
    "repost": lambda posts: posts.repost(posts.original("long " * 40 + "leaves #last")),
    "quote": lambda posts: posts.quote(posts.original("earl grey"), "so true", ADA),
    "reply": lambda posts: posts.reply(posts.original("earl grey"), "no"),
    "both": lambda posts: posts.reply_with_quote(posts.original("a"), posts.original("b"), "look"),
    "media": lambda posts: posts.with_media("my cup"),
    "geo": lambda posts: posts.at_place("here"),
}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("tea", "plain"),
        ('"green tea"', "plain"),
        ("#teatime", "plain"),
        ("$tea", "plain"),
        ("@ben_made_up", "plain"),
        ("from:ada_made_up", "plain german quote media geo"),
        (f"from:{BEN.id}", "repost reply both"),
        ("(tea OR tee) lang:de", "german"),
        ("(tea OR grüner) lang:de", "german"),
        ("tea -again", ""),
        ("leaves", "repost"),
        ("#last is:retweet", "repost"),
        ("#last -is:retweet", ""),
        ("retweets_of:ada_made_up", "repost"),
        ('"earl grey"', "quote"),
        ("look is:quote is:reply", "both"),
        ("from:ben_made_up is:reply", "reply both"),
        ("to:ada_made_up -is:quote", "reply"),
        ("cup has:media", "media"),
        ("cup has:images -has:video_link", "media"),
        ("tea has:links has:hashtags has:cashtags has:mentions", "plain"),
        ("here has:geo", "geo"),
        ("place_country:mw", "geo"),
        ("from:ada_made_up is:verified", ""),
        ("followers_count:10..20 tea", "plain"),
        ("min_followers:13 tea", ""),
    ],
)
def test_a_rule_heeds_what_x_would(rule, found):
    async def main():
        posts = Posts(LoopClock())
        query = Query.parse(rule)
        return [name for name, make in MAKE.items() if heeds(query, Facts(make(posts)))]

    assert run_virtually(main()) == found.split()
