"""Read models of the pages for admins, without private incidents of others."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlmodel import Session

from bot.domain.text.mentions import resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services.views.outbox_overview import OutboxOverview, load_outbox_overview
from bot.store.incidents import incident_lists
from bot.store.incidents.visibility import Visibility
from bot.store.shared import audit, people
from bot.store.shared.audit import RecordedAction

PAGE_SIZE = 100
MAX_DETAIL = 200
"""Characters of a detail that are shown."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """
    The actions to show: of a person, with a part of the action's words, on some days.

    `person` is a name, a handle or an id. Days are those of the viewer's zone. `before` is the number of the row after
    which the page begins, None: the newest.
    """

    person: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.person or self.action or self.since or self.until)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An action in words. `person`: None for a machine; `incident`: reference, or None."""

    at: datetime
    person: str | None
    action: str
    origin: str
    incident: str | None
    details: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`older`: begin of the next page, None on the last. `is_unknown`: nobody has the name."""

    zone: tzinfo
    lines: Sequence[AuditLine]
    older: int | None
    is_unknown: bool = False


def load_outbox_page(session: Session, visibility: Visibility, at: datetime) -> tuple[OutboxOverview, Sequence[str]]:
    """The outbox, and the references of incidents that the viewer must not see."""
    return load_outbox_overview(session, at), incident_lists.find_hidden_references(session, visibility)


def load_audit_page(session: Session, zone: tzinfo, visibility: Visibility, chosen: AuditFilter) -> AuditPage:
    """`zone`: that of the viewer, in which the filter's days are meant."""
    team_id = visibility.team_id
    wanted = _find_id(session, team_id, chosen.person) if chosen.person else None
    if chosen.person and wanted is None:
        return AuditPage(zone, [], None, is_unknown=True)
    rows = audit.find_recent(
        session,
        visibility,
        limit=PAGE_SIZE + 1,
        before=chosen.before,
        user_id=wanted,
        action=chosen.action,
        since=datetime.combine(chosen.since, time(), zone) if chosen.since else None,
        until=datetime.combine(chosen.until + timedelta(days=1), time(), zone) if chosen.until else None,
    )
    shown = rows[:PAGE_SIZE]
    names = {user: known[0] for user, known in people.find_all_names(session, team_id).items()}
    return AuditPage(
        zone, [_audit_line(each, names) for each in shown], shown[-1].key if len(rows) > PAGE_SIZE else None
    )


def _find_id(session: Session, team_id: str, typed: str) -> str | None:
    wanted = typed.strip().removeprefix("@")
    found = people.get(session, team_id, wanted) or people.find_by_handle(session, team_id, wanted)
    return found.user_id if found else None


def _audit_line(row: RecordedAction, names: Mapping[str, str]) -> AuditLine:
    person = names.get(row.user_id, row.user_id) if row.user_id else None
    details = [(name, _detail(value, names)) for name, value in row.details.items() if value not in (None, "", [])]
    return AuditLine(row.at, person, row.action, row.origin, row.reference, details)


def _detail(value: Any, names: Mapping[str, str]) -> str:
    """A value as text, people by name."""
    if isinstance(value, list):
        return ", ".join(_detail(each, names) for each in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = names.get(text) or resolve_mentions(text, names)
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"
