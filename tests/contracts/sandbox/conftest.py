"""Clients and apps for the sandbox."""

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from tests.support.servers.sandbox_client import web_client


@pytest.fixture
async def app(sandbox):
    """A bolt app that keeps every body it gets and answers as the test says in `app.reply`."""
    app = AsyncApp(client=web_client(sandbox), process_before_response=True)
    app.bodies, app.reply = [], {}

    async def take(ack, body):
        app.bodies.append(body)
        await ack(**app.reply)

    import re

    everything = re.compile(".*")
    for listen in (app.command, app.action, app.view_submission, app.view_closed, app.shortcut, app.options):
        listen(everything)(take)
    handler = AsyncSocketModeHandler(app, sandbox.app_token)
    await handler.connect_async()
    await sandbox.wait_until(lambda: sandbox.sockets() == 1)
    yield app
    await handler.close_async()


@pytest.fixture
def client(sandbox):
    return web_client(sandbox)
