"""`sparkstream` on Spark as it comes: the same code, none of the settings that the package gives it.

That is: no pause between micro-batches and no limit to them, as many partitions as Spark chooses (200, or what its
adaptive plans make of them), its own checkpoint files, its own flags of the JVM, and workers that look through their
models for garbage after every task. What only keeps it on this machine stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.classic.dataframe import DataFrame
from sparkstream import cli, job, session, worker

STAYS = ("spark.ui.enabled", "spark.ui.showConsoleProgress", "spark.driver.host", "spark.driver.bindAddress")


class StockTask(worker.PartitionTask):
    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        worker._spare_models = lambda: None
        yield from worker.PartitionTask.__call__(self, batches)


def main() -> None:
    # Any: what is replaced is final to the package itself.
    settings: Any = session
    settings.SETTINGS = {name: session.SETTINGS[name] for name in STAYS}
    settings.JVM_FLAGS = ""
    wiring: Any = job
    wiring.PartitionTask = StockTask
    repartition = DataFrame.repartition
    DataFrame.repartition = lambda frame, _, *columns: repartition(frame, *columns)
    os.environ |= {"SPARKSTREAM_TRIGGER": "0", "SPARKSTREAM_MAX_LINES": "100000"}
    cli.main()


if __name__ == "__main__":
    main()
