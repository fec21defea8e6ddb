"""Effect that publishes a person's App Home."""

from collections.abc import Sequence
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
from bot.slack.replies.entry_points import IN_HOME
from bot.store.incidents import incident_lists
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.outbox import Claim, Done, Outcome
from bot.store.shared import people

log = get_logger(__name__)

MAX_PRIVATE = 20
"""Private incidents whose members are looked up, open ones first; others are not shown."""
PAGE_SIZE = 1_000


async def publish_home(context: EffectContext, claim: Claim) -> Outcome:
    """Publish the App Home; people without access get an explanation."""
    team_id, user_id = claim.row.team_id, UserPayload.from_json(claim.row.details).user_id
    await _ensure_known(context, team_id, user_id)
    private = await context.database.read(incident_lists.find_private, team_id, MAX_PRIVATE)
    among = await _find_memberships(context, private, user_id)
    view = await context.database.read(
        _render_home, context.settings(), Visibility(team_id, among=among), user_id, context.now()
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


async def _find_memberships(context: EffectContext, private: Sequence[Incident], user_id: str) -> frozenset[int]:
    """Ids of the incidents whose channel has the person as a member, as far as Slack says."""
    found = [each.key for each in private if await _is_member(context, each.channel_id or "", user_id)]
    return frozenset(found)


async def _is_member(context: EffectContext, channel_id: str, user_id: str) -> bool:
    try:
        async for answer in context.pages("conversations.members", channel=channel_id, limit=PAGE_SIZE):
            if user_id in answer.get("members", []):
                return True
    except SlackApiError:
        pass
    return False


def _render_home(session: Session, settings: Settings, visibility: Visibility, user_id: str, at: datetime) -> View:
    """The person's App Home. `visibility` says which private incidents are visible."""
    try:
        check_access(session, Actor(visibility.team_id, user_id, at, Origin.BUTTON), home_team_id=None)
    except NotPermitted as problem:
        return refusal_view(problem.message)
    return home_view(load_home_view(session, settings, visibility, user_id, at), IN_HOME.values())
