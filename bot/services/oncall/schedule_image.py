"""Images of schedules: their content, and their deletion from Slack after a day."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.schedule import BY_OVERRIDE, Shift, gaps_between, shifts_between
from bot.export.schedule_text import Bar, Roster
from bot.services import outbox
from bot.services.oncall.on_call_view import AHEAD, load_names, load_rota_around
from bot.services.oncall.schedule import people_between
from bot.services.outbox.timer_payloads import ImageTimer
from bot.store.shared import timers
from bot.store.shared.timers import Timer

IMAGE_CLEANUP = "forget a picture"
KEPT_FOR = timedelta(days=1)


def schedule_image_cleanup(session: Session, team_id: str, file_id: str, at: datetime) -> None:
    timers.set_timer(session, f"drawn:{file_id}", at + KEPT_FOR, IMAGE_CLEANUP, ImageTimer(team_id, file_id))


def delete_image(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    payload = ImageTimer.from_json(timer.details)
    outbox.delete_schedule_image(session, payload.team_id, at, payload.file_id)


def build_roster(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> Roster:
    """Content of the image. Raises UserError for an unknown schedule."""
    found = load_rota_around(session, settings, team_id, name, at)
    zone = found.schedule.zone
    empty = Roster(f"On call for {name} ({zone.key})", zone, at, [])
    since, until = empty.span
    shifts = shifts_between(found.schedule, found.overrides, since, until)
    names = load_names(session, team_id, {person for each in shifts for person in each.people})
    bars = [bar for each in shifts for bar in _bars(each, names)]
    return Roster(empty.title, empty.zone, at, bars, gaps_between(found.schedule, found.overrides, at, until))


def _bars(shift: Shift, names: Mapping[str, str]) -> list[Bar]:
    return [
        Bar(shift.starts_at, shift.ends_at, person, names.get(person, person), shift.layer == BY_OVERRIDE, number)
        for number, person in enumerate(shift.people)
    ]


def people_without_names(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> list[str]:
    """People of the next two weeks whose name is not known yet."""
    found = load_rota_around(session, settings, team_id, name, at)
    users = set(people_between(found, at - timedelta(days=1), at + AHEAD))
    return sorted(users - load_names(session, team_id, users).keys())
