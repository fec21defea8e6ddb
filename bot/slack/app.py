"""
Bolt's listeners: each is a payload, one transaction, an answer.

`process_before_response`: Slack is answered after the commit, and an exception is no answer, so Slack delivers again.
Catch-alls acknowledge whatever else Slack sends: unanswered payloads come back, and count as failures of the app.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot import metrics
from bot.clock import Clock
from bot.command.table import Command
from bot.config import Settings
from bot.domain.errors import UserError
from bot.slack import commanding, entry_acts, hearing, listing, payloads, pressing, shortcuts, submitting, timeline_view
from bot.slack.belonging import kind_of, only_ours, refused_form
from bot.slack.blocks import amending, lists, modals, times
from bot.slack.gateway import Gateway, SlackError
from bot.slack.meeting import Meeting
from bot.slack.replies import words
from bot.slack.responding import told_later
from bot.slack.submitted import Submitted
from bot.store import incidents
from bot.store.session import Database, DatabaseUnavailable, OutcomeUnknown

log = get_logger(__name__)

EVENTS = (
    "message", "reaction_added", "reaction_removed", "user_change", "channel_rename", "group_rename",
    "channel_id_changed",
)  # fmt: skip
"""Events that are kept. The manifest asks for these."""
BOLT_LOGGER = logging.getLogger("slack_bolt.dogwatch")
BOLT_LOGGER.setLevel(logging.ERROR)  # it warns of what is meant: the token is the client's, `authorize` is ours
DATABASE_AWAY = "The database does not answer, so nothing was changed. Try again in a moment."
OUTCOME_UNKNOWN = (
    "The database went away while this was being saved, so it was done in full or not at all. "
    "Look whether it was before you do it again."
)
SHOWS = frozenset({*timeline_view.TURNS, *listing.TURNS, lists.SHOW})
"""Buttons that only show something."""
SLOW = 2.0
"""Seconds after which an answer may come too late to be shown."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What the listeners work with."""

    database: Database
    gateway: Gateway
    clock: Clock
    settings: Callable[[], Settings]
    commands: tuple[Command, ...]
    meeting: Meeting


