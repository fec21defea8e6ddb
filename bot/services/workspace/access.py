"""
Who may command: the people of the workspace.

Guests and people of other workspaces write and react, and are recorded; they do not command. Nor do bots and workflows.
"""

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.runtime import metrics
from bot.services.workspace.actor import Actor
from bot.store.shared import people

ORGANISATION = "E"
"""How ids of Enterprise organisations begin: their people are at home in any of its workspaces."""


REFUSAL = (
    "Guests and people of other workspaces cannot command Dogwatch. "
    "What you write and react is recorded; ask somebody of this workspace for the rest."
)
NOBODY = "Only people of this workspace can command Dogwatch, not bots, workflows or accounts that are closed."


class NotPermitted(UserError):
    """This person may not command."""


def check(session: Session, actor: Actor, *, home_team_id: str | None) -> None:
    """
    Raises NotPermitted for guests, people whose own workspace is another one, bots, closed accounts, and for nobody.

    Somebody whom Slack has not described yet passes: their payload came from a workspace that installed Dogwatch.
    """
    person = people.get(session, actor.team_id, actor.user_id) if actor.user_id else None
    why = _objection(actor, person, home_team_id)
    if why is not None:
        metrics.REFUSED_PERSONS.labels(why).inc()
        raise NotPermitted(REFUSAL if why in {"guest", "another workspace"} else NOBODY)


def is_of_another_workspace(team_id: str, home_team_id: str | None) -> bool:
    """Whether somebody's own workspace is another one. In an organisation's installation all of them are its own."""
    return home_team_id not in {None, team_id} and not team_id.startswith(ORGANISATION)


def _objection(actor: Actor, person: people.Person | None, home_team_id: str | None) -> str | None:
    """Why they may not, as the metric has it."""
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
