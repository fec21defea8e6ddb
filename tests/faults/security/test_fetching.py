"""The bot opens no address from outside: a listener is named everywhere and never called."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.engine.heartbeat import Heartbeat
from bot.runtime.metrics import REGISTRY
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import counted
from tests.support.worlds.world import World


class Trap:
    """Listens, and keeps what was asked. `leads_to`: it answers with a redirect there."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.leads_to = ""
        self.heard = asyncio.Event()

    async def start(self) -> None:
        site = web.Application()
        site.router.add_route("*", "/{path:.*}", self._hear)
        self._runner = web.AppRunner(site)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        self.heard.set()
        if self.leads_to:
            return web.Response(status=302, headers={"Location": self.leads_to})
        return web.Response(text="here I am")


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    listening = Trap()
    await listening.start()
    yield listening
    await listening.stop()


@pytest.fixture
async def target() -> AsyncIterator[Trap]:
    listening = Trap()
    await listening.start()
    yield listening
    await listening.stop()


async def test_no_address_in_an_alert_a_message_or_a_form_is_opened(tmp_path: Path, trap: Trap) -> None:
    url = f"{trap.url}/x"
    words = f"look at {url} <{url}|here> ![]({url}) <img src={url}>"
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        alert = an_alert(at=world.now, address=url)
        alert |= {"generatorURL": url, "panelURL": url, "imageURL": url, "dashboardURL": url, "silenceURL": url}
        alert["annotations"] = {"summary": words, "runbook_url": url, "image": url}
        payload = a_notification(alert) | {"externalURL": url}
        for source in ("alertmanager", "grafana"):
            assert (await world.posts(source, payload))[0] == 200
        assert (await world.posts("generic", {"title": words, "url": url, "id": url}))[0] == 200
        await world.declares(words)
        ts = await world.says("engineer", words)
        await world.reacts("oncall", ts, "mag")
        world.says_app(text=words, blocks=[{"type": "image", "image_url": url, "alt_text": "x"}])
        world.sandbox.upload("engineer", world.channel, "x.html", f"<img src={url}>", title=url)
        for line in (f"note {words}", f"edit ref:{url}", f"escalate vendor:x {url}", f"impact {url}", f"cause {url}"):
            await world.types("oncall", f"/incident {line}")
        await world.chooses("oncall", "do_edit")
        await world.submits("oncall", reference=url)
        await world.types("oncall", f"/incident resolve {words}")
        await world.finish()
        await world.gets("/incidents/INC-1")

        called = {call["method"] for call in world.sandbox.calls()}

    assert trap.asked == []
    assert "files.completeUploadExternal" in called, "the draft was made and sent"
    unfurling = [call["args"] for call in world.sandbox.calls() if call["method"] == "chat.postMessage"]
    assert {str(args.get("unfurl_links")) for args in unfurling} == {"False"}, "Slack opens none for us either"


async def test_a_heartbeat_goes_where_it_was_sent_and_nowhere_else(trap: Trap, target: Trap) -> None:
    """An attacker who has taken over the address could redirect into the internal network."""
    trap.leads_to = f"{target.url}/inside"
    refused = counted("dogwatch_heartbeats", outcome="refused")

    async def fine() -> dict[str, str]:
        return {}

    heartbeat = Heartbeat(trap.url, timedelta(hours=1), fine)
    heartbeat.start()
    async with asyncio.timeout(10):
        await trap.heard.wait()
        while counted("dogwatch_heartbeats", outcome="refused") == refused:
            await asyncio.sleep(0.01)
    await heartbeat.stop()

    assert target.asked == []
    assert REGISTRY.get_sample_value("dogwatch_heartbeats_total", {"outcome": "refused"}) == refused + 1


async def test_an_upload_follows_no_redirect(tmp_path: Path, trap: Trap, target: Trap) -> None:
    """The draft goes to the address that Slack gives, or not at all: it is tried again later."""
    trap.leads_to = f"{target.url}/inside"
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        with pytest.raises(Exception, match="HTTP 302"):
            await world.bot.gateway.upload(f"{trap.url}/upload", b"the draft")

    assert trap.asked == ["/upload"]
    assert target.asked == []
