"""The configuration changes while the bot runs: nothing is lost, and a file that cannot be used changes nothing."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import aiohttp
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.app import Dogwatch
from bot.config import Report, examine, load
from bot.config.crypto import outbox_path
from bot.config.reloading import fingerprint
from bot.local import run_local
from bot.runtime.metrics import REGISTRY
from tests.support.servers.serve_process import served
from tests.support.worlds.world import TOKEN, World

LABELS = '[severities]\nSEV1 = "P1"\nSEV2 = "P2"\n'
CHECKOUT = '[services.checkout]\nseverity = "SEV2"\nzone = "Europe/Paris"\n[teams.payments]\nmembers = ["U0DBA"]\n'
BROKEN = '[incidents]\nzone = "Europe/Pariss"\n[services.checkout]\nteam = "payment"\n[teams.payments]\nmember = []\n'


class Changing(World):
    """`writes` and `reloads`: an operator with an editor."""

    reads_as: int | None = None
    told: Mapping[str, str]

    def read(self, path: Path | None) -> Report:
        if self.reads_as is None:
            return examine(self.told, config_path=path)
        os.seteuid(self.reads_as)
        try:
            return examine(self.told, config_path=path)
        finally:
            os.seteuid(0)

    @property
    def file(self) -> Path:
        return self.folder / "dogwatch.toml"

    def writes(self, text: str) -> None:
        self.file.write_text(text)

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self.told = self.environment()
        self.bot = Dogwatch(load(self.told), clock=self.clock, reader=self.read)
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")
        self._http = aiohttp.ClientSession()
        return self

    async def reloads(self, text: str | None = None) -> bool:
        if text is not None:
            self.writes(text)
        return await self.bot.reload()


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


pytestmark = pytest.mark.world(kind=Changing, config=CHECKOUT)


def metric(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_what_the_file_says_is_so_from_that_moment(world: Changing, logged: list[EventDict]) -> None:
    before = world.bot.configuration.fingerprint
    assert "SEV2" in await world.types("oncall", "/incident start checkout is slow service:checkout", "ops")

    assert await world.reloads(LABELS + CHECKOUT)

    assert "P2" in await world.types("oncall", "/incident start checkout is down service:checkout", "ops")
    said = next(each for each in logged if each["event"] == "configuration reloaded")
    now = world.bot.configuration.fingerprint
    assert (said["before"], said["configuration"], said["changed"]) == (before, now, ["severities"])
    assert before != now
    assert json.loads((await world.gets("/readyz"))[1])["configuration"] == now
    assert metric("dogwatch_config_info", fingerprint=now) == 1
    assert metric("dogwatch_config_info", fingerprint=before) is None


async def test_a_broken_file_is_refused_whole_with_every_mistake(world: Changing, logged: list[EventDict]) -> None:
    held = world.bot.settings
    refused = metric("dogwatch_config_reloads_total", outcome="refused") or 0

    assert not await world.reloads(BROKEN)

    assert world.bot.settings == held
    mistakes = [each["mistake"] for each in logged if each["event"] == "configuration error"]
    assert len(mistakes) == 3
    for words in ("incidents.zone", "services.checkout.team", "teams.payments.member"):
        assert any(words in each and "dogwatch.toml:" in each for each in mistakes), words
    assert metric("dogwatch_config_reloads_total", outcome="refused") == refused + 1
    assert metric("dogwatch_config_last_reload_successful") == 0
    path = outbox_path(world.bot.settings, int(world.bot.clock.real_now().timestamp()) + 60)
    page = (await world.gets(path))[1]
    assert "Europe/Pariss" in page
    assert world.bot.configuration.fingerprint in page
    assert json.loads((await world.gets("/readyz"))[1])["ok"]

    assert await world.reloads(CHECKOUT)
    assert metric("dogwatch_config_last_reload_successful") == 1
    assert "Pariss" not in (await world.gets(path))[1]


async def vanished(world: Changing) -> None:
    world.file.unlink()


async def emptied(world: Changing) -> None:
    world.writes("")


async def half_written(world: Changing) -> None:
    world.writes(CHECKOUT[: len(CHECKOUT) // 2])


async def made_binary(world: Changing) -> None:
    world.file.write_bytes(b"\xff\xfe\x00[incidents]")


async def made_a_folder(world: Changing) -> None:
    world.file.unlink()
    world.file.mkdir()


async def forbidden(world: Changing) -> None:
    """Root may read everything, so the reading is done as nobody."""
    world.file.chmod(0)
    world.reads_as = 65534 if os.geteuid() == 0 else None


@pytest.mark.parametrize("harm", [vanished, emptied, half_written, made_binary, made_a_folder, forbidden])
async def test_a_file_that_cannot_be_read_changes_nothing(world: Changing, logged: list[EventDict], harm) -> None:
    held = world.bot.settings

    await harm(world)

    assert not await world.reloads()
    assert world.bot.settings == held
    assert [each["log_level"] for each in logged if "configuration" in each["event"]] == ["error", "error"]
    assert "SEV2" in await world.types("oncall", "/incident start checkout is down service:checkout", "ops")


async def test_a_config_map_is_changed_by_a_link_to_another_folder(world: Changing) -> None:
    """As the kubelet does it: `dogwatch.toml -> ..data/dogwatch.toml`, and `..data` is renamed over."""
    for name, text in (("first", CHECKOUT), ("second", LABELS + CHECKOUT)):
        (world.folder / name).mkdir()
        (world.folder / name / "dogwatch.toml").write_text(text)
    data = world.folder / "..data"
    data.symlink_to("first")
    world.file.unlink()
    world.file.symlink_to("..data/dogwatch.toml")
    assert await world.reloads()
    assert world.bot.settings.severities == {}

    (world.folder / "..data_tmp").symlink_to("second")
    (world.folder / "..data_tmp").replace(data)

    assert await world.reloads()
    assert set(world.bot.settings.severities) == {"SEV1", "SEV2"}


async def test_secrets_and_places_are_kept(world: Changing) -> None:
    held = world.bot.settings

    assert await world.reloads(LABELS)

    now = world.bot.settings
    for name in ("port", "host", "secret_key", "slack_bot_token", "database_url", "alert_token", "config_path"):
        assert getattr(now, name) == getattr(held, name), name
    assert (await world.posts("generic", {"title": "disk full"}))[0] == 200


async def test_a_running_incident_outlives_what_the_file_no_longer_has(world: Changing) -> None:
    """Its service, team, role, labels of severity and status, template and prefix are gone."""
    (world.folder / "forms" / "postmortem").mkdir(parents=True)
    (world.folder / "forms" / "postmortem" / "house.md.j2").write_text("# {{ title }}\n")
    own = '[postmortem]\ntemplates = "forms"\n[roles.liaison]\nlabel = "Liaison to the bank"\n' + LABELS
    own += '[statuses.monitoring]\nlabel = "Watching it"\n'
    assert await world.reloads(own + CHECKOUT.replace("zone", 'template = "house"\nzone'))
    await world.declares("checkout is down service:checkout sev:P1")
    await world.types("oncall", "/incident escalate @payments please look")
    assert await world.types("oncall", '/incident status "Watching it"') == ""
    assert await world.types("oncall", "/incident role liaison <@U0COMMS|comms>") == ""
    await world.finish()

    assert await world.reloads('[incidents]\nchannel_prefix = "outage"\n')

    assert "P1" not in await world.types("oncall", "/incident severity SEV1 worse")
    for line in ("catchup", "timeline", "edit category:Production", "ack", "postmortem", "show", "list"):
        answer = await world.types("dba", f"/incident {line}")
        assert "reference" not in answer, (line, answer)
        await world.finish()
    assert "Watching it" not in world.card()
    assert "*Liaison:*" in world.card(), "of a role that is gone its name is left"
    await world.types("oncall", "/incident resolve INC-1 all is well")
    await world.finish()
    whole = (await world.exported())["incident"]
    assert whole["status"] == "resolved"
    assert (whole["zone"], whole["services"]) == ("Europe/Paris", ["checkout"])
    await world.types("oncall", "/incident start the next one", "ops")
    await world.finish()
    assert any(each.get("name", "").startswith("outage-1-") for each in world.sandbox.channels())


async def test_a_form_that_names_a_team_which_is_gone_says_so(world: Changing) -> None:
    await world.declares("checkout is down")
    await world.presses("oncall", "incident_escalate")
    assert await world.reloads(LABELS)

    answer = await world.submits("oncall", team="team:payments", text="please look")

    assert "payments" in str(answer)
    assert await world.timeline() is not None


async def test_entries_stay_when_their_emoji_leaves_the_table(world: Changing) -> None:
    await world.declares("checkout is down")
    ts = await world.says("oncall", "the first customers call")
    await world.reacts("oncall", ts, "boom")
    other = await world.says("oncall", "it is the cache")
    await world.reacts("oncall", other, "fire_engine")

    assert await world.reloads('[reactions]\nboom = "none"\nfire_engine = "detection"\n')
    await world.reacts("dba", ts, "mag")
    await world.reacts("dba", other, "fire_engine")

    kinds = {each["text"]: each["kinds"] for each in await world.timeline()}
    assert kinds["the first customers call"] == ["impact began", "investigation"]
    assert kinds["it is the cache"] == ["detection"]
    await world.unreacts("dba", ts, "mag")
    await world.unreacts("oncall", ts, "boom")
    assert "the first customers call" not in {each["text"] for each in await world.timeline()}


async def test_a_hundred_things_happen_while_the_file_is_read_again(world: Changing) -> None:
    """Commands, reactions and alerts beside forty readings, half of them of broken files."""
    await world.declares("checkout is down")
    texts = [BROKEN if turn % 2 else (LABELS if turn % 4 else "") + CHECKOUT for turn in range(40)]
    said = [world.sandbox.say("oncall", world.channel, f"finding {number}") for number in range(20)]

    async def operator() -> list[bool]:
        done = []
        for text in texts:
            done.append(await world.reloads(text))
            await asyncio.sleep(0)
        return done

    async def monitor(number: int) -> int:
        assert world._http is not None
        headers = {"Authorization": f"Bearer {TOKEN}"}
        alert = {"title": f"alert {number}", "id": str(number), "group": "load"}
        async with world._http.post(f"{world.url}/alerts/generic", json=alert, headers=headers) as got:
            return got.status

    async def person(number: int) -> bool:
        return bool((await world.sandbox.command("oncall", world.channel, f"/incident note thing {number}")).ok)

    for ts in said:
        world.sandbox.react("oncall", world.channel, ts, "mag")
    reloads, statuses, typed = await asyncio.gather(
        operator(),
        asyncio.gather(*(monitor(number) for number in range(20))),
        asyncio.gather(*(person(number) for number in range(20))),
    )
    await world.finish()

    assert reloads == [turn % 2 == 0 for turn in range(40)]
    assert set(statuses) == {200}
    assert all(typed)
    kept = {each["text"] for each in await world.timeline("INC-1")}
    assert {f"finding {number}" for number in range(20)} <= kept
    assert {f"thing {number}" for number in range(20)} <= kept
    assert {each["name"] for each in (await world.exported("INC-2"))["alerts"]} == {
        f"alert {number}" for number in range(20)
    }


async def test_a_hangup_reads_the_file_in_a_process(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'world.db'}", tmp_path, config=CHECKOUT) as world:
        database = tmp_path / "key"
        database.write_text(f"sqlite:///{tmp_path / 'served.db'}")
        environment = world.environment() | {"DATABASE_URL_FILE": str(database), "DOGWATCH_TEMPRATURE": "1"}
        del environment["DATABASE_URL"]
        async with served(environment) as running:
            up = await running.says("dogwatch started")
            assert "DOGWATCH_TEMPRATURE" in (await running.says("configuration warning"))["warning"]
            (tmp_path / "dogwatch.toml").write_text(BROKEN)
            running.process.send_signal(signal.SIGHUP)
            assert (await running.says("configuration reload refused"))["in_force"] == up["configuration"]
            (tmp_path / "dogwatch.toml").write_text(LABELS)
            database.write_text("sqlite:////elsewhere.db")
            running.process.send_signal(signal.SIGHUP)

            said = await running.says("configuration reloaded")

            assert (said["before"], said["changed"]) == (up["configuration"], ["services", "severities", "teams"])
            assert (await running.says("configuration change needs a restart"))["variables"] == ["DATABASE_URL"]
            assert json.loads((await running.gets("/readyz"))[1])["configuration"] == said["configuration"]
            assert await running.stops() == 0


async def test_the_sandbox_passes_a_hangup_on_and_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DOGWATCH_CONFIG", raising=False)
    file = tmp_path / "dogwatch.toml"
    file.write_text(LABELS)
    async with (
        run_local(tmp_path / "data", port=0, fresh=False, headless=True) as local,
        aiohttp.ClientSession() as http,
    ):

        async def in_force() -> str:
            async with http.get(f"{local.bot_url}/readyz") as got:
                return str((await got.json(content_type=None))["configuration"])

        first = await in_force()
        file.write_text(BROKEN)
        assert sum("dogwatch.toml:" in line for line in local.reload()) == 3
        file.write_text(CHECKOUT)
        local.reload()

        async with asyncio.timeout(20):
            while await in_force() == first:
                await asyncio.sleep(0.02)
        assert await in_force() == fingerprint(load({"DOGWATCH_CONFIG": str(file)}))
