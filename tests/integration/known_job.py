"""The job as a program whose findings are known beforehand, and which may be killed at a named point.

    python known_job.py FOLDER [POINT BATCH]

Reads FOLDER/spool into FOLDER/views.db until it is empty; KNOWN_JOB_QUEUE, KNOWN_JOB_STORE and KNOWN_JOB_SPEED name
others, SPARKSTREAM_JARS the folder of Kafka's.
"""

import os
import sys
from pathlib import Path

from sparkstream import JobOptions, StreamJob
from sparkstream.stage import no_probe
from sparkstream.testing import KillAt, KnownAnnotator

MAX_LINES = 700


def main() -> None:
    folder, *kill = sys.argv[1:]
    place = Path(folder)
    probe = KillAt(kill[0], int(kill[1]), os.getpid()) if kill else no_probe
    job = StreamJob(
        queue=os.environ.get("KNOWN_JOB_QUEUE", f"spool:{place / 'spool'}"),
        store=os.environ.get("KNOWN_JOB_STORE", f"sqlite:{place / 'views.db'}"),
        speed=os.environ.get("KNOWN_JOB_SPEED"),
        checkpoint=place / "checkpoint",
        annotator=KnownAnnotator,
        options=JobOptions(max_lines=MAX_LINES, probe=probe, jars=Path(os.environ.get("SPARKSTREAM_JARS", "."))),
    )
    with job:
        job.start(once=True)
        while not job.wait(0.5):
            pass


if __name__ == "__main__":
    main()
