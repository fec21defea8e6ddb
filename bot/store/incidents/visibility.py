"""
Who may see which incident. This is the one place where that is decided.

An incident that is not private is seen by everybody of the workspace. A private one is seen where its people are: in
its own channel, by whoever is in it, because Slack shows that channel to nobody else; and in the App
Home of those whom Slack names as the channel's members. Anywhere else it does not exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col

from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident, IncidentNotFound


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen from one place of a workspace. `inside` is the incident in whose channel that is, None elsewhere."""

    team_id: str
    inside: int | None = None
    among: frozenset[int] = frozenset()
    """Private incidents in whose channels the one who looks is, as Slack says: for App Home, which is one person's."""

    @property
    def _private(self) -> frozenset[int]:
        return self.among if self.inside is None else self.among | {self.inside}

    @property
    def condition(self) -> ColumnElement[bool]:
        """As a part of a query: the rule itself. `sees` is the same for a row that was read already."""
        of_all = col(Incident.is_private).is_(False)
        seen = or_(of_all, col(Incident.id).in_(self._private)) if self._private else of_all
        return and_(col(Incident.team_id) == self.team_id, seen)

    def sees(self, incident: Incident) -> bool:
        return incident.team_id == self.team_id and (not incident.is_private or incident.id in self._private)

    def of(self, found: Iterable[Incident]) -> list[Incident]:
        return [each for each in found if self.sees(each)]

    def named(self, session: Session, reference: str) -> Incident:
        """
        The incident that somebody names here.

        Raises IncidentNotFound, in the same words for one that is not there and for one that is not seen.
        """
        found = incidents.by_reference(session, self.team_id, reference)
        if not self.sees(found):
            raise IncidentNotFound(incidents.no_such(reference))
        return found

    def get(self, session: Session, incident_id: int) -> Incident:
        """The incident that a button or a form carries. Raises IncidentNotFound for one that is not seen here."""
        found = incidents.get(session, incident_id)
        if not self.sees(found):
            raise IncidentNotFound("That incident does not exist.")
        return found


def sight_in(session: Session, team_id: str, channel_id: str) -> Sight:
    """What is seen in a channel."""
    here = incidents.of_channel(session, team_id, channel_id) if channel_id else None
    return Sight(team_id, here.id if here else None)


def counted_for_people(team_id: str) -> ColumnElement[bool]:
    """
    What counts when it is told how often each person was paged in a month: every incident but drills, private ones too.
    Such a number names no incident, no service and no moment, and whoever was woken was woken.
    """
    return and_(col(Incident.team_id) == team_id, col(Incident.is_drill).is_(False))
