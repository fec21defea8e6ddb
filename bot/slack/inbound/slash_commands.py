"""Execute slash commands, and answer after the commit."""

import asyncio
import html
import re
from datetime import datetime
from time import perf_counter
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from structlog import get_logger

from bot.domain.errors import UserError
from bot.runtime import metrics
from bot.services.channel.creation import CHANNEL_NAME, find_by_channel
from bot.slack.api.payloads import parsing_payload
from bot.slack.handlers.commands.execution import (
    SlashCommand,
    answer_read_only,
    execute_command,
    is_read_only,
    render_problem,
)
from bot.slack.handlers.commands.typed_lines import render_outage
from bot.slack.handlers.registry import Answer
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import outage_text
from bot.slack.inbound.modals import open_declare_form
from bot.slack.replies.render import render_text
from bot.slack.replies.response_url import respond_via_url
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import installations
from commands import start

log = get_logger(__name__)

SLOW_SECONDS = 2.0
"""Seconds after which the acknowledgement may be too late to carry the answer: the response URL carries it then."""
LOOKUP_SECONDS = 1.0
"""Timeout of finding the channel's incident for `/incident` alone: a trigger expires after 3 s."""
START_WORDS = frozenset({start.COMMAND.name, *start.COMMAND.aliases})
LONGEST_LINE = 50_000
"""Characters of a line: more than Slack's longest message. Reading one of 200,000 takes seconds."""
PRIVATE_CHANNEL = "privategroup"
"""Slack's name for every private channel in a slash command."""


def register_slash_commands(app: AsyncApp, deps: Deps) -> None:
    async def on_command(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        started, at = perf_counter(), deps.clock.now()  # `10 min ago` counts from here
        if not body.get("team_id") and (known := await deps.database.read(installations.find_installation)):
            body = {**body, "team_id": known.team_id}  # an installation has one workspace
        with parsing_payload():
            command = SlashCommand.from_payload(body)
        if (length := len(html.unescape(command.text))) > LONGEST_LINE:  # as it was typed
            await ack(render_text(_too_long(length)))
            return
        try:
            if await asks_for_form(deps.database, command):
                problem_text = await open_declare_form(deps, command)
                await ack(render_text(problem_text) if problem_text else "")
                return
            await deps.user_cache.ensure_all_known(command.team_id, [command.user_id, *command.mentioned])
            answer = await _execute(deps, command, at)
        except DatabaseUnavailable as problem:
            log.error("command failed; database unavailable", problem=str(problem))  # noqa: TRY400  an outage
            answer = render_outage(outage_text(problem), command.text)
        seconds = perf_counter() - started
        metrics.ANSWER_SECONDS.labels("command").observe(seconds)
        if seconds > SLOW_SECONDS and answer:
            await respond_via_url(respond, answer)
            await ack()
        else:
            await ack(answer or "")

    app.command(re.compile(".*"))(on_command)


def _too_long(length: int) -> str:
    return (
        f":warning: The line has {length:,} characters; at most {LONGEST_LINE:,} are read. Nothing was changed. "
        "Post it as a file, and react to the message."
    )


async def _execute(deps: Deps, command: SlashCommand, at: datetime) -> Answer:
    """Execute a command in a transaction, and return the body of the answer."""
    settings = deps.settings()
    if is_read_only(settings, command, at):
        return await deps.database.read(answer_read_only, settings, command, at)
    try:
        return await deps.database.run(execute_command, settings, command, at)
    except UserError as problem:
        return render_problem(problem, command, at)


async def asks_for_form(database: Database, command: SlashCommand) -> bool:
    """Return True for `/incident start` alone, and outside an incident's channel `/incident`."""
    typed = command.text.strip().casefold()
    return typed in START_WORDS or (not typed and not await is_in_incident_channel(database, command))


async def is_in_incident_channel(database: Database, command: SlashCommand) -> bool:
    """
    Return True if a command was typed in an incident's channel.

    Raises DatabaseUnavailable for a channel that may be an incident's by its name, or whose name is unknown.
    """
    place = (command.team_id, command.channel_id, command.channel_name)
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await database.read(find_by_channel, *place) is not None
    except (TimeoutError, DatabaseUnavailable) as problem:
        if CHANNEL_NAME.match(command.channel_name) or command.channel_name in {"", PRIVATE_CHANNEL}:
            raise DatabaseUnavailable(str(problem) or f"no answer within {LOOKUP_SECONDS:g} s") from problem
        return False
