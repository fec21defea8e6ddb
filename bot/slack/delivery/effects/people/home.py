"""App Home of one person, published as things stand."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.slack_app.scopes import is_lack
from bot.services.views import app_home as homes
from bot.services.workspace import access
from bot.services.workspace import people as knowing
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api import payloads
from bot.slack.api.client import Refused
from bot.slack.blocks import app_home as blocks
from bot.slack.blocks.notices import View
from bot.slack.delivery.effects.context import Tools
from bot.slack.replies import entry_points as ways
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight
from bot.store.outbox import Claim, Done, Outcome
from bot.store.shared import people

log = get_logger(__name__)

PRIVATE = 20
"""Private incidents of which the members are asked for: the open ones first. Others are not shown."""
PAGE_SIZE = 1_000


async def publish(tools: Tools, claim: Claim) -> Outcome:
    """Guests and others who may not command get a plain explanation. Without an App Home nothing is followed."""
    team_id, user_id = claim.row.team_id, str(claim.row.details["user_id"])
    await _know(tools, team_id, user_id)
    private = await tools.database.read(incidents.private_ones, team_id, PRIVATE)
    among = await _those_with(tools, private, user_id)
    view = await tools.database.read(shown, tools.settings(), Sight(team_id, among=among), user_id, tools.now())
    try:
        await tools.gateway.call("views.publish", user_id=user_id, view=view)
    except Refused as problem:
        if not is_lack(problem.error):
            raise
        # As long as nobody opens it there is nothing to show, and each change would be refused anew.
        log.warning("the workspace does not offer App Home", reason=problem.error)
        return Done(lambda session: homes.left(session, team_id, user_id))
    return Done()


async def _know(tools: Tools, team_id: str, user_id: str) -> None:
    """Only Slack knows who is a guest. Raises the gateway's errors."""
    person = await tools.database.read(people.get, team_id, user_id)
    if person is None or person.learned_at is None:
        answer = await tools.gateway.call("users.info", user=user_id)
        await tools.database.run(knowing.learned, team_id, payloads.person_of(answer["user"]), tools.now())


async def _those_with(tools: Tools, private: Sequence[Incident], user_id: str) -> frozenset[int]:
    """Those in whose channels somebody is at this moment. Where Slack does not say so, they are not."""
    found = [each.key for each in private if await _is_member(tools, each.channel_id or "", user_id)]
    return frozenset(found)


async def _is_member(tools: Tools, channel_id: str, user_id: str) -> bool:
    cursor: str | None = None
    while True:
        try:
            answer = await tools.gateway.call(
                "conversations.members", channel=channel_id, limit=PAGE_SIZE, cursor=cursor
            )
        except Refused:
            return False
        if user_id in answer.get("members", []):
            return True
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return False


def shown(session: Session, settings: Settings, sight: Sight, user_id: str, at: datetime) -> View:
    """What somebody sees. What is private they see only as far as `sight` says."""
    try:
        access.check(session, Actor(sight.team_id, user_id, at, Origin.BUTTON), home_team_id=None)
    except access.NotPermitted as problem:
        return blocks.refused(problem.message)
    return blocks.home(homes.view(session, settings, sight, user_id, at), ways.IN_HOME.values())
