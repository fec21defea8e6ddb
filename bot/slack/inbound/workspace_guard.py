"""
Whose payload it is. One installation serves one workspace, or one Enterprise organisation, and nobody else.

In a channel that is shared with another workspace its people can press our buttons too, and what they send is validly
signed: the signature is that of the app.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.runtime import metrics
from bot.services.workspace.access import REFUSAL
from bot.slack.api.payloads import Malformed, reading, storable, team_of
from bot.slack.replies.render import words
from bot.slack.replies.response_url import told_later
from bot.store.incidents.incidents import Installation

log = get_logger(__name__)

Middleware = Callable[..., Awaitable[BoltResponse | None]]


def only_ours(installed: Callable[[], Awaitable[Installation | None]]) -> Middleware:
    """
    The first thing that is done with each payload. What is not ours is acknowledged, because Slack counts a refusal as
    a failure of the app; whoever acted is told, and nothing else happens. What no database holds is taken out of ours.
    """

    async def check(
        req: AsyncBoltRequest,
        resp: BoltResponse,
        respond: AsyncRespond,
        next: Callable[[], Awaitable[None]],  # noqa: A002  Bolt hands it in by this name
    ) -> BoltResponse | None:
        with reading():
            req.body = storable(req.body)
        known, team_id = await installed(), _team_named(req.body)
        if known is None or team_id in {None, known.team_id}:
            await next()
            return resp
        kind = kind_of(req.body)
        metrics.REFUSED_PERSONS.labels("another workspace").inc()
        log.warning("a payload of another workspace was not carried out", type=kind, team=team_id)
        return await _told(req.body, kind, respond)

    return check


def kind_of(body: Mapping[str, Any]) -> str:
    """Slack's word for a payload; a command has none."""
    return str(body.get("type") or "command")


def refused_form(body: Mapping[str, Any], text: str) -> BoltResponse | None:
    """A form stays open and says why. None for one without fields, which has no place for it."""
    values = ((body.get("view") or {}).get("state") or {}).get("values") or {}
    errors = dict.fromkeys(list(values)[:1], text)
    return BoltResponse(status=200, body={"response_action": "errors", "errors": errors}) if errors else None


def _team_named(body: Mapping[str, Any]) -> str | None:
    """None for a payload that names none, and for one of a wrong shape, which its listener will refuse."""
    try:
        with reading():
            return team_of(body)
    except Malformed:
        return None


async def _told(body: Mapping[str, Any], kind: str, respond: AsyncRespond) -> BoltResponse:
    if kind == "command":
        return BoltResponse(status=200, body=words(REFUSAL))
    if kind == "view_submission":
        return refused_form(body, REFUSAL) or BoltResponse(status=200, body="")
    if body.get("response_url"):
        await told_later(respond, {**words(REFUSAL), "replace_original": False})
    return BoltResponse(status=200, body="")
