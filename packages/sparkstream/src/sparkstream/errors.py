"""What can go wrong, as one tree; each message says what to do next.

SparkstreamError
├── SettingsError       a URL or an option that means nothing
├── AddressError        host and port cannot be listened on
├── MissingExtraError   a part that `pip install sparkstream` alone does not bring
├── JavaError           no Java that Spark can run on
├── JobError            Spark has ended the job, or could not start it
│   └── JobInterruptedError  it ended by an error that may pass (retriable)
├── RecordError         a line of the queue that is no record (it becomes a dead letter)
├── QueueError          the queue cannot be read
│   ├── QueueUnavailableError  it is away, or not made yet (retriable)
│   └── ForeignQueueError   it is not the one the checkpoint was made on
├── StoreError          the store cannot be read or written
│   ├── StoreBusyError      another process holds it (retriable)
│   ├── HeldStoreError      a batch, or one who forgets, is at work in it (retriable)
│   └── StoreSchemaError    it was made by another version
├── AnnotatorError      meaning cannot be found in posts
│   └── AnnotatorUnavailableError  a service that finds it does not answer (retriable)
├── CheckpointError     the checkpoint cannot be used, or another job uses it
└── QueryError          a question to the views that has no answer
    └── UnknownTopicError   no post and no event has named this topic
"""

from __future__ import annotations

from typing import ClassVar


class SparkstreamError(Exception):
    """Root of the tree. `retriable` says whether the same call may succeed later without anybody doing anything."""

    retriable: ClassVar[bool] = False


class SettingsError(SparkstreamError, ValueError):
    pass


class AddressError(SparkstreamError, OSError):
    pass


class MissingExtraError(SparkstreamError, ImportError):
    pass


class JavaError(SparkstreamError):
    pass


class JobError(SparkstreamError):
    pass


class JobInterruptedError(JobError):
    retriable = True


class RecordError(SparkstreamError, ValueError):
    pass


class QueueError(SparkstreamError):
    pass


class QueueUnavailableError(QueueError):
    retriable = True


class ForeignQueueError(QueueError):
    pass


class StoreError(SparkstreamError):
    pass


class StoreBusyError(StoreError):
    retriable = True


class HeldStoreError(StoreError):
    retriable = True


class StoreSchemaError(StoreError):
    pass


class AnnotatorError(SparkstreamError):
    pass


class AnnotatorUnavailableError(AnnotatorError):
    retriable = True


class CheckpointError(SparkstreamError):
    pass


class QueryError(SparkstreamError, ValueError):
    pass


class UnknownTopicError(QueryError, LookupError):
    def __init__(self, topic: str) -> None:
        super().__init__(f"there is no topic {topic!r}; GET /v1/topics lists them")
        self.topic = topic
