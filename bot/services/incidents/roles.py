"""Assign, hand over and give up roles; each change is on the timeline."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.catchup import MissingFact
from bot.domain.errors import StateError, UserError
from bot.domain.incidents.roles import LEAD, Role
from bot.domain.record.facts import RoleAssigned
from bot.domain.terms import Kind
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.postmortem.catchup import CatchupView, load_catchup
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.access import is_of_another_workspace
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import ensure_known, refuse_bot
from bot.store.incidents import incidents, roles
from bot.store.incidents.incidents import Incident
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Result of a change. `before` held the role, None if nobody did."""

    incident: Incident
    before: str | None
    is_guest: bool = False


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """A role of this workspace with its holder and since when; None while unfilled."""

    role: Role
    user_id: str | None = None
    since: datetime | None = None


def list_role_holders(session: Session, settings: Settings, incident: Incident) -> tuple[RoleHolder, ...]:
    """Every configured role, and any other that somebody still holds."""
    now = {row.role: row for row in roles.find_by_incident(session, incident.key) if row.until is None}
    names = dict.fromkeys([*settings.role_table, *now])
    return tuple(
        RoleHolder(settings.role_named(name), row.user_id, row.since)
        if (row := now.get(name))
        else RoleHolder(settings.role_named(name))
        for name in names
    )


def assign_role(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, user_id: str, *, note: str = ""
) -> RoleChange:
    """
    Give somebody a role.

    Raises UserError if they hold it already, or cannot hold roles.
    """
    return _give_role(session, settings, incident_id, actor, name, user_id, note, is_handed_over=False)


def hand_over_role(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, user_id: str, *, note: str = ""
) -> RoleChange:
    """
    Pass a role on and post the open work in the channel.

    Without a present holder it is assigned. Raises UserError as `assign_role` does.
    """
    return _give_role(session, settings, incident_id, actor, name, user_id, note, is_handed_over=True)


def _give_role(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    name: str,
    user_id: str,
    note: str,
    *,
    is_handed_over: bool,
) -> RoleChange:
    incident = incidents.lock(session, incident_id)
    role, note = settings.role_named(name), " ".join(note.split())
    before = _current_holder(session, incident, role)
    if before == user_id:
        raise StateError(f"{_already_phrase(user_id, role)} {incident.reference} already.")
    _check_person(session, incident.team_id, user_id)
    _close_assignment(session, incident, role, actor, handed_to=user_id)
    row = _insert_assignment(session, incident, role, user_id, actor, note)
    is_handed_over = is_handed_over and before is not None
    entry = record_entry(
        session,
        incident,
        [Kind.ROLE],
        _role_fact(role, user_id, before if is_handed_over else None, note),
        actor,
        role=role.name,
        role_label=role.label,
        user=user_id,
        user_before=before,
        handed_over=is_handed_over or None,
        role_id=row.id,
    )
    ensure_known(session, incident.team_id, [user_id], actor.at)
    _set_lead(session, incident, role, user_id)
    _post_role_change(session, settings, incident, actor, row, entry, before)
    person = people.get(session, incident.team_id, user_id)
    return RoleChange(incident, before, is_guest=person is not None and person.is_guest)


def _insert_assignment(
    session: Session, incident: Incident, role: Role, user_id: str, actor: Actor, note: str
) -> IncidentRole:
    row = IncidentRole(
        team_id=incident.team_id,
        incident_id=incident.key,
        role=role.name,
        user_id=user_id,
        since=actor.at,
        assigned_by=actor.user_id,
        note=note or None,
    )
    session.add(row)
    session.flush()
    return row


def _role_fact(role: Role, user_id: str | None, before: str | None, note: str = "") -> RoleAssigned:
    return RoleAssigned(role.name, role.label, user_id, before, note)


def _set_lead(session: Session, incident: Incident, role: Role, user_id: str | None) -> None:
    if role.name == LEAD:
        incident.lead = user_id
        session.add(incident)
        refresh_milestones(session, incident)


