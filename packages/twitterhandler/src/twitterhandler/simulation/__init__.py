"""A small made-up world that posts: pure, the same for the same seed."""

from twitterhandler.simulation.delivery import Delivery, deliveries
from twitterhandler.simulation.script import Script, load_script
from twitterhandler.simulation.teller import SimulatedPost
from twitterhandler.simulation.world import World

__all__ = ["Delivery", "Script", "SimulatedPost", "World", "deliveries", "load_script"]
