"""The query language of topics: X's rule syntax, so that one query works on every network.

    query    = branch { "OR" branch }          a space is AND and binds before OR
    branch   = factor { factor }
    factor   = [ "-" ] term | "(" query ")"    groups are not negated: X refuses that too
    term     = word | "a phrase" [ "~" N ] | #tag | @mention | $cashtag | operator ":" value
    value    = word | "a phrase" | "[" numbers "]"

Case and Unicode form do not matter; accents do. Words and phrases match whole tokens (`coca-cola` is the tokens coca,
cola); in scripts that write no spaces, and for emoji, they match anywhere. A query needs something to look for in each
of its branches: `lang:`, `is:`, `has:`, `sample:` and negations only narrow it.

`operators` has X's table. What our record of a post cannot answer (`to:`, `place:`, `has:media`, …) is for topics that
listen on X only: `Query.check` says so, and matched here it is never so.
"""

from twitterhandler.query.parser import MAX_DEPTH, MAX_LENGTH
from twitterhandler.query.queries import Query, matching
from twitterhandler.query.values import language

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Query", "language", "matching"]
