"""`python -m models NAME`: trains a model, and puts it where it is used if it is good enough."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from models.common.cards import PACKAGE_DATA
from models.common.errors import DataError, ModelsError

ROOT = Path(__file__).parents[1]
CLASSIFIERS = ("sentiment", "emotion")


def main(words: Sequence[str] | None = None) -> int:
    chosen = arguments(words)
    try:
        if not chosen.data.is_dir():
            raise DataError(f"no data in {chosen.data}; set DATA_DIR to the folder with the data sets")
        (entities if chosen.name == "entities" else classifier)(chosen)
    except ModelsError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    return 0


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("models", description=__doc__)
    parser.add_argument("name", choices=[*CLASSIFIERS, "entities"])
    parser.add_argument("--tune", action="store_true", help="search for hyperparameters first (sentiment, emotion)")
    parser.add_argument("--cache", action="store_true", help="leave out what an earlier run did with the same data")
    parser.add_argument(
        "--floor", action="append", type=floor, default=[], metavar="MEASURE=VALUE", help="another bound for the gate"
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA_DIR", "../shared/data"), metavar="DIR")
    parser.add_argument("--work", type=Path, default=ROOT / "data/training", metavar="DIR", help="runs, metadata")
    parser.add_argument("--serving", type=Path, default=ROOT / "data/models", metavar="DIR", help="NAME/VERSION")
    parser.add_argument("--wheel", type=Path, default=PACKAGE_DATA, metavar="DIR", help="where the wheel takes it")
    return parser.parse_args(words)


def floor(word: str) -> tuple[str, float]:
    name, _, value = word.partition("=")
    return name, float(value)


def classifier(chosen: argparse.Namespace) -> None:
    """TFX is seconds to import: only for who trains with it."""
    from models.common.judging import bounds
    from models.common.pipeline import Places
    from models.common.release import release
    from models.common.running import run

    own = import_module(f"models.{chosen.name}.pipeline")
    task = own.TASK.judged_by(bounds(own.TASK.bounds, dict(chosen.floor)))
    work = chosen.work.resolve() / chosen.name
    places = Places(
        data=chosen.data.resolve(),
        artifacts=work / "artifacts",
        metadata=work / "metadata.db",
        serving=chosen.serving.resolve() / chosen.name,
    )
    pushed = run(task, places, tune=chosen.tune, cache=chosen.cache)
    print(f"models: {chosen.name} is blessed, and pushed to {pushed}")
    folder = release(task, pushed, own.DESCRIPTION, places.data, to=chosen.wheel)
    print(f"models: {chosen.name} is in {folder}")


def entities(chosen: argparse.Namespace) -> None:
    from models.entities.release import FLOORS, release
    from models.entities.train import Recipe, train

    trained = train(chosen.data, chosen.work / "entities", Recipe())
    folder = release(trained, chosen.data, Recipe(), to=chosen.wheel, floors=FLOORS | dict(chosen.floor))
    print(f"models: entities is in {folder}")


if __name__ == "__main__":
    sys.exit(main())
