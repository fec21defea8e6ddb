"""When somebody is at work, by what Slack and the configuration say of them: what can wait is asked for then."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.holidays import at_work, country_of, usual_hours
from bot.domain.oncall.working_hours import WorkingHours
from bot.store.incidents.incidents import Incident
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody works. `hours` are by the clock in `zone`; `country` is whose holidays they have, if known."""

    zone: ZoneInfo
    hours: WorkingHours
    country: str | None

    def at_work(self, after: datetime) -> datetime:
        """The first moment from `after` on at which they are at work."""
        return at_work(after, self.hours, self.country)

    def next_day(self, at: datetime) -> datetime:
        """The first moment of the day after that of `at`, where they are."""
        local = at.astimezone(self.zone)
        return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def place_of(session: Session, settings: Settings, incident: Incident, user_id: str | None) -> Place:
    """
    Of one person, or of whoever works on the incident where nobody is named.

    Their own time zone in Slack counts, else the incident's. Their hours are those that the configuration says for
    their team, for the incident's service or for all. Their country is their own in the configuration, their team's,
    that of their time zone, or the common one.
    """
    person = people.get(session, incident.team_id, user_id) if user_id else None
    zone = _zone(person.zone if person else None) or ZoneInfo(incident.zone)
    own = settings.nudges.countries
    teams = (name for name, team in settings.teams.items() if user_id in team.members and name in own)
    country = own.get(user_id or "") or own.get(next(teams, "")) or country_of(zone.key) or settings.nudges.country
    told = settings.hours_of(None, [user_id] if user_id else [], incident.services, zone)
    return Place(zone, usual_hours(zone, country) if told is None else replace(told, zone=zone), country)


def _zone(name: str | None) -> ZoneInfo | None:
    """None for what Slack says that is no zone of ours."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # ZoneInfo's ways to say so, by the shape of the name
        return None
