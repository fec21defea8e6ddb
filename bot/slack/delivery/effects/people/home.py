"""Effect that publishes a person's App Home."""

from datetime import datetime

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.services.outbox.payloads import UserPayload
from bot.services.views.app_home import load_home_view, on_home_left
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.errors import SlackApiError
from bot.slack.blocks.app_home import home_view, refusal_view
from bot.slack.blocks.limits import View
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.people.private_incidents import find_private_incidents
from bot.slack.replies.entry_points import IN_HOME
from bot.store.incidents.visibility import Visibility
from bot.store.outbox import Claim, Done, Outcome
from bot.store.shared import people

log = get_logger(__name__)


async def publish_home(context: EffectContext, claim: Claim) -> Outcome:
    """Publish the App Home; people without access get an explanation."""
    team_id, user_id = claim.row.team_id, UserPayload.from_json(claim.row.details).user_id
    await _ensure_known(context, team_id, user_id)
    among = await find_private_incidents(context, team_id, user_id)
    view = await context.database.read_large(
        _render_home, context.settings(), Visibility(team_id, among=among, viewer=user_id), user_id, context.now()
    )
    try:
        await context.gateway.call("views.publish", user_id=user_id, view=view)
    except SlackApiError as problem:
        if not is_missing_permission(problem.error):
            raise
        # Stop following changes: each would be refused again.
        log.warning("app home unavailable in this workspace", reason=problem.error)
        return Done(lambda session: on_home_left(session, team_id, user_id))
    return Done()


async def _ensure_known(context: EffectContext, team_id: str, user_id: str) -> None:
    """Look up an unknown person: guests have no access. Raises the gateway's errors."""
    person = await context.database.read(people.get, team_id, user_id)
    if person is None or person.profile_fetched_at is None:
        await context.fetch_profile(team_id, user_id)


def _render_home(session: Session, settings: Settings, visibility: Visibility, user_id: str, at: datetime) -> View:
    """The person's App Home. `visibility` says which private incidents are visible."""
    try:
        check_access(session, Actor(visibility.team_id, user_id, at, Origin.BUTTON), home_team_id=None)
    except NotPermitted as problem:
        return refusal_view(problem.message)
    return home_view(load_home_view(session, settings, visibility, user_id, at), IN_HOME.values())
