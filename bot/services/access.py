"""Who may command. Guests and people of other workspaces write and react, and are recorded; they do not command."""

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.services.actor import Actor
from bot.store import people


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
    is_stranger = home_team_id is not None and home_team_id != actor.team_id
    if is_stranger or (person is not None and person.is_guest):
        raise NotPermitted(
            "Guests and people of other workspaces cannot command Dogwatch. "
            "What you write and react is recorded; ask somebody of this workspace for the rest."
        )