def _post_role_change(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    row: IncidentRole,
    entry: TimelineEntry,
    before: str | None,
) -> None:
    """Tell the channel, the new holder, and a previous one who did not pass the role on."""
    outbox.invite_users(session, incident, actor.at, [row.user_id], [])
    label = settings.role_named(row.role).label
    values = {"by": actor.user_id, "person": row.user_id, "before": before, "role": row.role, "label": label}
    if entry.values.handed_over:
        open_work = _open_work(load_catchup(session, settings, incident.key, actor.at))
        outbox.post_event(session, incident, "handed over", actor.at, entry_id=entry.key, **values, **open_work)
    elif row.role == LEAD:
        outbox.post_event(
            session, incident, "lead", actor.at, entry_id=entry.key, by=actor.user_id, lead=row.user_id, before=before
        )
    else:
        outbox.post_event(session, incident, "role", actor.at, entry_id=entry.key, **values)
    outbox.post_role_briefing(session, incident, actor.at, row.user_id, row.id or 0)
    if before is not None and before != actor.user_id:
        outbox.post_event_to_user(session, incident, actor.at, before, "role passed on", **values)
    outbox.refresh_card(session, incident, actor.at)


def _already_phrase(user_id: str, role: Role) -> str:
    return f"<@{user_id}> leads" if role.name == LEAD else f"<@{user_id}> is {role.label} of"


def can_hold_role(session: Session, team_id: str, user_id: str) -> bool:
    """False for bots, closed accounts and people of other workspaces."""
    try:
        _check_person(session, team_id, user_id)
    except UserError:
        return False
    return True


def _check_person(session: Session, team_id: str, user_id: str) -> None:
    person = people.get(session, team_id, user_id)
    refuse_bot(session, team_id, user_id)
    if person and person.is_deleted:
        raise UserError(f"<@{user_id}> is no longer a member of this workspace. Name somebody else.")
    if person and is_of_another_workspace(team_id, person.home_team_id):
        raise UserError(
            f"<@{user_id}> is in another workspace and cannot use commands. Name a member of this workspace."
        )


def _current_holder(session: Session, incident: Incident, role: Role) -> str | None:
    if role.name == LEAD:
        return incident.lead
    row = roles.find_holder(session, incident.key, role.name)
    return row.user_id if row else None


def _close_assignment(session: Session, incident: Incident, role: Role, actor: Actor, *, handed_to: str | None) -> None:
    """End the present assignment of a role."""
    row = roles.find_holder(session, incident.key, role.name)
    if row is not None:
        row.until, row.handed_to = actor.at, handed_to
        session.add(row)
        session.flush()


def _open_work(view: CatchupView) -> dict[str, object]:
    """Amounts of open work at the time of the hand-over; the page has the details."""
    catchup = view.catchup
    return {
        "calls": len(catchup.waiting),
        "tasks": len(catchup.tasks),
        "hypotheses": len(catchup.open_hypotheses),
        "lacks": [each.value for each in catchup.missing if each is not MissingFact.LEAD],
        "page": view.page_url,
    }


def give_up_role(session: Session, settings: Settings, incident_id: int, actor: Actor, name: str) -> RoleChange:
    """Leave a role unfilled. Raises UserError if nobody holds it."""
    incident = incidents.lock(session, incident_id)
    role = settings.role_named(name)
    before = _current_holder(session, incident, role)
    if before is None:
        raise StateError(f"Nobody is {role.label} of {incident.reference}. Nothing was changed.")
    _close_assignment(session, incident, role, actor, handed_to=None)
    entry = record_entry(
        session,
        incident,
        [Kind.ROLE],
        _role_fact(role, None, before),
        actor,
        role=role.name,
        role_label=role.label,
        user_before=before,
    )
    _set_lead(session, incident, role, None)
    outbox.post_event(
        session,
        incident,
        "role given up",
        actor.at,
        entry_id=entry.key,
        by=actor.user_id,
        before=before,
        role=role.name,
        label=role.label,
    )
    outbox.refresh_card(session, incident, actor.at)
    return RoleChange(incident, before)
