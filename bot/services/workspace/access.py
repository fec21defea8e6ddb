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
"""Prefix of Enterprise organisation ids: their people belong to all of its workspaces."""


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


def is_of_another_workspace(team_id: str, home_team_id: str | None) -> bool:
    """True if the home workspace is another one. An organisation's workspaces are all its own."""
    return home_team_id not in {None, team_id} and not team_id.startswith(ORGANISATION_PREFIX)


def _access_objection(actor: Actor, person: people.Person | None, home_team_id: str | None) -> str | None:
    """Why they may not, as the metric's label."""
    if not actor.user_id:
        return "nobody"
    homes = (home_team_id, person.home_team_id if person else None)
    if any(is_of_another_workspace(actor.team_id, home) for home in homes):
        return "another workspace"
    if person is None:
        return None
    if person.is_guest:
        return "guest"
    if person.is_bot:
        return "bot"
    return "closed account" if person.is_deleted else None
