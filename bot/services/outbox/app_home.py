"""App Home of those who look at it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, What
from bot.store import outbox
from bot.store.outbox import Wanted
from bot.store.shared import people

HOME_OPEN = timedelta(minutes=30)
"""How long somebody is taken to look at App Home after they opened it: Slack does not say when they leave."""
HOMES = 20
"""People whose Home follows a change at once. Whoever opens it gets it fresh in any case."""
LOOKING = "who looks at App Home"


def show_home(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """App Home of one person, as things stand when it is sent."""
    outbox.put_all(session, _home(team_id, user_id, at))


def _home(team_id: str, user_id: str, at: datetime) -> Wanted:
    return Wanted(
        lane=f"home:{user_id}",
        what=What.HOME,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.HOME],
        target=f"home:{team_id}:{user_id}",
        details={"user_id": user_id},
    )


def show_homes(session: Session, team_id: str, at: datetime) -> None:
    """What those who look at App Home see may have changed. Who looks is asked once a transaction."""
    looking: dict[str, list[str]] = session.info.setdefault(LOOKING, {})
    if team_id not in looking:
        looking[team_id] = people.with_home_open(session, team_id, at - HOME_OPEN, HOMES)
    if looking[team_id]:
        outbox.put_all(session, *(_home(team_id, user_id, at) for user_id in sorted(looking[team_id])))
