"""
Refuse payloads of other workspaces.

An installation serves one workspace or one Enterprise organisation.

In a channel shared with another workspace its people see the buttons, too. Their payloads have a valid signature,
because the signature is the app's.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.runtime import metrics
from bot.services.workspace.access import REFUSAL
from bot.slack.api.payloads import MalformedPayload, parse_team_id, parsing_payload, replace_unstorable
from bot.slack.replies.render import render_text
from bot.slack.replies.response_url import respond_via_url
from bot.store.incidents.installations import Installation

log = get_logger(__name__)

Middleware = Callable[..., Awaitable[BoltResponse | None]]
FindInstallation = Callable[[], Awaitable[Installation | None]]


def guard_workspace(find_installation: FindInstallation) -> Middleware:
    """
    Build the first middleware.

    It acknowledges payloads of other workspaces, because Slack counts errors as failures of the app, and tells the
    person. In all others it replaces characters that no database stores.
    """

    async def check(
        req: AsyncBoltRequest,
        resp: BoltResponse,
        respond: AsyncRespond,
        next: Callable[[], Awaitable[None]],  # noqa: A002  Bolt hands it in by this name
    ) -> BoltResponse | None:
        with parsing_payload():
            req.body = replace_unstorable(req.body)
        if not is_foreign(await find_installation(), req.body):
            await next()
            return resp
        report_foreign(req.body)
        return await _refuse(req.body, payload_type(req.body), respond)

    return check


def is_foreign(known: Installation | None, body: Mapping[str, Any]) -> bool:
    """Return whether a payload names another installation than the known one."""
    return known is not None and _find_team_id(body) not in {None, known.team_id}


def report_foreign(body: Mapping[str, Any]) -> None:
    metrics.REFUSED_PERSONS.labels("another workspace").inc()
    log.warning("payload of another workspace refused", type=payload_type(body), team=_find_team_id(body))


def payload_type(body: Mapping[str, Any]) -> str:
    """Return Slack's type of a payload; `command` for a slash command, which has none."""
    return str(body.get("type") or "command")


def form_error_response(body: Mapping[str, Any], text: str) -> BoltResponse | None:
    """Build the response that shows an error in a modal; None for a modal without fields."""
    values = ((body.get("view") or {}).get("state") or {}).get("values") or {}
    errors = dict.fromkeys(list(values)[:1], text)
    return BoltResponse(status=200, body={"response_action": "errors", "errors": errors}) if errors else None


def _find_team_id(body: Mapping[str, Any]) -> str | None:
    """Return the installation that a payload names; None for none and for a malformed one."""
    try:
        with parsing_payload():
            return parse_team_id(body)
    except MalformedPayload:
        return None


async def _refuse(body: Mapping[str, Any], kind: str, respond: AsyncRespond) -> BoltResponse:
    if kind == "command":
        return BoltResponse(status=200, body=render_text(REFUSAL))
    if kind == "view_submission":
        return form_error_response(body, REFUSAL) or BoltResponse(status=200, body="")
    if body.get("response_url"):
        await respond_via_url(respond, {**render_text(REFUSAL), "replace_original": False})
    return BoltResponse(status=200, body="")
