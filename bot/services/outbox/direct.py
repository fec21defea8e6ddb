"""People directly, about something that is no page; and what the bot has to learn, or to say, about a workspace."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, What
from bot.services.outbox.rows import put_direct
from bot.store import outbox
from bot.store.incidents.incidents import Incident


def tell_person(session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any) -> None:
    """Write to one person directly about something that is no page."""
    put_direct(session, What.SAY, incident.team_id, user_id, at, incident=incident, event=event, values=values)


def brief(session: Session, incident: Incident, at: datetime, user_id: str, role_id: int) -> None:
    """Tell somebody directly what the role is that they got, and where the incident stands when it is sent."""
    put_direct(session, What.BRIEF, incident.team_id, user_id, at, incident=incident, role_id=role_id)


def direct(session: Session, team_id: str, user_id: str, at: datetime, event: str, **values: Any) -> None:
    """Write to one person directly about something that is of no incident."""
    put_direct(session, What.DIRECT, team_id, user_id, at, event=event, values=values)


def learn_person(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Ask Slack who this is."""
    outbox.put(
        session,
        lane="people",
        what=What.LEARN_PERSON,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.LEARN_PERSON],
        target=f"person:{user_id}",
        user_id=user_id,
    )


def notice(session: Session, team_id: str, at: datetime, keys: Collection[str]) -> None:
    """Say once in the incidents channel what the app or the workspace lacks."""
    outbox.put(
        session,
        lane="notices",
        what=What.NOTICE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.NOTICE],
        keys=list(keys),
    )
