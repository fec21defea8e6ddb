"""Mutes: people who are not paged for a while."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, StateError, UserError, errors_at
from bot.domain.times import ParsedTime, format_time
from bot.domain.times.future import check_end_within, resolve_future_time
from bot.services import outbox
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known, refuse_bot
from bot.store.escalation import mutes
from bot.store.escalation.mutes import Mute

MAX_MUTE = timedelta(days=62)
MAX_REASON = 200
"""Longest stored reason, in characters."""


def mute_person(
    session: Session,
    settings: Settings,
    actor: Actor,
    user_id: str,
    reason: str,
    *,
    until: ParsedTime | None,
    zone: ZoneInfo,
) -> Mute:
    """
    Mute a person until a time; replaces an active mute.

    Raises InvalidField or InvalidFields (`person`, `until`, `text`) and UserError.
    """
    is_other = user_id != actor.user_id
    errors = ErrorCollector()
    if is_other:
        with errors.collect(), errors_at("person"):
            refuse_bot(session, actor.team_id, user_id)
            check_may_mute(settings, actor, user_id)
        with errors.collect():
            if not reason.strip():
                raise InvalidField("text", f"Add a reason. <@{user_id}> gets a message with it and your name.")
    with errors.collect():
        ends_at = _check_end(until, actor.at, zone)
    errors.check()
    _withdraw(session, actor, user_id)
    row = Mute(
        team_id=actor.team_id,
        user_id=user_id,
        starts_at=actor.at,
        ends_at=ends_at,
        reason=" ".join(reason.split())[:MAX_REASON],
        by=actor.user_id,
    )
    session.add(row)
    ensure_known(session, actor.team_id, [user_id], actor.at)
    action = "muted somebody" if is_other else "muted themselves"
    _note_audit(session, actor, user_id, action, until=ends_at, why=row.reason)
    if is_other:
        values = {"by": actor.user_id, "until": ends_at.isoformat(), "text": row.reason}
        outbox.post_direct_message(session, actor.team_id, user_id, actor.at, "muted", **values)
    return row


def _check_end(until: ParsedTime | None, now: datetime, zone: ZoneInfo) -> datetime:
    if until is None:
        raise InvalidField(
            "until", "A mute needs an end. Add `until:18:00`, `until:in 8 hours` or `until:tomorrow 09:00`."
        )
    try:
        ends_at = resolve_future_time(until, after=now, zone=zone)
    except UserError as problem:
        raise InvalidField("until", problem.message) from problem
    check_end_within("until", ends_at, since=now, most=MAX_MUTE)
    return ends_at


def check_may_mute(settings: Settings, actor: Actor, user_id: str) -> None:
    """Raise UserError if the configuration forbids muting that person."""
    allowed = settings.paging.mute_others
    if allowed == "nobody":
        raise StateError("You can mute only yourself (`[paging] mute_others` in dogwatch.toml).")
    if allowed == "team" and not _are_of_one_team(settings, actor.user_id or "", user_id):
        raise StateError(
            f"You share no team with <@{user_id}>. Only people of one team can mute one another "
            "(`[paging] mute_others` in dogwatch.toml)."
        )


def _are_of_one_team(settings: Settings, one: str, other: str) -> bool:
    return any({one, other} <= set(team.members) for team in settings.teams.values())


def unmute_person(session: Session, settings: Settings, actor: Actor, user_id: str) -> None:
    """End a mute. Raises UserError if there is none, or it is forbidden."""
    if user_id != actor.user_id:
        check_may_mute(settings, actor, user_id)
    if not _withdraw(session, actor, user_id):
        who = "You are" if user_id == actor.user_id else f"<@{user_id}> is"
        raise StateError(f"{who} not muted. Nothing was changed.")
    is_other = user_id != actor.user_id
    _note_audit(session, actor, user_id, "unmuted somebody" if is_other else "unmuted themselves")
    if is_other:
        outbox.post_direct_message(session, actor.team_id, user_id, actor.at, "unmuted", by=actor.user_id)


def _withdraw(session: Session, actor: Actor, user_id: str) -> int:
    active = mutes.find_unfinished(session, actor.team_id, user_id, actor.at)
    for row in active:
        row.withdrawn_at = actor.at
        session.add(row)
    return len(active)


def _note_audit(
    session: Session, actor: Actor, user_id: str, what: str, *, until: datetime | None = None, why: str = ""
) -> None:
    audit_action(session, actor, what, whom=user_id, until=until.isoformat() if until else None, why=why)


def describe_mute(row: Mute, zone: ZoneInfo) -> str:
    """A mute in a few words, for messages and lists."""
    until = f" until {format_time(row.ends_at, zone)}" if row.ends_at else ""
    return f"muted{until}" + (f": {row.reason}" if row.reason else "")
