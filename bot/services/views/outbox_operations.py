"""
Outbox for operators: pending and failed rows; retry or drop them.

`outbox_wording` has the texts.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.slack_app.api_errors import ErrorExplanation, explain_error
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.lazy_dataclass import dataclass
from bot.services.outbox import OutboxKind, refresh_announcement, refresh_card
from bot.services.views.outbox_wording import describe_act
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import MENTION
from bot.store import outbox
from bot.store.incidents import incidents
from bot.store.outbox import inspection
from bot.store.outbox.locking import lock_rows
from bot.store.shared import audit

REPORTED_ONCE = frozenset({OutboxKind.PIN_CARD})
"""Dispensable steps: their missing scope is reported once, and not on every card."""


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """Ids of changed rows, and of those dropped `along` because they depend on a dropped row."""

    rows: Sequence[int]
    along: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A failed step of an incident."""

    act: str
    refusal: ErrorExplanation
    whom: Sequence[str] = ()
    """Mentions of the people concerned."""

    @property
    def sentence(self) -> str:
        about = f" ({', '.join(self.whom)})" if self.whom else ""
        return f"{self.act}{about}: {self.refusal.sentence}"


def list_failed_steps(session: Session, incident_id: int) -> list[FailedStep]:
    """Failed steps of an incident without repetition, in the order of failing."""
    found: dict[str, FailedStep] = {}
    for row in outbox.find_failures(session, incident_id):
        if row.kind in REPORTED_ONCE and is_missing_permission(row.error):
            continue
        whom = [f"<@{user}>" for user in dict.fromkeys(MENTION.findall(row.error or ""))]
        problem = FailedStep(describe_act(row.kind), explain_error(row.error), whom)
        found.setdefault(problem.sentence, problem)
    return list(found.values())


def change_rows(session: Session, action: str, keys: Sequence[int] | None, at: datetime, origin: Origin) -> ChangedRows:
    """`retry` or `drop` these rows; `keys` None: retry all that failed."""
    actor = Actor("", None, at, origin)
    if action == "drop":
        return drop_rows(session, keys or [], actor)
    return ChangedRows(retry_all_rows(session, actor) if keys is None else retry_rows(session, keys, actor))


def retry_rows(session: Session, keys: Collection[int], actor: Actor) -> list[int]:
    """Queue refused or given-up rows again. Returns the rows that were queued."""
    lock_rows(session, keys, OutboxKind.CREATE_CHANNEL)
    return _apply_to_rows(session, keys, actor, outbox.retry_row, "tried again")


def retry_all_rows(session: Session, actor: Actor) -> list[int]:
    return retry_rows(session, inspection.find_failed_ids(session), actor)


def retry_incident_rows(session: Session, incident_id: int, actor: Actor) -> list[int]:
    """Raises UserError if nothing of the incident failed, or somebody else was faster."""
    done = retry_rows(session, inspection.find_failed_ids(session, incident_id), actor)
    if not done:
        raise UserError("Nothing to try again: it was done or tried again meanwhile.")
    return done


def drop_rows(session: Session, keys: Collection[int], actor: Actor) -> ChangedRows:
    """
    Drop rows for good; rows that are being sent, or were sent, are left alone.

    Rows that wait for a channel go with the row that would create it.
    """
    behind = lock_rows(session, keys, OutboxKind.CREATE_CHANNEL)
    done = _apply_to_rows(session, keys, actor, outbox.drop_row, "dropped")
    along = _apply_to_rows(session, set(behind) - set(keys), actor, outbox.drop_row, "dropped")
    return ChangedRows(done, along)


def _apply_to_rows(
    session: Session, keys: Collection[int], actor: Actor, act: Callable[[Session, int, datetime], bool], what: str
) -> list[int]:
    """Apply `act` to the rows, audit it, and refresh the incidents. All are locked."""
    done = [key for key in sorted(set(keys)) if act(session, key, actor.at)]
    _refresh_incidents(session, {_audit_row(session, key, what, actor) for key in done}, actor.at)
    return done


def _audit_row(session: Session, key: int, what: str, actor: Actor) -> int | None:
    row = outbox.get(session, key)
    audit.record(
        session,
        at=actor.at,
        team_id=row.team_id,
        action=f"outbox {what}",
        origin=actor.origin,
        user_id=actor.user_id,
        incident_id=row.incident_id,
        row=key,
        kind=row.kind,
    )
    return row.incident_id


def _refresh_incidents(session: Session, of_incidents: set[int | None], at: datetime) -> None:
    """Refresh the cards; without a channel there is only the announcement."""
    for incident_id in sorted(each for each in of_incidents if each is not None):
        incident = incidents.get(session, incident_id)
        if incident.channel_id is None:
            refresh_announcement(session, incident, at)
        else:
            refresh_card(session, incident, at)
