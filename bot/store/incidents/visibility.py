"""
Visibility of incidents: the only place that decides it.

Everybody in the workspace sees an incident that is not private. A private one is visible in its own channel, which
Slack shows to its members only, and in the App Home of those whom Slack names as members. While it has no channel,
which Slack may have refused, those who declared or lead it see it.
"""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col

from bot.lazy_dataclass import dataclass
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident, IncidentNotFound


class Guarded(Protocol):
    """An incident, as far as its visibility depends on it."""

    @property
    def id(self) -> int | None: ...
    @property
    def team_id(self) -> str: ...
    @property
    def is_private(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Visibility:
    """
    The incidents that one place of a workspace shows.

    `inside` is the incident of the channel, None elsewhere.
    """

    team_id: str
    inside: int | None = None
    among: frozenset[int] = frozenset()
    """Private incidents whose channels the viewer is a member of, for App Home."""
    viewer: str | None = None
    """The only person who reads what is shown; None if others may."""

    @property
    def _private(self) -> frozenset[int]:
        return self.among if self.inside is None else self.among | {self.inside}

    @property
    def condition(self) -> ColumnElement[bool]:
        """The rule as a part of a query. `sees` is the same for a loaded row."""
        seen: list[ColumnElement[bool]] = [col(Incident.is_private).is_(False)]
        if self._private:
            seen.append(col(Incident.id).in_(self._private))
        if self.viewer is not None:
            own = or_(col(Incident.declared_by) == self.viewer, col(Incident.lead) == self.viewer)
            seen.append(and_(col(Incident.channel_id).is_(None), own))
        return and_(col(Incident.team_id) == self.team_id, or_(*seen))

    def sees(self, incident: Guarded) -> bool:
        if incident.team_id != self.team_id:
            return False
        return not incident.is_private or incident.id in self._private or self._is_own(incident)

    def _is_own(self, incident: Guarded) -> bool:
        """False for mere revisions: the pages name such incidents in `among`."""
        if self.viewer is None or not isinstance(incident, Incident) or incident.channel_id is not None:
            return False
        return self.viewer in {incident.declared_by, incident.lead}

    def filter(self, found: Iterable[Incident]) -> list[Incident]:
        return [each for each in found if self.sees(each)]

    def find(self, session: Session, reference: str) -> Incident:
        """
        Find an incident by its reference.

        Raises IncidentNotFound, with the same message for a missing and an invisible incident.
        """
        found = incidents.find_by_reference(session, self.team_id, reference)
        if not self.sees(found):
            raise IncidentNotFound(incidents.not_found_message(reference))
        return found

    def get(self, session: Session, incident_id: int) -> Incident:
        """Get the incident of a button or form. Raises IncidentNotFound if it is invisible here."""
        found = incidents.get(session, incident_id)
        if not self.sees(found):
            raise IncidentNotFound("That incident does not exist.")
        return found


def visibility_in_channel(session: Session, team_id: str, channel_id: str, *, viewer: str | None = None) -> Visibility:
    here = incidents.find_by_channel(session, team_id, channel_id) if channel_id else None
    return Visibility(team_id, here.id if here else None, viewer=viewer)


def counts_for_people(team_id: str) -> ColumnElement[bool]:
    """
    Condition for statistics by person: every incident but drills, private ones too.

    Such a number names no incident, no service and no moment.
    """
    return and_(col(Incident.team_id) == team_id, col(Incident.is_drill).is_(False))
