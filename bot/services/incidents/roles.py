"""Who takes which part in an incident: given, handed over and given up, each with its place in the record."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.catchup.catchup import Missing
from bot.domain.errors import UserError
from bot.domain.incidents.roles import LEAD, Role
from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import Kind
from bot.services import outbox as tell
from bot.services.postmortem import catchup
from bot.services.postmortem.catchup import CatchupView
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.workspace import access, people
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents, roles
from bot.store.incidents.incidents import Incident
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people as store_people


@dataclass(frozen=True, slots=True)
class Given:
    """What came of it: who had the role before, None if nobody had."""

    incident: Incident
    before: str | None
    is_guest: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A role of this workspace, and who has it since when; None while nobody has."""

    role: Role
    user_id: str | None = None
    since: datetime | None = None


def held(session: Session, settings: Settings, incident: Incident) -> tuple[Held, ...]:
    """Every role of the workspace, and any other that somebody still has."""
    now = {row.role: row for row in roles.of_incident(session, incident.key) if row.until is None}
    names = dict.fromkeys([*settings.role_table, *now])
    found = [
        Held(settings.role_named(name), row.user_id, row.since)
        if (row := now.get(name))
        else Held(settings.role_named(name))
        for name in names
    ]
    return tuple(_by_the_lead_column(each, incident) for each in found)


def _by_the_lead_column(each: Held, incident: Incident) -> Held:
    """A replica of the release before writes the lead's column alone."""
    if each.role.name != LEAD or each.user_id == incident.lead:
        return each
    return Held(each.role, incident.lead)


def assign(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, user_id: str, *, note: str = ""
) -> Given:
    """Give somebody a role. Raises UserError if they have it already, or are nobody who can have one."""
    return _give(session, settings, incident_id, actor, name, user_id, note, is_handed_over=False)


def hand_over(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, user_id: str, *, note: str = ""
) -> Given:
    """
    Pass a role on, from whoever has it to somebody else. The channel is told what is open.

    Where nobody has it, it is given. Raises UserError as `assign` does.
    """
    return _give(session, settings, incident_id, actor, name, user_id, note, is_handed_over=True)


def _give(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    name: str,
    user_id: str,
    note: str,
    *,
    is_handed_over: bool,
) -> Given:
    incident = incidents.lock(session, incident_id)
    role, note = settings.role_named(name), " ".join(note.split())
    before = _holder(session, incident, role)
    if before == user_id:
        raise UserError(f"{_is_already(user_id, role)} {incident.reference} already.")
    _check_person(session, incident.team_id, user_id)
    _close(session, incident, role, actor, handed_to=user_id)
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
    is_handed_over = is_handed_over and before is not None
    entry = timeline.record(
        session,
        incident,
        [Kind.ROLE],
        _sentence(role, user_id, before if is_handed_over else None, note),
        actor,
        role=role.name,
        role_label=role.label,
        user=user_id,
        user_before=before,
        handed_over=is_handed_over or None,
        role_id=row.id,
    )
    people.meet(session, incident.team_id, [user_id], actor.at)
    _set_lead(session, incident, role, user_id)
    _tell(session, settings, incident, actor, row, entry, before)
    person = store_people.get(session, incident.team_id, user_id)
    return Given(incident, before, is_guest=person is not None and person.is_guest)


def _sentence(role: Role, user_id: str | None, before: str | None, note: str = "") -> str:
    return own_words.with_note(own_words.role_given(role.name, role.label, user_id, before), note)


def _set_lead(session: Session, incident: Incident, role: Role, user_id: str | None) -> None:
    if role.name == LEAD:
        incident.lead = user_id
        session.add(incident)
        milestones.refresh(session, incident)


def _tell(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    row: IncidentRole,
    entry: TimelineEntry,
    before: str | None,
) -> None:
    """The channel, whoever got the role, and whoever had it if it was another who passed it on."""
    tell.invite(session, incident, actor.at, [row.user_id], [])
    label = settings.role_named(row.role).label
    values = {"by": actor.user_id, "person": row.user_id, "before": before, "role": row.role, "label": label}
    if entry.details.get("handed_over"):
        left = _what_is_open(catchup.view(session, settings, incident.key, actor.at))
        tell.say(session, incident, "handed over", actor.at, entry_id=entry.key, **values, **left)
    elif row.role == LEAD:
        tell.say(
            session, incident, "lead", actor.at, entry_id=entry.key, by=actor.user_id, lead=row.user_id, before=before
        )
    else:
        tell.say(session, incident, "role", actor.at, entry_id=entry.key, **values)
    tell.brief(session, incident, actor.at, row.user_id, row.id or 0)
    if before is not None and before != actor.user_id:
        tell.tell_person(session, incident, actor.at, before, "role passed on", **values)
    tell.show_card(session, incident, actor.at)


