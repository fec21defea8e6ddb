"""An escalation in the record: its pages, its answers, and what a vendor did."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.escalation import Acknowledgement, PagedLevel
from bot.domain.record.sources import Source
from bot.domain.terms import Precision, TargetKind
from bot.lazy_dataclass import dataclass


class PageOutcome(StrEnum):
    """Outcome of a page to one person by one contact method."""

    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not sent on purpose: the person was muted, a maintenance window was open, …"""
    NOT_NEEDED = "not needed"
    """Acknowledged, or the incident ended, before it went out."""
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """
    A page to one person by one contact method.

    `problem`: why it did not arrive or was not sent. `due_at` is when it was to go out, `sent_at` when it did, None if
    it never did. `late` is how long after its level was due it was written, where the bot was not there in time.
    """

    person: str
    method: str
    level: int
    round: int
    due_at: datetime
    sent_at: datetime | None
    outcome: PageOutcome
    problem: str = ""
    out_of_hours: bool | None = None
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """
    Actions of a vendor. The first answer is the escalation's acknowledgement.

    A time is None if it did not happen, or if its time is unknown: then its source tells the two apart.
    """

    case: str = ""
    case_source: Source | None = None
    case_asked: bool = False
    """The case reference was asked for, because nobody gave it in time."""
    fixed_at: datetime | None = None
    fixed_precision: Precision = Precision.EXACT
    fixed: Source | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """
    An escalation: target, reason, pages, acknowledgements.

    `paged_at` is None if the time is unknown (`at:?`); then `precision` is UNKNOWN. `external` is true for vendors.
    `out_of_hours`: whether that was outside the working hours of those paged; None if these are unknown.
    `acknowledged_at` is None too if the time of a vendor's answer is unknown: `is_answered` tells.

    `policy` is the policy's name and `levels` its number of levels, empty and 0 without a policy; `called` the levels
    that were paged, `pages` each page, `answers` each acknowledgement, also withdrawn ones. `started_by` is `person`,
    `policy` or `handover`, `follows` the ref of the escalation that this continues. `gave_up_at` is when it ended
    without an answer, `stopped_at` when its incident ended before one.
    """

    source: Source
    target: str
    target_kind: TargetKind
    external: bool
    reason: str
    paged_at: datetime | None
    precision: Precision
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledgement: Source | None
    declined_by: tuple[str, ...] = ()
    out_of_hours: bool | None = None
    acknowledged_precision: Precision = Precision.EXACT
    policy: str = ""
    levels: int = 0
    started_by: str = "person"
    follows: str | None = None
    called: tuple[PagedLevel, ...] = ()
    pages: tuple[RecordedPage, ...] = ()
    answers: tuple[Acknowledgement, ...] = ()
    exhausted_at: datetime | None = None
    stopped_at: datetime | None = None
    vendor: VendorFacts | None = None

    @property
    def outside_answer(self) -> Acknowledgement | None:
        """The acknowledgement that counts, if it came from somebody unknown in Slack."""
        if self.acknowledged_by is not None:
            return None
        return next((each for each in self.answers if each.by is None and each.at == self.acknowledged_at), None)

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None or (self.external and self.acknowledgement is not None)
