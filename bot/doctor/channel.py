"""Check the incidents channel in Slack."""

import re
from typing import Any

from bot.config import Settings
from bot.doctor.report import CheckResult, failed, ok
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackApiError

MAX_PAGES, PAGE_SIZE = 10, 1000
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")


async def check_incidents_channel(settings: Settings, gateway: Gateway) -> CheckResult:
    """Check that the bot is in the channel, or can create or join it. Raises SlackError."""
    wanted = settings.incidents.channel.removeprefix("#")
    return _channel_result(wanted, await _find_channel(gateway, wanted), gateway.granted or frozenset())


async def _find_channel(gateway: Gateway, wanted: str) -> dict[str, Any] | None:
    if CHANNEL_ID.fullmatch(wanted):
        try:
            return dict((await gateway.call("conversations.info", channel=wanted))["channel"])
        except SlackApiError as problem:
            if problem.error == "channel_not_found":
                return None
            raise
    may_private = "groups:read" in (gateway.granted or ())
    types, cursor = "public_channel,private_channel" if may_private else "public_channel", None
    for _ in range(MAX_PAGES):
        answer = await gateway.call("conversations.list", types=types, limit=PAGE_SIZE, cursor=cursor)
        for channel in answer.get("channels", []):
            if channel.get("name") == wanted:
                return dict(channel)
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return None


def _channel_result(wanted: str, channel: dict[str, Any] | None, granted: frozenset[str]) -> CheckResult:
    name = "incidents channel"
    if channel is None:
        if CHANNEL_ID.fullmatch(wanted):
            return failed(
                name,
                f"the bot cannot see a channel {wanted}",
                "Correct DOGWATCH_INCIDENTS_CHANNEL, or invite the bot there.",
            )
        return ok(
            name,
            f"the bot cannot see #{wanted}, and creates it with the first incident. If only admins "
            "may create channels, create it and invite the bot",
        )
    label = f"#{channel.get('name') or wanted}"
    if channel.get("is_archived"):
        return failed(
            name,
            f"{label} is archived, so its name is taken",
            "Unarchive it and invite the bot, rename it, or set DOGWATCH_INCIDENTS_CHANNEL to another name.",
        )
    if channel.get("is_member"):
        return ok(name, f"{label}, the bot is a member")
    if channel.get("is_private") or "channels:join" not in granted:
        return failed(name, f"the bot is not in {label} and cannot join it", "Type /invite @Dogwatch there.")
    return ok(name, f"{label}; the bot joins it with the first incident")
