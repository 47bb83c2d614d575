"""Public fakes and generators: for the tests of whoever reads what this package writes."""

from twitterhandler.testing.clock import FakeClock
from twitterhandler.testing.day import SimulatedDay, simulated_day

__all__ = ["FakeClock", "SimulatedDay", "simulated_day"]
