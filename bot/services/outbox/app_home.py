"""App Home rows."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, OutboxKind
from bot.services.outbox.payloads import UserPayload
from bot.store import outbox
from bot.store.database.transaction_state import transaction_state
from bot.store.outbox import Effect
from bot.store.shared import people

HOME_OPEN = timedelta(minutes=30)
"""Time after opening during which App Home is refreshed: Slack does not report closing it."""
MAX_OPEN_HOMES = 20
"""People whose open Home is refreshed at each change. Opening it refreshes it in any case."""


def refresh_home(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    outbox.enqueue_all(session, _home_row(team_id, user_id, at))


def _home_row(team_id: str, user_id: str, at: datetime) -> Effect:
    return Effect(
        lane=f"home:{user_id}",
        kind=OutboxKind.HOME,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.HOME],
        target=f"home:{team_id}:{user_id}",
        payload=UserPayload(user_id),
    )


def refresh_open_homes(session: Session, team_id: str, at: datetime) -> None:
    """Refresh App Home of those who have it open, after a change that it may show."""
    open_homes = transaction_state(session).open_homes
    if team_id not in open_homes:
        with session.no_autoflush:  # what waits to be written is not about them
            open_homes[team_id] = people.find_home_viewers(session, team_id, at - HOME_OPEN, MAX_OPEN_HOMES)
    if open_homes[team_id]:
        outbox.enqueue_all(session, *(_home_row(team_id, user_id, at) for user_id in sorted(open_homes[team_id])))
