"""Pages that go out in one message, in a storm: each with an answer of its own, and all of them with one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from bot.services.escalation import standing
from bot.services.escalation import start as escalating
from bot.services.paging import pages as paging
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import MENTION
from bot.store import outbox
from bot.store.escalation import escalations, pages
from bot.store.escalation.escalations import NOT_NEEDED, SENT, Page
from bot.store.incidents import incidents
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class Line:
    """
    One page of a bundle. `is_waiting`: whether its reader is still asked; else `acknowledged_by` says who answered,
    if it was that.
    """

    page_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    reason: str
    channel_id: str | None
    is_waiting: bool
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class BundleView:
    """One message, the worst first. `place`: its channel and ts, None before it was sent."""

    lines: Sequence[Line]
    names: dict[str, str]
    place: tuple[str, str] | None = None

    @property
    def waiting(self) -> Sequence[Line]:
        return [line for line in self.lines if line.is_waiting]


def begin(session: Session, settings: Settings, bundle_key: str, at: datetime) -> tuple[BundleView, ...]:
    """
    The messages of a bundle as they have to stand now: those that were sent, and the one that is to be.

    Pages that nobody needs any more are not sent, and that is kept.
    """
    rows = pages.of_bundle(session, bundle_key)
    superseded = pages.superseded(session, [row for row in rows if _is_unsent(row)], at)
    for row in rows:
        if _is_unsent(row) and (row.id in superseded or not _line(session, settings, row).is_waiting):
            _came_of(session, row.id or 0, NOT_NEEDED, at)
    session.flush()
    sent = dict.fromkeys((row.channel_id, row.message_ts) for row in rows if row.channel_id and row.message_ts)
    views = [_view(session, settings, [row for row in rows if _place(row) == place]) for place in sent]
    unsent = [row for row in rows if _is_unsent(row)]
    return tuple(views + ([_view(session, settings, unsent)] if unsent else []))


def _is_unsent(row: Page) -> bool:
    return row.outcome in {"", paging.NO_ANSWER}


def _place(row: Page) -> tuple[str | None, str | None]:
    return row.channel_id, row.message_ts


def _view(session: Session, settings: Settings, rows: Sequence[Page]) -> BundleView:
    lines = [_line(session, settings, row) for row in rows]
    lines.sort(key=lambda line: (not line.is_waiting, line.severity_rank, line.page_id))
    place = (rows[0].channel_id, rows[0].message_ts) if rows[0].channel_id and rows[0].message_ts else None
    team_id = _team_of(session, rows[0])
    quoted = " ".join(f"{line.title} {line.reason}" for line in lines)
    return BundleView(lines, people.names(session, team_id, MENTION.findall(quoted)), place)


def _team_of(session: Session, row: Page) -> str:
    found = escalations.get(session, row.escalation_id)
    return incidents.get(session, found.incident_id).team_id if found else ""


def _line(session: Session, settings: Settings, row: Page) -> Line:
    found = escalations.get(session, row.escalation_id)
    if found is None:
        raise ValueError(f"page {row.id} is of no escalation")
    incident = incidents.get(session, found.incident_id)
    severity = Severity(incident.severity)
    return Line(
        row.id or 0,
        incident.reference,
        incident.title,
        settings.severity_label(severity),
        list(Severity).index(severity) + 1,
        found.reason,
        incident.channel_id,
        paging.is_needed(session, found, incident, row),
        found.acknowledged_by,
    )


def came_of(
    session: Session, page_ids: Sequence[int], outcome: str, at: datetime, place: tuple[str, str] | None = None
) -> None:
    """Keep of each page in a message what came of it."""
    for page_id in page_ids:
        _came_of(session, page_id, outcome, at, place)


def _came_of(session: Session, page_id: int, outcome: str, at: datetime, place: tuple[str, str] | None = None) -> None:
    actor = Actor("", None, at, Origin.TIMER)
    paging.page_came_of(session, page_id, sent=outcome == SENT, outcome=outcome, actor=actor, place=place)


def with_page(session: Session, settings: Settings, page_id: int) -> BundleView:
    """The message that a page stands in, as it has to stand now. Raises UserError for a page that is none any more."""
    return _view(session, settings, _beside(session, page_id))


def _beside(session: Session, page_id: int) -> list[Page]:
    row = pages.get(session, page_id)
    if row is None or row.bundle_key is None:
        raise UserError("That page does not exist any more.")
    return [each for each in pages.of_bundle(session, row.bundle_key) if _place(each) == _place(row)]


def acknowledge(session: Session, settings: Settings, page_id: int, actor: Actor) -> None:
    """Answer one page of a bundle. Raises UserError as answering does."""
    row = pages.get(session, page_id)
    if row is None:
        raise UserError("That page does not exist any more.")
    escalating.acknowledge(session, settings, row.escalation_id, actor)


def acknowledge_all(session: Session, settings: Settings, page_id: int, actor: Actor, *, means: str = "slack") -> int:
    """Answer all pages of one message that wait. How many there were; what somebody else answered stays theirs."""
    rows = _held(session, page_id, actor)
    answered = 0
    waiting = sorted({row.escalation_id for row in rows if _line(session, settings, row).is_waiting})
    with outbox.together(session):
        for escalation_id in waiting:
            try:
                escalating.acknowledge(session, settings, escalation_id, actor, means=means)
            except UserError:
                continue  # somebody was quicker with this one
            answered += 1
    return answered


def unacknowledge_all(session: Session, settings: Settings, page_id: int, actor: Actor, *, means: str) -> None:
    """Take back what somebody answered of one message by this means, where anybody is needed still."""
    for escalation_id in sorted({row.escalation_id for row in _held(session, page_id, actor)}):
        found = escalations.get(session, escalation_id)
        given = [(each.by, each.means) for each in standing(found)] if found else []
        if (actor.user_id, means) in given:
            with suppress(UserError):  # that incident is over, or somebody was handed it: the rest is taken back
                escalating.unacknowledge(session, settings, escalation_id, actor)


def _held(session: Session, page_id: int, actor: Actor) -> list[Page]:
    """The pages of one message. What they are about is held all at once: Slack waits for three seconds."""
    rows = _beside(session, page_id)
    if any(row.user_id != actor.user_id for row in rows):
        raise UserError("These pages went to somebody else. Acknowledge each of them in its incident's channel.")
    held = escalations.hold(session, [row.escalation_id for row in rows])
    incidents.hold(session, [each.incident_id for each in held])
    escalations.read_beside(session, [each.incident_id for each in held])
    return rows
