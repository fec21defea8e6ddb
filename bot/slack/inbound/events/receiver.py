"""
Answer the envelopes of the Events API, over HTTP and Socket Mode.

They do not pass through Bolt. In a busy channel most payloads are events, many of them are ignored, and Bolt's own work
on one would cost more than ours.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.runtime import metrics
from bot.slack.api.payloads import BotIdentity, MalformedPayload, parsing_payload, replace_unstorable
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.events.mark_batching import MarkBatcher
from bot.slack.inbound.events.record import (
    EVENTS,
    check_shape,
    find_actor,
    find_marked_message,
    is_ignored,
    record_event,
    record_marks_together,
)
from bot.slack.inbound.mentions import MENTION_EVENT, start_mention_answer
from bot.slack.inbound.workspace_guard import FindInstallation, is_foreign, report_foreign
from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)

EVENT_ENVELOPE = "event_callback"
"""`type` of a payload that holds an event. Source: docs.slack.dev/apis/events-api."""


class EventReceiver:
    """
    Answer an event after its commit.

    200; 400 for a malformed one; 500 for one that Slack has to deliver again.
    """

    def __init__(self, deps: Deps, find_installation: FindInstallation) -> None:
        self._deps = deps
        self._find_installation = find_installation
        self._marks = MarkBatcher(self._record_marks)

    async def handle(self, body: Mapping[str, Any]) -> BoltResponse:
        """Answer one envelope; `body` is its JSON object, in which `event` is an object, too."""
        try:
            await self._handle(body)
        except MalformedPayload as problem:
            return malformed_response(body, problem)
        except DatabaseUnavailable as problem:
            return _unavailable_response(problem)
        except Exception:
            log.exception("payload failed", type=EVENT_ENVELOPE, event_id=body.get("event_id"))
            return BoltResponse(status=500)
        return BoltResponse(status=200)

    async def _handle(self, body: Mapping[str, Any]) -> None:
        started = perf_counter()
        installation = await self._find_installation()
        if is_foreign(installation, body):
            report_foreign(body)
            return
        bot = BotIdentity(installation.bot_user_id or "", installation.bot_id or "") if installation else NO_IDENTITY
        with parsing_payload():
            event = body["event"]
            if event.get("type") not in EVENTS or is_own(event, bot):
                return
            body = replace_unstorable(body)
            check_shape(body)
        is_new = await self._record(body, bot)
        metrics.REQUESTS.labels("event", "new" if is_new else "again").inc()
        metrics.ANSWER_SECONDS.labels("event").observe(perf_counter() - started)

    async def _record(self, body: Mapping[str, Any], bot: BotIdentity) -> bool:
        """Returns False for a redelivered event."""
        deps = self._deps
        if (user := find_actor(deps.settings(), body)) is not None:
            await deps.user_cache.ensure_known(*user)
        if is_ignored(body["event"]):
            return True
        if (marked := find_marked_message(deps.settings(), body, bot)) is not None:
            return await self._marks.submit(*marked, body)
        is_new = await deps.database.run(record_event, deps.settings(), body, deps.clock.now(), bot)
        if is_new and body["event"].get("type") == MENTION_EVENT:
            start_mention_answer(deps, body)
        return is_new

    async def _record_marks(self, bodies: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
        deps = self._deps
        return await deps.database.run(record_marks_together, deps.settings(), bodies, deps.clock.now())


NO_IDENTITY = BotIdentity("", "")
"""Before the first `auth.test`."""


def is_own(event: Mapping[str, Any], bot: BotIdentity) -> bool:
    """
    Return whether the bot itself caused the event.

    Its messages and reactions are on record already.
    """
    if bot.bot_id and event.get("bot_id") == bot.bot_id:
        return True
    return bool(bot.bot_user_id) and _find_user(event) == bot.bot_user_id


def _find_user(event: Mapping[str, Any]) -> Any:
    """The person of an event; of an edited or deleted message its author."""
    user = event.get("user")
    if isinstance(user, Mapping):
        return user.get("id")
    if user is not None:
        return user
    message = event.get("message") or event.get("previous_message") or {}
    return message.get("user")


def malformed_response(body: Mapping[str, Any], problem: MalformedPayload) -> BoltResponse:
    log.warning("payload malformed", type=body.get("type"), problem=str(problem))
    return BoltResponse(status=400, body={"ok": False, "error": "This is not a valid Slack payload."})


def _unavailable_response(problem: DatabaseUnavailable) -> BoltResponse:
    log.error("payload failed; database unavailable", type=EVENT_ENVELOPE, problem=str(problem))
    return BoltResponse(status=500)
