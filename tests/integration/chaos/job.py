"""`sparkstream run` as it is, but that its findings are known beforehand, and that it may die at a named point.

    python -P job.py [POINT BATCHES]

dies at the point of the batch that comes after so many more.
"""

import os
import sys
from functools import partial

from sparkstream import cli, job
from sparkstream.checkpoint import Checkpoint
from sparkstream.settings import Settings
from sparkstream.testing import KillAt, KnownAnnotator


def main() -> None:
    kill = sys.argv[1:]
    if kill:
        batch = Checkpoint(Settings().checkpoint).committed() + 1 + int(kill[1])
        job.JobOptions = partial(job.JobOptions, probe=KillAt(kill[0], batch, os.getpid()))  # type: ignore[misc,assignment] # the program reads it when it runs
    cli.annotator_of = lambda url: KnownAnnotator  # type: ignore[assignment] # the same
    sys.argv[1:] = ["run"]
    cli.main()


if __name__ == "__main__":
    main()
