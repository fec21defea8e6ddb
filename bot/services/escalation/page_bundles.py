"""Page bundles: several pages in one message, acknowledged one by one or all at once."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.withdraw import unacknowledge
from bot.services.escalation.state import active_acknowledgements
from bot.services.escalation.view import PRIVATE_TITLE
from bot.services.paging.page_outcomes import is_page_needed, record_page_outcome
from bot.services.paging.pages import NO_ANSWER
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import MENTION
from bot.store import outbox
from bot.store.escalation import escalations, pages, progress
from bot.store.escalation.pages import NOT_NEEDED, SENT, Page
from bot.store.incidents import incidents
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class BundledPage:
    """One page of a bundle. `is_waiting`: an acknowledgement of its reader is still needed."""

    page_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    reason: str
    channel_id: str | None
    is_waiting: bool
    acknowledged_by: str | None = None
    is_private: bool = False
    incident_id: int = 0

    def without_words(self) -> "BundledPage":
        return replace(self, title=PRIVATE_TITLE, reason="")


@dataclass(frozen=True, slots=True)
class BundleView:
    """One message, most severe pages first. `message`: channel and ts, None before sending."""

    lines: Sequence[BundledPage]
    names: dict[str, str]
    message: tuple[str, str] | None = None

    @property
    def waiting(self) -> Sequence[BundledPage]:
        return [line for line in self.lines if line.is_waiting]


def prepare_bundle(session: Session, settings: Settings, bundle_key: str, at: datetime) -> tuple[BundleView, ...]:
    """
    The messages of a bundle in their present state: sent ones, and the one to send.

    Pages that are no longer needed are recorded as such and not sent.
    """
    rows = pages.find_by_bundle(session, bundle_key)
    progress.preload_responses(session, {row.escalation_id for row in rows})
    superseded = pages.find_superseded(session, [row for row in rows if _is_unsent(row)], at)
    for row in rows:
        if _is_unsent(row) and (row.id in superseded or not _build_page(session, settings, row).is_waiting):
            _record_outcome(session, row.id or 0, NOT_NEEDED, at)
    session.flush()
    sent = dict.fromkeys((row.channel_id, row.message_ts) for row in rows if row.channel_id and row.message_ts)
    views = [_build_view(session, settings, [row for row in rows if _message_of(row) == message]) for message in sent]
    unsent = [row for row in rows if _is_unsent(row)]
    return tuple(views + ([_build_view(session, settings, unsent)] if unsent else []))


def _is_unsent(row: Page) -> bool:
    return row.outcome in {"", NO_ANSWER}


def _message_of(row: Page) -> tuple[str | None, str | None]:
    return row.channel_id, row.message_ts


def _build_view(session: Session, settings: Settings, rows: Sequence[Page]) -> BundleView:
    progress.preload_responses(session, {row.escalation_id for row in rows})
    lines = [_build_page(session, settings, row) for row in rows]
    lines.sort(key=lambda line: (not line.is_waiting, line.severity_rank, line.page_id))
    message = (rows[0].channel_id, rows[0].message_ts) if rows[0].channel_id and rows[0].message_ts else None
    team_id = _team_of(session, rows[0])
    quoted = " ".join(f"{line.title} {line.reason}" for line in lines)
    return BundleView(lines, people.find_names(session, team_id, MENTION.findall(quoted)), message)


def _team_of(session: Session, row: Page) -> str:
    found = escalations.get(session, row.escalation_id)
    return incidents.get(session, found.incident_id).team_id if found else ""


def _build_page(session: Session, settings: Settings, row: Page) -> BundledPage:
    found = escalations.get(session, row.escalation_id)
    if found is None:
        raise ValueError(f"page {row.id} has no escalation")
    incident = incidents.get(session, found.incident_id)
    severity = Severity(incident.severity)
    return BundledPage(
        row.id or 0,
        incident.reference,
        incident.title,
        settings.severity_label(severity),
        list(Severity).index(severity) + 1,
        found.reason,
        incident.channel_id,
        is_page_needed(session, found, incident, row),
        found.acknowledged_by,
        incident.is_private,
        incident.key,
    )


def record_bundle_outcome(
    session: Session, page_ids: Sequence[int], outcome: str, at: datetime, message: tuple[str, str] | None = None
) -> None:
    """Record the outcome of each page of a message."""
    for page_id in page_ids:
        _record_outcome(session, page_id, outcome, at, message)


def _record_outcome(
    session: Session, page_id: int, outcome: str, at: datetime, message: tuple[str, str] | None = None
) -> None:
    actor = Actor("", None, at, Origin.TIMER)
    record_page_outcome(session, page_id, sent=outcome == SENT, outcome=outcome, actor=actor, message=message)


def load_bundle_of_page(
    session: Session, settings: Settings, page_id: int, *, hidden: Collection[int] = ()
) -> BundleView:
    """
    The message of a page in its present state, without the words of the `hidden` incidents.

    Raises UserError if it is gone.
    """
    view = _build_view(session, settings, _pages_of_message(session, page_id))
    lines = [line.without_words() if line.incident_id in hidden else line for line in view.lines]
    return replace(view, lines=lines)


def find_bundled_incidents(session: Session, page_id: int) -> set[int]:
    """Ids of the incidents in the message of a page. Raises UserError if it is gone."""
    called = {each.escalation_id for each in _pages_of_message(session, page_id)}
    found = (escalations.get(session, escalation_id) for escalation_id in called)
    return {each.incident_id for each in found if each is not None}


def _pages_of_message(session: Session, page_id: int) -> list[Page]:
    row = pages.get(session, page_id)
    if row is None or row.bundle_key is None:
        raise UserError("That page no longer exists.")
    return [each for each in pages.find_by_bundle(session, row.bundle_key) if _message_of(each) == _message_of(row)]


def acknowledge_page(session: Session, settings: Settings, page_id: int, actor: Actor) -> None:
    """Acknowledge one page of a bundle. Raises UserError as `acknowledge` does."""
    row = pages.get(session, page_id)
    if row is None:
        raise UserError("That page no longer exists.")
    acknowledge(session, settings, row.escalation_id, actor)


def acknowledge_bundle(
    session: Session, settings: Settings, page_id: int, actor: Actor, *, method: str = "slack"
) -> int:
    """Acknowledge all waiting pages of one message; return their number."""
    rows = _lock_pages(session, page_id, actor)
    answered = 0
    waiting = sorted({row.escalation_id for row in rows if _build_page(session, settings, row).is_waiting})
    with outbox.batch(session), progress.batch(session):
        for escalation_id in waiting:
            try:
                acknowledge(session, settings, escalation_id, actor, method=method)
            except UserError:
                continue  # acknowledged by somebody else meanwhile
            answered += 1
    return answered


def unacknowledge_bundle(session: Session, settings: Settings, page_id: int, actor: Actor, *, method: str) -> None:
    """Withdraw the actor's acknowledgements of one message that were given by this method."""
    for escalation_id in sorted({row.escalation_id for row in _lock_pages(session, page_id, actor)}):
        found = escalations.get(session, escalation_id)
        given = [(each.by, each.method) for each in active_acknowledgements(session, found)] if found else []
        if (actor.user_id, method) in given:
            with suppress(UserError):  # incident over, or handed over
                unacknowledge(session, settings, escalation_id, actor)


def _lock_pages(session: Session, page_id: int, actor: Actor) -> list[Page]:
    """Lock all rows of one message at once: Slack waits for three seconds."""
    rows = _pages_of_message(session, page_id)
    if any(row.user_id != actor.user_id for row in rows):
        raise UserError("These pages went to somebody else. Acknowledge each of them in its incident's channel.")
    held = escalations.lock_all(session, [row.escalation_id for row in rows])
    incidents.lock_all(session, [each.incident_id for each in held])
    escalations.preload(session, [each.incident_id for each in held])
    return rows
