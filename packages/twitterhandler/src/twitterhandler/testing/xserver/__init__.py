"""A fake of X's API v2 for tests: filtered stream, rules and the rest, over real sockets, with faults to the byte."""

from twitterhandler.testing.xserver.account import Limits, Manners
from twitterhandler.testing.xserver.content import ADA, BEN, Message, Person, Posts
from twitterhandler.testing.xserver.faults import Fault
from twitterhandler.testing.xserver.journal import Connection, Delivery, Published, Request
from twitterhandler.testing.xserver.rules import Rule
from twitterhandler.testing.xserver.server import FakeX

__all__ = [
    "ADA",
    "BEN",
    "Connection",
    "Delivery",
    "FakeX",
    "Fault",
    "Limits",
    "Manners",
    "Message",
    "Person",
    "Posts",
    "Published",
    "Request",
    "Rule",
]
