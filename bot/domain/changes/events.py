"""
Changes as delivery tools report them.

Pure: deployments, releases, pipelines, configuration, feature flags. `bot.sources.changes` reads a tool's payload.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.lazy_dataclass import dataclass

CLOCK_SKEW = timedelta(minutes=5)
"""Longest time that a credible change may lie in the future."""
MAX_NAMED_SERVICES = 10


class ChangeKind(StrEnum):
    DEPLOYMENT = "deployment"
    RELEASE = "release"
    PIPELINE = "pipeline"
    CONFIGURATION = "configuration"
    FLAG = "flag"
    OTHER = "change"


class ChangeStatus(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """
    One change as one notification reports it.

    (`source`, `key`) is the same for its begin and its end. `services` are the sender's names, the most specific first.
    Times are aware; None where the notification does not state them. `author` is a name in the sender's system.
    """

    source: str
    key: str
    kind: ChangeKind
    title: str
    services: tuple[str, ...]
    status: ChangeStatus
    started_at: datetime | None = None
    finished_at: datetime | None = None
    environment: str = ""
    version: str = ""
    author: str = ""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Changes of one notification. `note`: why there are none."""

    source: str
    events: tuple[ChangeEvent, ...]
    note: str = ""

    @classmethod
    def ignored(cls, source: str, why: str) -> "ChangeBatch":
        """A notification that is no change."""
        return cls(source, (), note=f"Ignored: {why}")
