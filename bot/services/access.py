"""Who may command. Guests and people of other workspaces write and react, and are recorded; they do not command."""

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.services.actor import Actor
from bot.store import people

ORGANISATION = "E"
"""How ids of Enterprise organisations begin: their people are at home in any of its workspaces."""


class NotPermitted(UserError):
    """This person may not command."""


def check(session: Session, actor: Actor, *, home_team_id: str | None) -> None:
    """
    Raises NotPermitted for guests, and for people whose own workspace is another one.

    Somebody whom Slack has not described yet passes: their payload came from a workspace that installed Dogwatch.
    """
    if actor.user_id is None:
        return
    person = people.get(session, actor.team_id, actor.user_id)
    home = home_team_id or (person.home_team_id if person else None)
    is_stranger = home is not None and home != actor.team_id and not actor.team_id.startswith(ORGANISATION)
    if is_stranger or (person is not None and person.is_guest):
        raise NotPermitted(
            "Guests and people of other workspaces cannot command Dogwatch. "
            "What you write and react is recorded; ask somebody of this workspace for the rest."
        )
