"""Lookup of channels by name or id."""

from collections.abc import AsyncIterator
from typing import Any

from bot.domain.slack_app.missing_permissions import MISSING_SCOPE
from bot.services.workspace.installation import save_incidents_channel
from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.context import PAGE_SIZE, EffectContext
from bot.store.incidents.installations import Installation

PUBLIC = "public_channel"
PUBLIC_AND_PRIVATE = "public_channel,private_channel"


async def incidents_channel(context: EffectContext, installation: Installation) -> str:
    """
    Id of the configured incidents channel, which is created if it does not exist.

    Raises SlackApiError if it can be neither found nor created.
    """
    wanted = context.settings().incidents.channel.removeprefix("#")
    if (known := _known_channel(installation, wanted)) is not None:
        return known
    async with context.incidents_channel_lookup:  # announcements of several incidents may be the first
        installation = await context.read_installation()
        return _known_channel(installation, wanted) or await _find_or_create(context, installation.team_id, wanted)


def _known_channel(installation: Installation, wanted: str) -> str | None:
    return installation.incidents_channel_id if installation.incidents_channel == wanted else None


async def _find_or_create(context: EffectContext, team_id: str, wanted: str) -> str:
    found = await _find_channel(context, wanted)
    if found is None:
        try:
            found = (await context.gateway.call("conversations.create", name=wanted))["channel"]
        except SlackApiError as problem:
            if problem.error != "name_taken":
                raise
            found = await _find_channel(context, wanted)
            if found is None:
                raise
    else:
        await _join_if_public(context, found)
    channel_id = str(found["id"])
    await context.database.run(save_incidents_channel, team_id, wanted, channel_id)
    return channel_id


async def find_channel(context: EffectContext, wanted: str) -> str:
    """
    Find a configured channel by name or id, and join it if it is public. Returns its id.

    Raises SlackApiError if there is none.
    """
    found = await _find_channel(context, wanted.removeprefix("#"))
    if found is None:
        raise SlackApiError("conversations.list", "channel_not_found", {})
    await _join_if_public(context, found)
    return str(found["id"])


async def _join_if_public(context: EffectContext, channel: dict[str, Any]) -> None:
    if not channel.get("is_member", True) and not channel.get("is_private"):
        await context.gateway.call("conversations.join", channel=channel["id"])


async def _find_channel(context: EffectContext, wanted: str) -> dict[str, Any] | None:
    async for channel in list_channels(context, search=f"channel {wanted}"):
        if wanted in {channel.get("id"), channel.get("name")}:
            return channel
    return None


async def list_channels(context: EffectContext, *, search: str) -> AsyncIterator[dict[str, Any]]:
    """
    Channels that are not archived; only public ones if the scope for private ones is missing.

    `search`: as in `EffectContext.pages`.
    """
    for types in (PUBLIC_AND_PRIVATE, PUBLIC):
        try:
            async for answer in context.pages(
                "conversations.list", search=f"{search} {types}", types=types, exclude_archived=True, limit=PAGE_SIZE
            ):
                for channel in answer.get("channels", []):
                    yield channel
        except SlackApiError as problem:
            if problem.error != MISSING_SCOPE or types == PUBLIC:
                raise
        else:
            return
