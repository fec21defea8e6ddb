"""
The Bolt app: each listener handles a payload in one transaction, then acknowledges it.

With `process_before_response` the acknowledgement comes after the commit, and an exception is none, so Slack delivers
again. Catch-alls acknowledge everything else: Slack repeats unacknowledged payloads, and counts them as failures.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.slack.api.payloads import MalformedPayload
from bot.slack.handlers.registry import render_reply
from bot.slack.inbound.buttons import register_buttons
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.events.receiver import EventReceiver, malformed_response
from bot.slack.inbound.forms import register_forms
from bot.slack.inbound.modal_opener import outage_text
from bot.slack.inbound.shortcuts import register_shortcuts
from bot.slack.inbound.slash_commands import register_slash_commands
from bot.slack.inbound.workspace_guard import FindInstallation, form_error_response, guard_workspace, payload_type
from bot.slack.replies.render import render_text
from bot.slack.replies.response_url import respond_via_url
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents import installations

log = get_logger(__name__)

BOLT_LOGGER = logging.getLogger("slack_bolt.dogwatch")
BOLT_LOGGER.setLevel(logging.ERROR)  # it warns of a client with a token beside `authorize`, which is intended


@dataclass(frozen=True, slots=True)
class SlackApp:
    """`events` answers the payloads of the Events API, `bolt` those of people's actions."""

    bolt: AsyncApp
    events: EventReceiver


def build_slack_app(deps: Deps, token: str, known: installations.Installation | None = None) -> SlackApp:
    """
    Build what answers the payloads of Slack.

    `bot.web.webhooks.slack` verifies the signatures of HTTP requests.

    `known`: the workspace that Slack named at start; None to read it from the database with the first payload.
    """
    find_installation = _cache_installation(deps, known)
    app = AsyncApp(
        name="dogwatch",  # else Bolt reads the sources of all callers to find one
        logger=BOLT_LOGGER,
        client=deps.gateway.client,
        authorize=_build_authorize(find_installation, token),
        process_before_response=True,
        request_verification_enabled=False,
        raise_error_for_unhandled_request=True,  # so that the error handler can acknowledge it
    )
    app.use(guard_workspace(find_installation))
    register_slash_commands(app, deps)
    register_buttons(app, deps)
    register_forms(app, deps)
    register_shortcuts(app, deps)
    _register_catch_alls(app)
    app.error(_on_error)
    return SlackApp(app, EventReceiver(deps, find_installation))


def _cache_installation(deps: Deps, known: installations.Installation | None) -> FindInstallation:
    """Read the installation once: another workspace has another token, and so another process."""
    found = known

    async def find_installation() -> installations.Installation | None:
        nonlocal found
        if found is None:
            found = await deps.database.read(installations.find_installation)
        return found

    return find_installation


def _build_authorize(find_installation: FindInstallation, token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(**_payload: Any) -> AuthorizeResult:
        installation = await find_installation()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=installation.team_id if installation else None,
            bot_user_id=installation.bot_user_id if installation else None,
            bot_id=installation.bot_id if installation else None,
            bot_token=token,
        )

    return authorize


def _register_catch_alls(app: AsyncApp) -> None:
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    app.options(re.compile(".*"))(acknowledge)
    app.view_closed(re.compile(".*"))(acknowledge)


async def _on_error(error: Exception, body: dict[str, Any], respond: AsyncRespond) -> BoltResponse | None:
    if isinstance(error, BoltUnhandledRequestError):
        log.info("payload type unknown; acknowledged", type=body.get("type"))
        return BoltResponse(status=200)
    if isinstance(error, MalformedPayload):
        return malformed_response(body, error)
    if isinstance(error, DatabaseUnavailable):
        log.error("payload failed; database unavailable", type=body.get("type"), problem=str(error))
        return await _answer_outage(body, error, respond)
    log.error("payload failed", type=body.get("type"), event_id=body.get("event_id"), exc_info=error)
    return None


async def _answer_outage(
    body: dict[str, Any], problem: DatabaseUnavailable, respond: AsyncRespond
) -> BoltResponse | None:
    """
    Tell the person that their action failed.

    None for an event, which Slack delivers again, and where no text can be shown: then Slack reports the failure.
    """
    text = outage_text(problem)
    match payload_type(body):
        case "command":
            return BoltResponse(status=200, body=render_text(text))
        case "view_submission":
            return form_error_response(body, text)
        case "block_actions" | "message_action" | "shortcut" if body.get("response_url"):
            await respond_via_url(respond, render_reply(f":warning: {text}") or {})
            return BoltResponse(status=200, body="")
        case _:
            return None
