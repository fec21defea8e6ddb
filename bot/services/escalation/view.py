"""View of an escalation for messages: pages by person and method, responses, next step."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass
from bot.store.escalation.pages import SENT

WEB_METHOD = "web"
"""Method of acknowledging on the incident's page."""
DIRECT_METHODS = ("slack", "reaction", WEB_METHOD)
"""Methods of acknowledging in the incident: button or command, reaction, and page."""
PRIVATE_TITLE = "a private incident"


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
        return bool(tried) and not {"", SENT} & set(tried)


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
    """An acknowledgement. `method`: one of DIRECT_METHODS, or the label of a contact method."""

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
class EscalatedIncident:
    """The incident. `channel_id` may have changed by a merge."""

    reference: str
    title: str = ""
    severity: str = ""
    is_open: bool = True
    is_private: bool = False
    channel_id: str | None = None


@dataclass(frozen=True, slots=True)
class TargetView:
    """The target. `mention` is its markup, or a plain name."""

    mention: str
    name: str
    kind: TargetKind
    is_external: bool = False


@dataclass(frozen=True, slots=True)
class LevelProgress:
    """
    Progress of the levels. `round` counts from 0; `policy` is empty for an ad-hoc escalation.

    `more_time_until`: the next step waits for that long on request.
    """

    policy: str = ""
    level: int = 0
    levels: int = 1
    round: int = 0
    rounds: int = 1
    next: NextStep | None = None
    reminders: int = 0
    more_time_until: datetime | None = None
    is_exhausted: bool = False

    @property
    def is_stepwise(self) -> bool:
        """True with more than one level; a single level is only paged repeatedly."""
        return self.levels > 1


@dataclass(frozen=True, slots=True)
class ResponseView:
    """
    Responses of the people who are paged now (`members`).

    `needs_all`: each of the level's people has to acknowledge; `still_needed` have not, once somebody has.
    `activity_asked_at`: the acknowledger was asked to confirm activity, without any since.
    """

    members: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    declined_by: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    answers: tuple[AcknowledgementView, ...] = ()
    needs_all: bool = False
    still_needed: tuple[str, ...] = ()
    activity_asked_at: datetime | None = None

    def answer_of(self, user_id: str) -> AcknowledgementView | None:
        """Their active acknowledgement, if any."""
        theirs = (each for each in reversed(self.answers) if each.user_id == user_id and each.withdrawn_at is None)
        return next(theirs, None)

    @property
    def have_all_declined(self) -> bool:
        return bool(self.members) and set(self.members) <= set(self.declined_by)


@dataclass(frozen=True, slots=True)
class HandoverView:
    """Handover: `giver` handed over the previous escalation, `recipient` (markup) gets this one."""

    giver: str | None = None
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class EscalationView:
    """
    An escalation in one message.

    `paged` are its pages, the oldest first. `is_stopped`: its incident ended before anybody acknowledged.
    """

    escalation_id: int
    incident: EscalatedIncident
    target: TargetView
    reason: str
    asked_by: str | None
    paged_at: datetime | None
    message_ts: str | None
    is_called_off: bool = False
    is_stopped: bool = False
    was_only_recorded: bool = False
    progress: LevelProgress = field(default_factory=LevelProgress)
    responses: ResponseView = field(default_factory=ResponseView)
    handover: HandoverView = field(default_factory=HandoverView)
    paged: tuple[PagedLevelView, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    page_at: datetime | None = None
    """When somebody asked for it on the page; None for one asked for in Slack."""

    def without_words(self) -> "EscalationView":
        """The view for a person who may not read the incident."""
        return replace(self, reason="", incident=replace(self.incident, title=PRIVATE_TITLE))

    @property
    def left_out(self) -> frozenset[str]:
        """People left out by their newest level: muted, or account closed."""
        newest = {one.user_id: one.is_skipped for level in self.paged for one in level.people}
        return frozenset(user_id for user_id, is_skipped in newest.items() if is_skipped)

    @property
    def is_waiting(self) -> bool:
        """True if an acknowledgement is needed."""
        is_over = not self.incident.is_open or self.is_called_off or self.is_stopped
        return self.responses.acknowledged_at is None and not is_over

    @property
    def can_be_handed_over(self) -> bool:
        """True if it is acknowledged and not over: it can be handed over or back."""
        is_over = self.responses.acknowledged_at is None or not self.incident.is_open or self.is_called_off
        return not (is_over or self.target.is_external or self.was_only_recorded or self.handover.recipient)


@dataclass(frozen=True, slots=True)
class EscalationProgress:
    """Progress of a waiting escalation. `level`: 0 before the first page."""

    policy: str
    level: int
    levels: int
    next: NextStep | None
