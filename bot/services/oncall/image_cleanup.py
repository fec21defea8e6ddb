"""Pictures of who is on call are files in Slack: they go a day after they were shown, because nobody looks any more."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services import outbox as tell
from bot.store.shared import timers
from bot.store.shared.timers import Timer

FORGET = "forget a picture"
SHOWN_FOR = timedelta(days=1)


def forget_later(session: Session, team_id: str, file_id: str, at: datetime) -> None:
    timers.set_timer(session, f"drawn:{file_id}", at + SHOWN_FOR, FORGET, team_id=team_id, file_id=file_id)


def forget(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    tell.forget_drawn(session, str(timer.details["team_id"]), at, str(timer.details["file_id"]))
