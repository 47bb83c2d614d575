"""A small made-up world that posts: pure, the same for the same seed."""

from twitterhandler.simulation.changes import Changes
from twitterhandler.simulation.clocks import WrongClocks
from twitterhandler.simulation.delivery import Delivery, deliveries
from twitterhandler.simulation.dirt import Dirt
from twitterhandler.simulation.outages import Outage, hear, planned_outages, recurring_outages
from twitterhandler.simulation.script import Script, load_script
from twitterhandler.simulation.teller import SimulatedPost
from twitterhandler.simulation.world import World

__all__ = [
    "Changes",
    "Delivery",
    "Dirt",
    "Outage",
    "Script",
    "SimulatedPost",
    "World",
    "WrongClocks",
    "deliveries",
    "hear",
    "load_script",
    "planned_outages",
    "recurring_outages",
]