def build(deps: Deps, token: str, known: incidents.Installation | None = None) -> AsyncApp:
    """
    The Bolt app. Requests over HTTP are verified before they reach it (`bot.web.slack`).

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
        await deps.meeting.meet(typed.team_id, typed.user_id)
        try:
            place = (typed.team_id, typed.channel_id, typed.channel_name)
            if not typed.text.strip() and not await shortcuts.is_inside(deps.database, *place):
                problem_met = await deps.meeting.refusal(typed.team_id, typed.user_id) or await _open_view(
                    deps, typed.trigger_id, modals.declare(deps.settings())
                )
                await ack(words(problem_met) if problem_met else "")
                return
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
        if pressed.action_id in SHOWS or pressed.action_id in {*pressing.OPENS, *pressing.FILLED, amending.MENU}:
            await _show(deps, pressed, respond)
            await ack()
            return
        if pressed.action_id not in {*pressing.PRESSES, *times.CHOICES}:
            await ack()
            return
        await deps.meeting.meet(pressed.team_id, pressed.user_id)
        try:
            told = await _pressed(deps, pressed)
        except DatabaseUnavailable as problem:
            told = pressing.answer(f":warning: {of_outage(problem)}")
        if told is not None and body.get("response_url"):
            await told_later(respond, told)
        await ack()

    async def on_submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        with payloads.reading():
            submitted = Submitted.from_payload(body)
        if submitted.callback_id not in submitting.SUBMISSIONS:
            await ack()
            return
        await deps.meeting.meet(submitted.team_id, submitted.user_id)
        try:
            errors = await deps.database.run(submitting.submit, deps.settings(), submitted, deps.clock.now())
        except DatabaseUnavailable as problem:
            errors = {next(iter(submitted.values), "text"): of_outage(problem)}
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        after = entry_acts.page_after(submitted) if submitted.callback_id in entry_acts.SUBMISSIONS else None
        if after is not None:
            page, url = after
            await _turn(deps, page.value, AsyncRespond(response_url=url))
        await ack()

    app.action(re.compile(".*"))(on_press)
    app.view(re.compile(".*"))(on_submission)


def of_outage(problem: DatabaseUnavailable) -> str:
    """What a person is told who wanted something changed."""
    return OUTCOME_UNKNOWN if isinstance(problem, OutcomeUnknown) else DATABASE_AWAY


async def _pressed(deps: Deps, pressed: pressing.Pressed) -> pressing.Answer | None:
    if pressed.action_id in times.CHOICES:
        return await deps.database.run(commanding.choose, deps.settings(), deps.commands, pressed, deps.clock.now())
    return await deps.database.run(pressing.carry_out, deps.settings(), pressed, deps.clock.now())


async def _show(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond) -> None:
    """A form, or a page of the timeline: nothing is changed yet, and who may not change anything is told so now."""
    refused = await deps.meeting.refusal(pressed.team_id, pressed.user_id, pressed.home_team_id)
    if refused:
        await told_later(respond, pressing.answer(f":warning: {refused}") or {})
    elif pressed.action_id in timeline_view.TURNS:
        await _turn(deps, pressed.value, respond)
    elif pressed.action_id in SHOWS:
        await _show_list(deps, pressed, respond)
    else:
        await _open(deps, pressed, respond)


async def _turn(deps: Deps, value: str, respond: AsyncRespond) -> None:
    """Another page of the timeline, or the same one as it stands now, instead of the one that is shown."""
    try:
        page = timeline_view.Page.of(value)
        message = await deps.database.read(timeline_view.timeline, deps.settings(), page)
    except UserError as problem:
        await told_later(respond, pressing.answer(problem.message) or {})
    except DatabaseUnavailable:
        await told_later(respond, pressing.answer(f":warning: {DATABASE_AWAY}") or {})
    else:
        await told_later(respond, pressing.answer(message) or {})


async def _show_list(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond) -> None:
    """Another page of a list of incidents instead of this one, or below it one of them."""
    place = (deps.settings(), pressed.team_id, pressed.channel_id)
    try:
        if pressed.action_id == lists.SHOW:
            incident = await deps.database.read(listing.show, *place, pressed.number)
            told = pressing.answer(pressing.Aside(incident))
        else:
            page = await deps.database.read(listing.turn, *place, pressed.action_id, pressed.value)
            told = pressing.answer(page)
    except UserError as problem:
        told = pressing.answer(f":warning: {problem.message}")
    except DatabaseUnavailable:
        told = pressing.answer(f":warning: {DATABASE_AWAY}")
    await told_later(respond, told or {})


async def _open(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond) -> None:
    """The one call made in a listener: a trigger_id lives three seconds, and a modal needs no database to open."""
    try:
        view = await _view_of(deps, pressed)
    except UserError as problem:
        await told_later(respond, pressing.answer(problem.message) or {})
        return
    except (TimeoutError, DatabaseUnavailable):
        await told_later(respond, pressing.answer(f":warning: {DATABASE_AWAY}") or {})
        return
    problem_met = await _open_view(deps, pressed.trigger_id, view)
    if problem_met:
        await told_later(respond, pressing.answer(problem_met) or {})


async def _view_of(deps: Deps, pressed: pressing.Pressed) -> dict[str, Any]:
    """Raises UserError; for a form that shows what the record holds also TimeoutError and DatabaseUnavailable."""
    if pressed.action_id == amending.MENU:
        async with asyncio.timeout(shortcuts.LOOK_SECONDS):
            return await deps.database.read(entry_acts.form_of, pressed.value, pressed.response_url)
    filled = pressing.FILLED.get(pressed.action_id)
    if filled is None:
        return pressing.OPENS[pressed.action_id](deps.settings(), pressed.number)
    async with asyncio.timeout(shortcuts.LOOK_SECONDS):
        return await deps.database.read(filled, deps.settings(), pressed.number)


async def _open_view(deps: Deps, trigger_id: str, view: dict[str, Any]) -> str | None:
    """Open a form. Returns what to tell if Slack did not."""
    try:
        await deps.gateway.call("views.open", trigger_id=trigger_id, view=view)
    except SlackError as problem:
        log.warning("a modal did not open", problem=str(problem))
        return ":warning: Slack did not open the window. Press again, or type the command: `/incident help` lists them."
    return None


def _listen_to_shortcuts(app: AsyncApp, deps: Deps) -> None:
    async def on_shortcut(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        try:
            with payloads.reading():
                team_id, user = payloads.team_of(body), body["user"]
            await deps.meeting.check(team_id, str(user["id"]), user.get("team_id"))
            view = await shortcuts.form_for(deps.database, deps.settings(), body)
        except UserError as problem:
            problem_met: str | None = f":warning: {problem.message}"
        else:
            problem_met = await _open_view(deps, str(body.get("trigger_id") or ""), view) if view else None
        if problem_met and body.get("response_url"):
            await told_later(respond, pressing.answer(problem_met) or {})
        await ack()

    for callback_id in shortcuts.SHORTCUTS:
        app.message_shortcut(callback_id)(on_shortcut)


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
