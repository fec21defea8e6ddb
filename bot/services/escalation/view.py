"""View of an escalation for messages: pages by person and method, responses, next step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.domain.terms import TargetKind
from bot.store.escalation import escalations

SLACK_METHODS = ("slack", "reaction")
"""Methods of acknowledging in Slack: button or command, and reaction."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One page by one contact method, which is a label. `at`: time of sending, or else due time.

    `outcome`: `sent`, empty while unknown, or a problem. `skipped`: reason for leaving it out.
    """

    method: str
    at: datetime
    outcome: str = ""
    skipped: str | None = None
    is_due_later: bool = False


@dataclass(frozen=True, slots=True)
class PagedPersonView:
    user_id: str
    attempts: tuple[Attempt, ...] = ()
    acknowledged_at: datetime | None = None
    has_declined: bool = False
    has_timed_out: bool = False
    """They acknowledged after this page, and the acknowledgement timed out."""

    @property
    def is_skipped(self) -> bool:
        """True if they were left out, such as for a mute."""
        return bool(self.attempts) and all(each.skipped is not None for each in self.attempts)

    @property
    def has_failed(self) -> bool:
        """True if all attempts failed."""
        tried = [each.outcome for each in self.attempts if each.skipped is None]
        return bool(tried) and not {"", escalations.SENT} & set(tried)


@dataclass(frozen=True, slots=True)
class PagedLevelView:
    """
    One page of a level. `round` counts from 0.

    `groups`: ids of user groups, which are mentioned in the channel. `missing`: targets that resolved to nobody.
    `late`: delay after the due time, None if in time. `because`: one of `domain.escalation.PAGE_REASONS`.
    """

    level: int
    round: int
    at: datetime
    people: tuple[PagedPersonView, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    late: timedelta | None = None
    because: str = "due"
    passed_over: int = 0
    """Number of skipped levels that had been due before."""

    @property
    def reaches_anybody(self) -> bool:
        """True if anybody was not left out."""
        return bool(self.groups or self.vendors) or not all(each.is_skipped for each in self.people)


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step without an acknowledgement. `level`: level to page; None once exhausted."""

    at: datetime
    level: int | None
    is_again: bool = False
    """The same people are paged again, or a new round starts."""
    targets: tuple[str, ...] = ()
    """Names without mentions, which would notify people."""


@dataclass(frozen=True, slots=True)
class AcknowledgementView:
    """An acknowledgement. `method`: one of SLACK_METHODS, or the label of a contact method."""

    user_id: str | None
    at: datetime
    method: str = "slack"
    withdrawn_at: datetime | None = None
    why: str = ""
    name: str = ""
    """Name given by a paging service for a person unknown in Slack."""
    is_timed_out: bool = False
    """It was withdrawn by the acknowledgement timeout."""


@dataclass(frozen=True, slots=True)
class EscalationView:
    escalation_id: int
    reference: str
    target: str
    target_name: str
    target_kind: TargetKind
    is_external: bool
    reason: str
    asked_by: str | None
    paged_at: datetime | None
    members: tuple[str, ...]
    """People who are paged now."""
    unreached: tuple[str, ...]
    declined_by: tuple[str, ...]
    reminders: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    is_exhausted: bool
    is_called_off: bool
    is_open: bool
    was_only_recorded: bool
    message_ts: str | None
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    channel_id: str | None = None
    """The incident's channel, which a merge may have changed."""
    title: str = ""
    severity: str = ""
    is_private: bool = False
    policy: str = ""
    """Name of the policy; empty for an ad-hoc escalation."""
    level: int = 0
    levels: int = 1
    round: int = 0
    """Counts from 0."""
    rounds: int = 1
    needs_all: bool = False
    """All people of the level have to acknowledge."""
    still_needed: tuple[str, ...] = ()
    """People of them who have not, once somebody has."""
    next: NextStep | None = None
    paged: tuple[PagedLevelView, ...] = ()
    """Oldest first."""
    answers: tuple[AcknowledgementView, ...] = ()
    more_time_until: datetime | None = None
    handed_by: str | None = None
    """Person who handed the previous escalation over."""
    handed_to: str = ""
    """Recipient of a handover, as markup; empty without one."""
    activity_asked_at: datetime | None = None
    """Time at which the acknowledger was asked to confirm activity, without any since."""

    @property
    def left_out(self) -> frozenset[str]:
        """People left out by their newest level: muted, or account closed."""
        newest = {one.user_id: one.is_skipped for level in self.paged for one in level.people}
        return frozenset(user_id for user_id, is_skipped in newest.items() if is_skipped)

    @property
    def is_waiting(self) -> bool:
        """True if an acknowledgement is needed."""
        return self.acknowledged_at is None and self.is_open and not self.is_called_off

    @property
    def can_be_handed_over(self) -> bool:
        """True if it is acknowledged and not over: it can be handed over or back."""
        is_over = self.acknowledged_at is None or not self.is_open or self.is_called_off
        return not (is_over or self.is_external or self.was_only_recorded or self.handed_to)

    def answer_of(self, user_id: str) -> AcknowledgementView | None:
        """Their active acknowledgement, if any."""
        theirs = (each for each in reversed(self.answers) if each.user_id == user_id and each.withdrawn_at is None)
        return next(theirs, None)

    @property
    def have_all_declined(self) -> bool:
        return bool(self.members) and set(self.members) <= set(self.declined_by)

    @property
    def is_stepwise(self) -> bool:
        """True with more than one level; a single level is only paged repeatedly."""
        return self.levels > 1


@dataclass(frozen=True, slots=True)
class EscalationProgress:
    """Progress of a waiting escalation. `level`: 0 before the first page."""

    policy: str
    level: int
    levels: int
    next: NextStep | None
