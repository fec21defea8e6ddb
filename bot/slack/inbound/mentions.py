"""Answer messages that mention the bot, with a message that only their author sees."""

import asyncio
from collections.abc import Mapping
from typing import Any

from structlog import get_logger

from bot.slack.api.errors import SlackError
from bot.slack.api.payloads import parsing_payload
from bot.slack.blocks.limits import Block
from bot.slack.handlers.commands.mentions import BotMention, answer_mention
from bot.slack.inbound.deps import Deps
from bot.slack.replies.render import render_text
from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)

MENTION_EVENT = "app_mention"


def start_mention_answer(deps: Deps, body: Mapping[str, Any]) -> None:
    """Answer a mention in the background: Slack waits for the acknowledgement of the event only."""
    with parsing_payload():
        mention = BotMention.from_payload(body)
    if mention is not None:
        deps.modal_opener.keep(asyncio.create_task(_post_answer(deps, mention), name="answer mention"))


async def _post_answer(deps: Deps, mention: BotMention) -> None:
    """Post the answer; a failure is logged, because people ask again."""
    refusal = await deps.user_cache.find_refusal(mention.team_id, mention.user_id)
    try:
        answer = (
            render_text(f":warning: {refusal}")
            if refusal
            else await deps.database.read(answer_mention, deps.settings(), mention, deps.clock.now())
        )
        thread: Block = {"thread_ts": mention.thread_ts} if mention.thread_ts else {}
        await deps.gateway.call(
            "chat.postEphemeral", channel=mention.channel_id, user=mention.user_id, text=answer["text"], **thread
        )
    except (SlackError, DatabaseUnavailable) as problem:
        log.warning("mention not answered", problem=str(problem) or type(problem).__name__)
