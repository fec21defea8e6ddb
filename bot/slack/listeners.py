"""
Bolt's listeners: each is a payload, one transaction, an answer.

`process_before_response`: Slack is answered after the commit, and an exception is no answer, so Slack delivers again.
Catch-alls acknowledge whatever else Slack sends: unanswered payloads come back, and count as failures of the app.
"""

import asyncio
import logging
import re
from datetime import datetime
from time import perf_counter
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.runtime import metrics
from bot.slack.api import payloads
from bot.slack.blocks import menu as more
from bot.slack.blocks import notices as windows
from bot.slack.blocks import time_question as times
from bot.slack.blocks.postmortem import entry_forms as amending
from bot.slack.handlers import timeline_entries as entry_acts
from bot.slack.inbound import buttons as pressing
from bot.slack.inbound import events as hearing
from bot.slack.inbound import modals as windows_for
from bot.slack.inbound import navigation as showing
from bot.slack.inbound import shortcuts
from bot.slack.inbound import slash_commands as commanding
from bot.slack.inbound import submissions as submitting
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import SENT, STILL_SAVING, of_outage
from bot.slack.inbound.workspace_guard import kind_of, only_ours, refused_form
from bot.slack.replies.render import words
from bot.slack.replies.response_url import told_later
from bot.slack.replies.submission import Submitted
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents import incidents

log = get_logger(__name__)

EVENTS = (
    "message",
    "reaction_added",
    "reaction_removed",
    "user_change",
    "channel_rename",
    "group_rename",
    "channel_archive",
    "group_archive",
    "channel_unarchive",
    "group_unarchive",
    "channel_id_changed",
    "app_home_opened",
)
"""Events that are kept. The manifest asks for these."""
BOLT_LOGGER = logging.getLogger("slack_bolt.dogwatch")
BOLT_LOGGER.setLevel(logging.ERROR)  # it warns of what is meant: the token is the client's, `authorize` is ours
SLOW = 2.0
"""Seconds after which an answer may come too late to be shown."""


def build(deps: Deps, token: str, known: incidents.Installation | None = None) -> AsyncApp:
    """
    The Bolt app. Requests over HTTP are verified before they reach it (`bot.web.webhooks.slack`).

    `known`: the workspace that Slack told of at this start; None if it is to be looked up once something comes.
    """
    found = known

    async def installed() -> incidents.Installation | None:
        nonlocal found
        if found is None:  # found out once: another workspace has another token, and so another process
            found = await deps.database.read(incidents.installation)
        return found

    async def authorize(**_payload: Any) -> AuthorizeResult:
        known = await installed()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=known.team_id if known else None,
            bot_user_id=known.bot_user_id if known else None,
            bot_id=known.bot_id if known else None,
            bot_token=token,
        )

    app = AsyncApp(
        logger=BOLT_LOGGER,
        client=deps.gateway.client,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
        raise_error_for_unhandled_request=True,  # so that the error handler can acknowledge it
    )
    app.use(only_ours(installed))
    _listen_to_events(app, deps)
    _listen_to_commands(app, deps)
    _listen_to_presses(app, deps)
    _listen_to_shortcuts(app, deps)
    _listen_to_the_rest(app)
    return app


def _listen_to_events(app: AsyncApp, deps: Deps) -> None:
    async def on_event(body: dict[str, Any]) -> None:
        began = perf_counter()
        with payloads.reading():
            hearing.check_shape(body)
        if (answers := hearing.who_may_answer(deps.settings(), body)) is not None:
            await deps.meeting.meet(*answers)
        is_new = await deps.database.run(hearing.hear, deps.settings(), body, deps.clock.now())
        metrics.REQUESTS.labels("event", "new" if is_new else "again").inc()
        metrics.ANSWER_SECONDS.labels("event").observe(perf_counter() - began)

    for name in EVENTS:
        app.event(name)(on_event)


