"""Store fetched on-call calendars; the last good copy survives failures."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.calendar_matching import CalendarCopy, copy_from_json, copy_to_json
from bot.lazy_dataclass import dataclass
from bot.services.oncall.calendar_subprocess import WALL_SECONDS, read_in_subprocess
from bot.store.escalation import calendars

REREAD_AFTER = timedelta(days=1)
"""Interval at which an unchanged calendar is read again, for occurrences of recurring events."""
LOOKUP_VALID_FOR = timedelta(hours=1)
"""Validity of Slack lookups by e-mail address."""


@dataclass(frozen=True, slots=True)
class Validators:
    """HTTP validators for conditional requests; None where the server sent none."""

    etag: str | None = None
    modified: str | None = None


def calendar_source(settings: Settings, name: str) -> str:
    """Digest of address and zone, which does not reveal the address."""
    where = settings.calendar_address(name) or str(settings.calendar_file(name))
    zone = settings.schedules[name].zone
    return sha256(f"{where} {zone} {settings.incidents.zone}".encode()).hexdigest()[:16]


async def read_calendar(
    text: str, settings: Settings, name: str, now: datetime, seconds: float = WALL_SECONDS
) -> CalendarCopy:
    """Read in a process of its own. Raises InvalidCalendar, also after `seconds`."""
    zone, default = settings.schedules[name].zone, settings.incidents.zone
    source = calendar_source(settings, name)
    return await read_in_subprocess(text, source, now, zone=zone, default=default, seconds=seconds)


@dataclass(frozen=True, slots=True)
class KnownCalendar:
    """
    State of the stored copy: validators, and user ids by e-mail address (may be empty).

    `found_at`: time of the lookup in Slack; None if it has expired.
    """

    validators: Validators = Validators()
    people: Mapping[str, str] = field(default_factory=dict)
    found_at: datetime | None = None


def load_known_calendar(session: Session, settings: Settings, name: str, now: datetime) -> KnownCalendar:
    """Load the stored state; without validators if the calendar has to be read again."""
    kept = calendars.get(session, name)
    if kept is None or kept.body is None:
        return KnownCalendar()
    copy = copy_from_json(kept.body)
    is_fresh = abs(now - copy.read_at) < REREAD_AFTER and copy.source == calendar_source(settings, name)
    asked_at = copy.found_at if copy.found_at is not None and abs(now - copy.found_at) < LOOKUP_VALID_FOR else None
    needs_asking = asked_at is None and (copy.found_at is None or bool(copy.found))
    said = Validators(kept.etag, kept.modified) if is_fresh and not needs_asking else Validators()
    return KnownCalendar(said, dict(copy.found), asked_at)


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """Changes to log for a calendar. `problems`: only new ones."""

    can_be_read_again: bool = False
    problems: tuple[str, ...] = ()


def record_fetched(
    session: Session, name: str, copy: CalendarCopy | None, said: Validators, at: datetime
) -> CalendarChange:
    """Store a fetched calendar; None if it is unchanged."""
    kept = calendars.get(session, name)
    if kept is None:  # the schedule was removed meanwhile
        return CalendarChange()
    is_back = kept.problem is not None
    kept.problem, kept.fetched_at = None, at
    problems: tuple[str, ...] = ()
    if copy is not None:
        before = copy_from_json(kept.body).problems if kept.body else ()
        problems = tuple(each for each in copy.problems if each not in before)
        kept.body, kept.etag, kept.modified = copy_to_json(copy), said.etag, said.modified
    session.add(kept)
    return CalendarChange(is_back, problems)


def record_failure(session: Session, name: str, problem: str) -> bool:
    """Record a problem beside the last good copy. True if it is new."""
    kept = calendars.get(session, name)
    if kept is None or kept.problem == problem:
        return False
    kept.problem = problem
    session.add(kept)
    return True