def _is_already(user_id: str, role: Role) -> str:
    return f"<@{user_id}> leads" if role.name == LEAD else f"<@{user_id}> is {role.label} of"


def can_have_one(session: Session, team_id: str, user_id: str) -> bool:
    """Whether somebody can have a role at all."""
    try:
        _check_person(session, team_id, user_id)
    except UserError:
        return False
    return True


def _check_person(session: Session, team_id: str, user_id: str) -> None:
    person = store_people.get(session, team_id, user_id)
    installation = incidents.installation(session)
    if (person and person.is_bot) or (installation and installation.bot_user_id == user_id):
        raise UserError(f"<@{user_id}> is a bot. Name a person.")
    if person and person.is_deleted:
        raise UserError(f"<@{user_id}> is no member of this workspace any more. Name somebody else.")
    if person and access.is_of_another_workspace(team_id, person.home_team_id):
        raise UserError(
            f"<@{user_id}> is of another workspace and cannot command Dogwatch. Name somebody of this workspace."
        )


def _holder(session: Session, incident: Incident, role: Role) -> str | None:
    if role.name == LEAD:
        return incident.lead
    row = roles.holder(session, incident.key, role.name)
    return row.user_id if row else None


def _close(session: Session, incident: Incident, role: Role, actor: Actor, *, handed_to: str | None) -> None:
    """Whoever has the role has it no more."""
    row = roles.holder(session, incident.key, role.name)
    if row is None and role.name == LEAD and incident.lead:  # given by a replica of the release before
        row = IncidentRole(
            team_id=incident.team_id,
            incident_id=incident.key,
            role=LEAD,
            user_id=incident.lead,
            since=incident.acknowledged_at or incident.declared_at,
        )
    if row is not None:
        row.until, row.handed_to = actor.at, handed_to
        session.add(row)
        session.flush()


def _what_is_open(view: CatchupView) -> dict[str, object]:
    """In numbers, as it was at the hand-over; the page has the whole of it."""
    told = view.catchup
    return {
        "calls": len(told.waiting),
        "tasks": len(told.tasks),
        "hypotheses": len(told.open_hypotheses),
        "lacks": [each.value for each in told.missing if each is not Missing.LEAD],
        "page": view.page_url,
    }


def give_up(session: Session, settings: Settings, incident_id: int, actor: Actor, name: str) -> Given:
    """Nobody has the role from now on. Raises UserError if nobody had it."""
    incident = incidents.lock(session, incident_id)
    role = settings.role_named(name)
    before = _holder(session, incident, role)
    if before is None:
        raise UserError(f"Nobody is {role.label} of {incident.reference}, and nothing was changed.")
    _close(session, incident, role, actor, handed_to=None)
    entry = timeline.record(
        session,
        incident,
        [Kind.ROLE],
        _sentence(role, None, before),
        actor,
        role=role.name,
        role_label=role.label,
        user_before=before,
    )
    _set_lead(session, incident, role, None)
    tell.say(
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
    tell.show_card(session, incident, actor.at)
    return Given(incident, before)


def assignment(session: Session, role_id: int) -> IncidentRole:
    """Raises UserError for one that does not exist."""
    row = session.get(IncidentRole, role_id)
    if row is None:
        raise UserError("Nobody was given this role. Nothing was changed.")
    return row


def predecessor(session: Session, row: IncidentRole) -> IncidentRole | None:
    """Whoever had the role up to the moment at which it was given."""
    of_role = [each for each in roles.of_incident(session, row.incident_id) if each.role == row.role]
    return next((e for e in of_role if e.until == row.since and e.handed_to == row.user_id and e.id != row.id), None)


def took(session: Session, settings: Settings, role_id: int, actor: Actor) -> None:
    """
    Whoever got a role says that they have it: those from whom they have it hear so.

    Raises UserError for a role that has passed to somebody else meanwhile, or that is another's.
    """
    row = assignment(session, role_id)
    if row.user_id != actor.user_id:
        raise UserError("This is another's role. Nothing was changed.")
    incident, role = incidents.lock(session, row.incident_id), settings.role_named(row.role)
    if row.until is not None:
        raise UserError(f"{role.label} of {incident.reference} is somebody else by now: see its card.")
    before = predecessor(session, row)
    waiting = {before.user_id if before else None, row.assigned_by} - {None, row.user_id}
    for user_id in sorted(filter(None, waiting)):
        tell.tell_person(
            session, incident, actor.at, user_id, "role taken", by=row.user_id, role=row.role, label=role.label
        )
