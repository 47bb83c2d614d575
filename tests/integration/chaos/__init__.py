"""Rounds of chaos: a simulated day is written to a queue while what reads and keeps it is killed at seeded instants.

    with Embedded(folder) as setting:
        verdict = play(plan(7), setting)     # verdict.wrong is None, or says what is not as the seed has it

`plan` is what will happen, from the seed alone; `settings` where; `playing` makes it happen; `judging` holds the views,
the master set, the audit and the API's answers against the seed. `benchmarks/chaos.py` plays many, CI a few.
"""

from chaos.plan import SERVERS, Kind, Round, plan
from chaos.playing import Verdict, play
from chaos.settings import Embedded, OnServers, Setting

__all__ = ["SERVERS", "Embedded", "Kind", "OnServers", "Round", "Setting", "Verdict", "plan", "play"]
