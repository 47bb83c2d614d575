"""Words that say nothing about a topic, per language.

English is our own list of function words: the published lists of over a thousand words hide `world`, `good`, `first`
and `work`, which topics are made of.
"""

from __future__ import annotations

from functools import cache

from stop_words import LANGUAGE_MAPPING, get_stop_words  # type: ignore[import-untyped] # it has no types

_ENGLISH = """
a about above after again against ain't all also am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each else ever
few for from further get gets getting go goes going gonna got had hadn't has hasn't have haven't having he he'd he'll
he's her here here's hers herself him himself his how how's i i'd i'll i'm i've if in into is isn't it it'd it'll it's
its itself just let let's like lol ma may me might mightn't more most much must mustn't my myself needn't no nor not now
of off oh ok okay on once one only or other our ours ourselves out over own per rather really rt same shall shan't she
she'd she'll she's should shouldn't so some still such than that that'd that'll that's the their theirs them themselves
then there there's these they they'd they'll they're they've this those though through thus to too u under until up upon
ur us very via was wasn't we we'd we'll we're we've were weren't what what's when where where's whether which while who
who's whom whose why will with within without won't would wouldn't yes yet you you'd you'll you're you've your yours
yourself yourselves dont cant im ive didnt doesnt isnt wasnt wont youre thats amp
"""

_TODAY = {"in": "id", "iw": "he", "no": "nb"}
"""X still says the first of each; the lists know the second."""


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of a BCP 47 language, case-folded; English ones for `und`, none for a language without a list."""
    primary = language.partition("-")[0].lower()
    if primary in ("en", "und"):
        return frozenset(_ENGLISH.split())
    known = _TODAY.get(primary, primary)
    if known not in LANGUAGE_MAPPING:
        return frozenset()
    return frozenset(word.strip('",').casefold() for word in get_stop_words(known))  # the Hebrew list is a JSON file's
