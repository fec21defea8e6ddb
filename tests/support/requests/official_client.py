"""Calls by the official client that many tests begin with."""

import aiohttp

MODAL = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "A form"},
    "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Hello"}}],
}


async def with_channel(client, name="room"):
    return (await client.conversations_create(name=name))["channel"]["id"]


async def with_message(client, text="hello"):
    channel = await with_channel(client)
    return channel, (await client.chat_postMessage(channel=channel, text=text))["ts"]


def trigger(sandbox, user="U0ONCALL"):
    return sandbox._trigger(sandbox._user(user))


async def uploaded(client, sandbox):
    place = await client.files_getUploadURLExternal(filename="notes.md", length=5)
    async with aiohttp.ClientSession() as session, session.post(place["upload_url"], data=b"hello") as got:
        assert got.status == 200
    return place["file_id"]
