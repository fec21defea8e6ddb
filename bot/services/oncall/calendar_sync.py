"""The calendars that are schedules: what was fetched is read and kept; the last good copy outlives every failure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.calendar_schedule import Copy, as_json, from_json
from bot.domain.oncall.icalendar_reader import from_calendar
from bot.store.escalation import calendars

BACK, AHEAD = timedelta(days=7), timedelta(days=183)
READ_ANEW = timedelta(days=1)
"""So often a calendar is read again that has not changed: events that repeat go on, and `AHEAD` with them."""
ASK_AGAIN = timedelta(hours=1)
"""So long it counts what Slack knows of a mail address: people come and go."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of its answer, to be asked whether there is another one. None: it did not."""

    etag: str | None = None
    modified: str | None = None


def source_of(settings: Settings, name: str) -> str:
    """Tells copies apart that were read from elsewhere or for another zone, without giving the address away."""
    where = settings.calendar_address(name) or str(settings.calendar_file(name))
    zone = settings.schedules[name].zone
    return sha256(f"{where} {zone} {settings.incidents.zone}".encode()).hexdigest()[:16]


def read(text: str, settings: Settings, name: str, now: datetime) -> Copy:
    """Raises NoCalendar."""
    found = from_calendar(
        text, settings.schedules[name].zone, settings.incidents.zone, since=now - BACK, until=now + AHEAD
    )
    return Copy(source_of(settings, name), now, found.events, found.problems)


@dataclass(frozen=True, slots=True)
class Known:
    """
    What an earlier copy knows: the server's validators, and whose the mail addresses are, empty for nobody's.

    `found_at` is when Slack was asked for all of them; None if that is too long ago, or some are missing.
    """

    validators: Validators = Validators()
    people: Mapping[str, str] = field(default_factory=dict)
    found_at: datetime | None = None


def known(session: Session, settings: Settings, name: str, now: datetime) -> Known:
    """Without validators where a copy has to be read again, changed or not."""
    kept = calendars.get(session, name)
    if kept is None or kept.body is None:
        return Known()
    copy = from_json(kept.body)
    is_fresh = abs(now - copy.read_at) < READ_ANEW and copy.source == source_of(settings, name)
    asked_at = copy.found_at if copy.found_at is not None and abs(now - copy.found_at) < ASK_AGAIN else None
    needs_asking = asked_at is None and (copy.found_at is None or bool(copy.found))
    said = Validators(kept.etag, kept.modified) if is_fresh and not needs_asking else Validators()
    return Known(said, dict(copy.found), asked_at)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of a calendar: `problems` of its events that were not there before."""

    can_be_read_again: bool = False
    problems: tuple[str, ...] = ()


def fetched(session: Session, name: str, copy: Copy | None, said: Validators, at: datetime) -> News:
    """Keep a calendar that was read; None if it is still as it was."""
    kept = calendars.get(session, name)
    if kept is None:  # the schedule is gone meanwhile
        return News()
    is_back = kept.problem is not None
    kept.problem, kept.fetched_at = None, at
    problems: tuple[str, ...] = ()
    if copy is not None:
        before = from_json(kept.body).problems if kept.body else ()
        problems = tuple(each for each in copy.problems if each not in before)
        kept.body, kept.etag, kept.modified = as_json(copy), said.etag, said.modified
    session.add(kept)
    return News(is_back, problems)


def failed(session: Session, name: str, problem: str) -> bool:
    """Keep what is wrong, and the last good copy with it. True if it is news."""
    kept = calendars.get(session, name)
    if kept is None or kept.problem == problem:
        return False
    kept.problem = problem
    session.add(kept)
    return True
