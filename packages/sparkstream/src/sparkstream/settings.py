"""Settings from the environment, prefix SPARKSTREAM_; read by the command line only."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sparkstream.kafka_place import KafkaAccess, Mechanism


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SPARKSTREAM_", frozen=True)

    queue: str = Field(
        default="spool:./data/spool", description="Where posts come from: spool:FOLDER or kafka://HOST:PORT/TOPIC"
    )
    store: str = Field(default="sqlite:./data/views.db", description="Where posts and sums are kept: sqlite:PATH")
    speed: str | None = Field(default=None, description="Where speed views are kept (default: in the store)")
    checkpoint: Path = Field(default=Path("./data/checkpoint"), description="How far the job is")
    annotator: str | None = Field(
        default=None, description="local:, http://HOST:9004 or none: (default: local: where the extra nlp is installed)"
    )
    annotator_token: SecretStr | None = Field(default=None, description="Of the nlp-services that annotate by URL")
    master: str = Field(default="local[2]", description="Spark's master URL")
    max_lines: int = Field(default=1_000, ge=1, le=100_000, description="Lines of one micro-batch")
    trigger: float = Field(default=0.2, ge=0, description="Seconds between two micro-batches at least")
    driver_memory: str = Field(default="1g", description="Memory of the JVM")
    jars: Path | None = Field(
        default=None, description="Folder with Spark's connector for Kafka, instead of Maven Central"
    )
    kafka_tls: bool = False
    kafka_ca: Path | None = Field(default=None, description="PEM, to trust instead of Java's own")
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_mechanism: Mechanism = "PLAIN"
    batch_every: float = Field(default=3_600, ge=0, description="Seconds between two batches beside the job; 0: none")
    keep_posts: float | None = Field(default=None, gt=0, description="Days that posts are kept (default: for ever)")
    keep_views: float | None = Field(default=None, gt=0, description="Days that sums are kept (default: for ever)")
    host: str = "127.0.0.1"
    port: int = Field(default=9002, ge=0, le=65535)
    token: SecretStr | None = None

    def kafka_access(self) -> KafkaAccess:
        return KafkaAccess(
            tls=self.kafka_tls,
            ca=self.kafka_ca,
            user=self.kafka_user,
            password=self.kafka_password.get_secret_value() if self.kafka_password else None,
            mechanism=self.kafka_mechanism,
        )
