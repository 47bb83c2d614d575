"""From a network to a queue, nothing lost silently."""

from twitterhandler.__about__ import __version__
from twitterhandler.listening import listen
from twitterhandler.posts import Author, Dead, Delete, Gap, Post, Record, TopicEvent, decode, encode, slug
from twitterhandler.query import Query
from twitterhandler.x_messages import parse_message

__all__ = [
    "Author",
    "Dead",
    "Delete",
    "Gap",
    "Post",
    "Query",
    "Record",
    "TopicEvent",
    "__version__",
    "decode",
    "encode",
    "listen",
    "parse_message",
    "slug",
]
