"""People who are not to be paged for a while: on leave, asleep after a night, on a plane."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, WrongField
from bot.domain.times import When, show_time
from bot.domain.times.future import ahead, within
from bot.services import outbox as tell
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.escalation import mutes
from bot.store.escalation.mutes import Mute
from bot.store.shared import audit

LONGEST = timedelta(days=62)
REASON = 200
"""Characters of a reason that are kept."""


def mute(
    session: Session, settings: Settings, actor: Actor, user_id: str, reason: str, *, until: When | None, zone: ZoneInfo
) -> Mute:
    """
    Page somebody no more until then. One that is standing is replaced.

    Raises WrongField (`until`, `text`) and UserError for what cannot be.
    """
    is_other = user_id != actor.user_id
    if is_other:
        check_may(settings, actor, user_id)
        if not reason.strip():
            raise WrongField("text", f"Say why: <@{user_id}> is told by whom and why they are not paged.")
    if until is None:
        raise WrongField("until", "Say until when: `until:18:00`, `until:in 8 hours`, `until:tomorrow 09:00`.")
    try:
        ends_at = ahead(until, after=actor.at, zone=zone)
    except UserError as problem:
        raise WrongField("until", problem.message) from problem
    within("until", ends_at, since=actor.at, most=LONGEST)
    _withdraw(session, actor, user_id)
    row = Mute(
        team_id=actor.team_id,
        user_id=user_id,
        starts_at=actor.at,
        ends_at=ends_at,
        reason=" ".join(reason.split())[:REASON],
        by=actor.user_id,
    )
    session.add(row)
    people.meet(session, actor.team_id, [user_id], actor.at)
    _note(session, actor, user_id, "muted somebody" if is_other else "muted themselves", until=ends_at, why=row.reason)
    if is_other:
        tell.direct(
            session,
            actor.team_id,
            user_id,
            actor.at,
            "muted",
            by=actor.user_id,
            until=ends_at.isoformat(),
            text=row.reason,
        )
    return row


def check_may(settings: Settings, actor: Actor, user_id: str) -> None:
    """Raises UserError where the configuration keeps people from muting one another."""
    allowed = settings.paging.mute_others
    if allowed == "nobody":
        raise UserError("Here people mute only themselves (`[paging] mute_others` in dogwatch.toml).")
    if allowed == "team" and not _are_of_one_team(settings, actor.user_id or "", user_id):
        raise UserError(
            f"You are in no team with <@{user_id}>, and here only people of one team mute one another "
            "(`[paging] mute_others` in dogwatch.toml)."
        )


def _are_of_one_team(settings: Settings, one: str, other: str) -> bool:
    return any({one, other} <= set(team.members) for team in settings.teams.values())


def unmute(session: Session, settings: Settings, actor: Actor, user_id: str) -> None:
    """Page them again. Raises UserError if they were not muted, or it is not this person's to say."""
    if user_id != actor.user_id:
        check_may(settings, actor, user_id)
    if not _withdraw(session, actor, user_id):
        who = "You are" if user_id == actor.user_id else f"<@{user_id}> is"
        raise UserError(f"{who} not muted. Nothing was changed.")
    is_other = user_id != actor.user_id
    _note(session, actor, user_id, "unmuted somebody" if is_other else "unmuted themselves")
    if is_other:
        tell.direct(session, actor.team_id, user_id, actor.at, "unmuted", by=actor.user_id)


def _withdraw(session: Session, actor: Actor, user_id: str) -> int:
    standing = mutes.not_over(session, actor.team_id, user_id, actor.at)
    for row in standing:
        row.withdrawn_at = actor.at
        session.add(row)
    return len(standing)


def _note(
    session: Session, actor: Actor, user_id: str, what: str, *, until: datetime | None = None, why: str = ""
) -> None:
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        whom=user_id,
        until=until.isoformat() if until else None,
        why=why,
    )


def shown(row: Mute, zone: ZoneInfo) -> str:
    """Why somebody is not paged, in a few words: for the ledger and for lists."""
    until = f" until {show_time(row.ends_at, zone)}" if row.ends_at else ""
    return f"muted{until}" + (f": {row.reason}" if row.reason else "")
