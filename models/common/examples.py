"""ExampleGen's reader: the rows of a model's sets as `tf.train.Example`, one split after the other."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from google.protobuf.struct_pb2 import Struct
from tfx import v1 as tfx
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.example_gen.component import QueryBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2
from tfx.utils import proto_utils

from models.common import data
from models.common.errors import DataError
from models.common.names import named

SPLITS = ("train", "validation", "test")


def example_gen(folder: Path, rows: str, sources: Sequence[str], code: str) -> QueryBasedExampleGen:
    """The component; `rows` names the function from (folder, split) to the sets of that split.

    The digests of the sources and of our code stand in the metadata of each run: they tell what a model is from.
    """
    settings, files = Struct(), [data.path(folder, name) for name in sources]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise DataError(f"{', '.join(missing)} not found; set DATA_DIR to the folder with the data sets")
    settings.update({"folder": str(folder), "rows": rows, "digest": data.digest(files), "code": code})
    custom = example_gen_pb2.CustomConfig()
    custom.custom_config.Pack(settings, deterministic=True)
    splits = [tfx.proto.Input.Split(name=split, pattern=split) for split in SPLITS]
    return QueryBasedExampleGen(
        input_config=tfx.proto.Input(splits=splits),
        custom_config=custom,
        custom_executor_spec=BeamExecutorSpec(Executor),
    )


class Executor(BaseExampleGenExecutor):
    """Reads what the custom configuration names; a split's pattern is its name."""

    def GetInputSourceToExamplePTransform(self) -> Callable[..., Any]:  # noqa: N802 - as TFX calls it
        return _read


@beam.ptransform_fn
@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(tf.train.Example)
def _read(pipeline: beam.Pipeline, properties: dict[str, Any], split: str) -> beam.PCollection:
    custom, settings = example_gen_pb2.CustomConfig(), Struct()
    proto_utils.json_to_proto(properties["custom_config"], custom)
    custom.custom_config.Unpack(settings)
    folder, rows = Path(settings["folder"]), settings["rows"]
    return pipeline | beam.Create([split]) | beam.FlatMap(lambda name: examples(named(rows)(folder, name)))


def examples(sets: data.Sets) -> Iterator[tf.train.Example]:
    """Each row with the set that it is of and its place there, because Beam keeps no order."""
    for name, rows in sets.items():
        for place, row in enumerate(rows):
            features = {
                "text": _bytes(data.as_collected(row["text"])),
                "set": _bytes(name),
                "place": tf.train.Feature(int64_list=tf.train.Int64List(value=[place])),
                "wanted": tf.train.Feature(float_list=tf.train.FloatList(value=row["wanted"])),
            }
            yield tf.train.Example(features=tf.train.Features(feature=features))


def _bytes(text: str) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