def _listen_to_commands(app: AsyncApp, deps: Deps) -> None:
    async def on_command(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        began, at = perf_counter(), deps.clock.now()  # `10 min ago` counts from here, however long the rest takes
        if not body.get("team_id") and (known := await deps.database.read(incidents.installation)):
            body = {**body, "team_id": known.team_id}  # one installation, one workspace: it can be no other
        with payloads.reading():
            typed = commanding.Typed.from_payload(body)
        try:
            if not typed.text.strip() and not await shortcuts.is_inside(deps.database, typed):
                problem_met = await windows_for.declare(deps, typed)
                await ack(words(problem_met) if problem_met else "")
                return
            await deps.meeting.meet(typed.team_id, typed.user_id)
            reads = commanding.only_reads(deps.settings(), deps.commands, typed, at)
            if reads:
                answer = await deps.database.read(commanding.look, deps.settings(), deps.commands, typed, at)
            else:
                answer = await deps.database.run(commanding.carry_out, deps.settings(), deps.commands, typed, at)
        except DatabaseUnavailable as problem:
            log.error("a command could not be carried out", problem=str(problem))  # noqa: TRY400  an outage
            answer = words(of_outage(problem))
        seconds = perf_counter() - began
        metrics.ANSWER_SECONDS.labels("command").observe(seconds)
        if seconds > SLOW:
            await told_later(respond, answer)
            await ack()
        else:
            await ack(answer)

    app.command(re.compile(".*"))(on_command)


def _listen_to_presses(app: AsyncApp, deps: Deps) -> None:
    async def on_press(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        with payloads.reading():
            pressed = pressing.Pressed.from_payload(body)
        if pressed.action_id in {*showing.SHOWS, *pressing.OPENS, *pressing.FILLED, *pressing.SAME, amending.MENU}:
            await showing.show(deps, pressed, respond)
            await ack()
            return
        if pressed.action_id not in {*pressing.PRESSES, *pressing.CONFIRMS, *pressing.NAMED, *times.CHOICES}:
            await ack()
            return
        await deps.meeting.meet(pressed.team_id, pressed.user_id)
        try:
            told = await _pressed(deps, pressed)
        except DatabaseUnavailable as problem:
            told = pressing.answer(f":warning: {of_outage(problem)}")
        await showing.tell(deps, pressed, respond, told)
        await ack()

    async def on_submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        with payloads.reading():
            submitted = Submitted.from_payload(body)
        if submitted.callback_id not in submitting.SUBMISSIONS:
            await ack()
            return
        sent = await _sent(deps, submitted)
        if sent.errors:
            await ack(response_action="errors", errors=sent.errors)
            return
        if sent.told is not None and not (url := submitted.carried.get(more.URL)):
            await ack(response_action="update", view=windows.of_answer(sent.told))
            return
        if sent.told is not None:
            await told_later(AsyncRespond(response_url=str(url)), {**sent.told, "replace_original": False})
        after = entry_acts.page_after(submitted) if submitted.callback_id in entry_acts.SUBMISSIONS else None
        if after is not None:
            page, url = after
            await showing.turn(deps, page.value, AsyncRespond(response_url=url))
        await ack()

    app.action(re.compile(".*"))(on_press)
    app.view(re.compile(".*"))(on_submission)


async def _pressed(deps: Deps, pressed: pressing.Pressed) -> pressing.Answer | None:
    if pressed.action_id in times.CHOICES:
        return await deps.database.run(commanding.choose, deps.settings(), deps.commands, pressed, deps.clock.now())
    return await deps.database.run(pressing.carry_out, deps.settings(), pressed, deps.clock.now())


async def _sent(deps: Deps, submitted: Submitted) -> submitting.Sent:
    """Keep what a form sent. Where that takes longer than Slack waits it goes on, and what was typed stays."""
    keeping = asyncio.create_task(_keep(deps, submitted, deps.clock.now()), name="keep a form")
    await asyncio.wait({keeping}, timeout=SENT)
    if not keeping.done():
        deps.opening.keep(keeping)
        return submitting.Sent(submitting.at_first_field(submitted, STILL_SAVING))
    try:
        return keeping.result()
    except DatabaseUnavailable as problem:
        return submitting.Sent(submitting.at_first_field(submitted, of_outage(problem)))


async def _keep(deps: Deps, submitted: Submitted, at: datetime) -> submitting.Sent:
    await deps.meeting.meet(submitted.team_id, submitted.user_id)
    return await deps.database.run(submitting.submit, deps.settings(), submitted, at)


def _listen_to_shortcuts(app: AsyncApp, deps: Deps) -> None:
    async def on_shortcut(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        with payloads.reading():
            asked = shortcuts.Taken.from_payload(body)
        problem_met = await windows_for.shortcut(deps, asked)
        if problem_met and body.get("response_url"):
            await told_later(respond, pressing.answer(problem_met) or {})
        await ack()

    for callback_id in shortcuts.SHORTCUTS:
        app.shortcut(callback_id)(on_shortcut)


def _listen_to_the_rest(app: AsyncApp) -> None:
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    async def ignore() -> None:
        """An event that says nothing that is kept."""

    app.event(re.compile(".*"))(ignore)
    app.shortcut(re.compile(".*"))(acknowledge)
    app.options(re.compile(".*"))(acknowledge)
    app.view_closed(re.compile(".*"))(acknowledge)

    async def on_error(error: Exception, body: dict[str, Any], respond: AsyncRespond) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            log.info("a payload of a kind that is not known", type=body.get("type"))
            return BoltResponse(status=200)
        if isinstance(error, payloads.Malformed):
            log.warning("a payload is not of Slack's shape", type=body.get("type"), problem=str(error))
            return BoltResponse(status=400, body={"ok": False, "error": "The payload is not of Slack's shape."})
        if isinstance(error, DatabaseUnavailable):
            log.error("a payload could not be kept", type=body.get("type"), problem=str(error))
            return await _tell_of_outage(body, error, respond)
        log.error("a payload failed", type=body.get("type"), event_id=body.get("event_id"), exc_info=error)
        return None

    app.error(on_error)


async def _tell_of_outage(
    body: dict[str, Any], problem: DatabaseUnavailable, respond: AsyncRespond
) -> BoltResponse | None:
    """
    Whoever acted is told. None for an event, which Slack delivers again, and where there is no place for words: then
    Slack itself shows that it failed.
    """
    text = of_outage(problem)
    match kind_of(body):
        case "command":
            return BoltResponse(status=200, body=words(text))
        case "view_submission":
            return refused_form(body, text)
        case "block_actions" | "message_action" | "shortcut" if body.get("response_url"):
            await told_later(respond, pressing.answer(f":warning: {text}") or {})
            return BoltResponse(status=200, body="")
        case _:
            return None
