"""The state that open pages show, as versions that differ when a page does."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.services.web_pages.now import ALERT_WINDOW, MAX_ALERTS, now_version
from bot.services.web_pages.sessions import find_ended
from bot.store.alerts import alerts
from bot.store.incidents import incident_lists
from bot.store.incidents.incident_lists import IncidentRevision
from bot.store.incidents.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Shown:
    """
    The content of a page: revisions of incidents by reference.

    `version` differs when the page does.
    """

    version: str
    revisions: Mapping[str, int]

    def changed_since(self, before: "Shown | None") -> list[str]:
        """References of what is different; empty if `before` is unknown, or something else changed."""
        if before is None:
            return []
        return sorted({name for name, _ in self.revisions.items() ^ before.revisions.items()})


@dataclass(frozen=True, slots=True)
class LiveState:
    """
    Incidents, alerts without an incident, and sessions that ended, at one moment.

    `incidents` are open or watched. `alerts` has ids by team; `ended` has tokens.
    """

    incidents: tuple[IncidentRevision, ...] = ()
    alerts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    _now_pages: dict[Visibility, Shown] = field(default_factory=dict, compare=False)

    @property
    def has_private(self) -> bool:
        """A private incident is open."""
        return any(each.is_private and each.is_open for each in self.incidents)

    def find_incident_page(self, visibility: Visibility, incident_id: int) -> Shown | None:
        """None if the incident is not visible, or was not watched."""
        found = next((each for each in self.incidents if each.id == incident_id and visibility.sees(each)), None)
        return Shown(str(found.revision), {found.reference: found.revision}) if found else None

    def find_now_page(self, visibility: Visibility) -> Shown:
        found = self._now_pages.get(visibility)
        if found is None:
            seen = {each.reference: each.revision for each in self.incidents if each.is_open and visibility.sees(each)}
            found = Shown(now_version(seen, self.alerts.get(visibility.team_id, ())), seen)
            self._now_pages[visibility] = found
        return found


def load_live_state(
    session: Session, watched: Collection[int], team_ids: Collection[str], tokens: Collection[str], at: datetime
) -> LiveState:
    """
    Load the state of all open pages.

    `watched`: ids of incidents whose pages are open; `tokens`: of the sessions that have a page open.
    """
    return LiveState(
        tuple(incident_lists.find_revisions(session, watched)),
        {each: _loose_alerts(session, each, at) for each in team_ids},
        frozenset(find_ended(session, tokens, at)),
    )


def _loose_alerts(session: Session, team_id: str, at: datetime) -> tuple[int, ...]:
    found = alerts.find_firing_without_incident(session, team_id, at - ALERT_WINDOW, MAX_ALERTS + 1)
    return tuple(each.key for each in found)
