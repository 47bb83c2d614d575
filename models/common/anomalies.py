"""What ExampleValidator finds stops the pipeline: by itself it only writes it down."""

from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import v1 as tfx

from models.common.errors import DataError


@tfx.dsl.components.component
def AnomalyGate(  # noqa: N802 - a component, which TFX's decorator makes of a function
    anomalies: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.ExampleAnomalies],
) -> None:
    """Ends the run where the data is not as the curated schema says."""
    if found := described(Path(anomalies.uri)):
        raise DataError(f"the data is not as the schema says: {'; '.join(found)}; mend the data, or the schema")


def described(folder: Path) -> list[str]:
    """One line an anomaly, of every split."""
    lines = []
    for file in sorted(folder.glob("Split-*/SchemaDiff.pb")):
        found = anomalies_pb2.Anomalies.FromString(file.read_bytes())
        split = file.parent.name.removeprefix("Split-")
        lines += [f"{split}, {name}: {info.description}" for name, info in sorted(found.anomaly_info.items())]
        if found.HasField("dataset_anomaly_info"):
            lines.append(f"{split}: {found.dataset_anomaly_info.description}")
    return lines
