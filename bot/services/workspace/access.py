"""
Access control: members of the workspace may use commands.

Guests, people of other workspaces, bots and workflows may not; what they write and react is recorded.
"""

from sqlmodel import Session

from bot.domain.errors import StateError
from bot.runtime import metrics
from bot.services.workspace.actor import Actor
from bot.store.shared import people

ORGANISATION_PREFIX = "E"
"""Prefix of the ids of Enterprise organisations. Their people belong to all of their workspaces."""


REFUSAL = (
    "Guests and people of other workspaces cannot use commands. "
    "Your messages and reactions are still recorded. Ask a member of this workspace for the rest."
)
REFUSAL_TO_ACCOUNT = "Only members of this workspace can use commands, not bots, workflows or deactivated accounts."


class NotPermitted(StateError):
    """The person may not use commands."""


def check_access(session: Session, actor: Actor, *, home_team_id: str | None) -> None:
    """
    Raises NotPermitted for anybody but members of the workspace.

    Refused are guests, other workspaces' people, bots, closed accounts, and no user. Somebody without a profile yet
    passes: their payload came from a workspace that installed Dogwatch.
    """
    person = people.get(session, actor.team_id, actor.user_id) if actor.user_id else None
    why = _access_objection(actor, person, home_team_id)
    if why is not None:
        metrics.REFUSED_PERSONS.labels(why).inc()
        raise NotPermitted(REFUSAL if why in {"guest", "another workspace"} else REFUSAL_TO_ACCOUNT)


def find_home_team(team_id: str, *, home_team_id: str | None, organisation_id: str | None) -> str | None:
    """
    Home of a profile, to compare with the installation.

    An organisation's installation has people of all its workspaces: their home is the organisation. People without it
    are of another company. `is_stranger` of Slack does not tell: it is false in channels shared with them.
    """
    return organisation_id or home_team_id if team_id.startswith(ORGANISATION_PREFIX) else home_team_id


def is_of_another_workspace(team_id: str, home_team_id: str | None) -> bool:
    """True if a home by `find_home_team` is not the installation's."""
    return home_team_id not in {None, team_id}


def _access_objection(actor: Actor, person: people.Person | None, home_team_id: str | None) -> str | None:
    """Why they may not, as the metric's label."""
    if not actor.user_id:
        return "nobody"
    homes = (_claimed_home(actor.team_id, home_team_id), person.home_team_id if person else None)
    if any(is_of_another_workspace(actor.team_id, home) for home in homes):
        return "another workspace"
    if person is None:
        return None
    if person.is_guest:
        return "guest"
    if person.is_bot:
        return "bot"
    return "closed account" if person.is_deleted else None


def _claimed_home(team_id: str, home_team_id: str | None) -> str | None:
    """
    The home that a payload names.

    None for a workspace that may be one of the organisation's own: then the profile decides.
    """
    is_unclear = team_id.startswith(ORGANISATION_PREFIX) and not (home_team_id or "").startswith(ORGANISATION_PREFIX)
    return None if is_unclear else home_team_id
