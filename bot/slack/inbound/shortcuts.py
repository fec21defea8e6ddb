"""Route message shortcuts and global shortcuts to their entries."""

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.slack.api.payloads import parsing_payload
from bot.slack.handlers import SHORTCUTS
from bot.slack.handlers.interactions import ShortcutUse
from bot.slack.handlers.registry import render_reply
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modals import open_for_shortcut
from bot.slack.replies.response_url import respond_via_url


def register_shortcuts(app: AsyncApp, deps: Deps) -> None:
    shortcuts = {shortcut.callback_id: shortcut for shortcut in SHORTCUTS}

    async def on_shortcut(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        if (shortcut := shortcuts.get(body["callback_id"])) is not None:
            with parsing_payload():
                use = ShortcutUse.from_payload(body, is_on_message=shortcut.is_on_message)
            answer = render_reply(await open_for_shortcut(deps, shortcut, use))
            if answer is not None and body.get("response_url"):
                await respond_via_url(respond, answer)
        await ack()

    app.shortcut(re.compile(".*"))(on_shortcut)
