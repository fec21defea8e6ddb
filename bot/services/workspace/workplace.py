"""Working hours of a person, for reminders that can wait."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.holidays import country_of, default_hours, next_working_moment
from bot.domain.oncall.working_hours import WorkingHours
from bot.domain.times.zones import known_zone
from bot.lazy_dataclass import dataclass
from bot.store.incidents.incidents import Incident
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class Workplace:
    """`hours`: in local time of `zone`. `country`: for public holidays, if known."""

    zone: ZoneInfo
    hours: WorkingHours
    country: str | None

    def at_work(self, after: datetime) -> datetime:
        return next_working_moment(after, self.hours, self.country)

    def next_day(self, at: datetime) -> datetime:
        """Local midnight after `at`."""
        local = at.astimezone(self.zone)
        return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def workplace_of(session: Session, settings: Settings, incident: Incident, user_id: str | None) -> Workplace:
    """
    Workplace of a person, or of the incident if `user_id` is None.

    Zone: the person's in Slack, else the incident's. Hours: as configured for their team, the incident's service, or
    all. Country: as configured for the person or their team, else that of the zone, else the common one.
    """
    person = people.get(session, incident.team_id, user_id) if user_id else None
    zone = known_zone(person.zone if person else None) or ZoneInfo(incident.zone)
    own = settings.nudges.countries
    teams = (name for name, team in settings.teams.items() if user_id in team.members and name in own)
    country = own.get(user_id or "") or own.get(next(teams, "")) or country_of(zone.key) or settings.nudges.country
    configured = settings.working_hours_of(None, [user_id] if user_id else [], incident.services, zone)
    return Workplace(
        zone, default_hours(zone, country) if configured is None else replace(configured, zone=zone), country
    )
