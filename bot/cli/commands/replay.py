"""
`dogwatch replay`: a scenario played through the real bot and a sandbox, in one process, under one moved clock.

What comes out depends on the scenario alone: the clock, the addresses in links and the order of events are fixed.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from bot.app import Dogwatch
from bot.cli.commands.export import as_html
from bot.config import ConfigurationError, Settings, load
from bot.config.sections import PLAIN_WORDS
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from bot.export.json import incident_json, json_text
from bot.runtime.clock import MovedClock
from bot.sandbox.server import Sandbox
from bot.scenario import Alert, Scenario, Step, differences, not_compared, read_scenario
from bot.scenario.command_line import opens
from bot.services.postmortem import drafts as postmortem
from bot.services.postmortem import findings
from bot.services.postmortem import load_record as record
from bot.simulation.player import Player, PlayError
from bot.store.database.wakeups import Due
from bot.store.incidents import incidents

BEFORE = timedelta(minutes=5)
"""How long before the first step the clock starts."""
AFTERWARDS = timedelta(minutes=2)
"""How long after the last step: enough for all that waits for its turn, at a message a second and channel."""
PATIENCE = 30.0
"""Real seconds for everything to settle; a step takes a fraction of one."""
WAIT = timedelta(minutes=1)
"""How long, by the moved clock, a step may wait for what it needs."""
SLACK_URL = "https://harbour.example"
BOT_URL = "https://dogwatch.example"
ALERT_TOKEN = "token-of-the-replay"  # noqa: S105  both ends of it are in this process
SECRET_KEY = "replays sign the links of their pages with this"  # noqa: S105  the pages are gone when it ends


class World:
    """
    Bot and sandbox, connected over HTTP, on a database in `folder`; between `start` and `stop`.

    `config` is the text of a `dogwatch.toml`.
    """

    def __init__(self, start: datetime, folder: Path, *, config: str = "") -> None:
        self.clock = MovedClock(start)
        # One delivery at a time: what the bot makes of two at once could come in either order.
        self.sandbox = Sandbox(clock=self.clock, events_at_once=1, site_url=SLACK_URL)
        self._folder = folder
        self._config = config
        self._dogwatch: Dogwatch | None = None

    @property
    def dogwatch(self) -> Dogwatch:
        if self._dogwatch is None:
            raise RuntimeError("the world was not started")
        return self._dogwatch

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.dogwatch.port}"

    async def start(self) -> None:
        """Raises ConfigurationError if `config` is none. `stop` afterwards, also then."""
        settings_file = self._folder / "dogwatch.toml"
        settings_file.write_text(self._config)
        await self.sandbox.start()
        self._dogwatch = Dogwatch(self._settings(settings_file), clock=self.clock, lanes_at_once=1)
        await self._dogwatch.start()
        # What a commit leaves to be sent waits for `settle`, so that it does not race with the answer to whoever
        # caused it: the sandbox numbers messages in the order in which they come.
        self._dogwatch.database.on_commit = _nothing
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")

    async def stop(self) -> None:
        if self._dogwatch is not None:
            await self._dogwatch.stop()
        await self.sandbox.stop()

    def _settings(self, settings_file: Path) -> Settings:
        """A scenario holds what people wrote: that somebody did not write is no reason to page them again in it."""
        settings = load(
            {
                "SLACK_BOT_TOKEN": self.sandbox.bot_token,
                "SLACK_SIGNING_SECRET": self.sandbox.signing_secret,
                "SLACK_API_URL": self.sandbox.api_url,
                "DATABASE_URL": f"sqlite:///{(self._folder / 'dogwatch.db').resolve()}",
                "DOGWATCH_HOST": "127.0.0.1",
                "DOGWATCH_PORT": "0",
                "DOGWATCH_PUBLIC_URL": BOT_URL,
                "DOGWATCH_ALERT_TOKEN": ALERT_TOKEN,
                "DOGWATCH_SECRET_KEY": SECRET_KEY,
            },
            config_path=settings_file,
        )
        if "acknowledged_quiet" in settings.nudges.model_fields_set:
            return settings
        nudges = settings.nudges.model_copy(update={"acknowledged_quiet": {}})
        return settings.model_copy(update={"nudges": nudges})

    async def settle(self) -> None:
        """Until no request is open, nothing is on its way, and nothing is due now. Raises TimeoutError."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._is_settled():
                    if self._is_quiet():
                        self._wake()
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise TimeoutError(f"not settled within {PATIENCE:g} s; in the sandbox: {self.sandbox.pending()}") from None

    def _is_quiet(self) -> bool:
        return self.sandbox.settled() and self.dogwatch.is_quiet

    async def _is_settled(self) -> bool:
        return self._is_quiet() and await self.dogwatch.is_settled() and self.sandbox.settled()

    def _wake(self) -> None:
        self.dogwatch.sender.wake()
        self.dogwatch.engine.wake()

    async def advance_to(self, moment: datetime) -> None:
        """Go from due row to due row, and let each settle. A moment that has passed only settles."""
        while await self._go_to_next(moment):
            pass
        self.clock.move_to(max(moment, self.clock.now()))
        await self.settle()

    async def advance(self, **length: float) -> None:
        """`advance(minutes=5)`."""
        await self.advance_to(self.clock.now() + timedelta(**length))

    async def until(self, has_come: Callable[[], bool]) -> bool:
        """Go on, a due row at a time, until something can be seen; False if it does not come within a minute."""
        limit = self.clock.now() + WAIT
        await self.settle()
        while not has_come():
            if not await self._go_to_next(limit):
                return False
            await self.settle()
        return True

    async def _go_to_next(self, limit: datetime) -> bool:
        """Move to the next due row. False, and no move, if there is none up to `limit`."""
        await self.settle()
        due = await self.dogwatch.next_due()
        if due is None or due > limit:
            return False
        self.clock.move_to(max(due, self.clock.now()))
        return True

    def moment(self, step: Step) -> datetime:
        return step.at


def _nothing(_due: Due) -> None:
    """What a commit sets off in a replay."""


def configuration(scenario: Scenario) -> str:
    """The `dogwatch.toml` that the head of the scenario describes."""
    lines = ["[incidents]", f"zone = {_toml(scenario.zone.key)}"]
    if scenario.template:
        lines.append(f"template = {_toml(scenario.template)}")
    codes = [code for code in scenario.titles if code]
    if codes:
        lines.append(f"languages = {_toml(codes)}")
    if scenario.severity:
        lines += [f"default_severity = {_toml(_severity(scenario.severity).value)}", "", "[severities]"]
        lines += [f"{severity} = {_toml(label)}" for severity, label in _labels(scenario.severity).items()]
    return "\n".join([*lines, *_routes(scenario)]) + "\n"


def _severity(word: str) -> Severity:
    """SEV2 is itself and P2 the same; another name is the workspace's own for its highest."""
    return PLAIN_WORDS.get(word.casefold(), Severity.SEV1)


def _labels(word: str) -> Mapping[Severity, str]:
    """The scenario's word for its severity; one with a number (`P2`) stands for the whole scale."""
    of_scale = re.fullmatch(r"(.*\D)([1-4])", word)
    if of_scale is None or word.casefold() not in PLAIN_WORDS:
        return {_severity(word): word}
    return {severity: f"{of_scale[1]}{number}" for number, severity in enumerate(Severity, 1)}


def _routes(scenario: Scenario) -> Iterator[str]:
    """
    One incident for all alerts: the first opens it, unless somebody declares it, and the others belong to it.

    An alert that names no service, or another one, is of the scenario's first.
    """
    first = next((step.act for step in scenario.steps if opens(step.act)), None)
    names = dict.fromkeys(step.act.labels["alertname"] for step in scenario.steps if isinstance(step.act, Alert))
    service = [f"service = {_toml(scenario.services[0])}"] if scenario.services else []
    if isinstance(first, Alert):
        opener = str(first.labels["alertname"])
        yield from ("", "[[routes]]", f"match = {_toml([f'alertname={_toml(opener)}'])}", 'action = "open"', *service)
        names.pop(opener, None)
    if names:
        yield from ("", "[[routes]]", 'action = "attach"', *service)


def _toml(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


class Played:
    """
    What came of a replay: the three documents, and the facts that do not hold.

    `others` are the channels of further incidents that were opened.
    """

    def __init__(
        self, scenario: Scenario, *, whole: dict[str, Any], markdown: str, html: str, others: Sequence[str] = ()
    ) -> None:
        self._others = others
        self.scenario = scenario
        self.record = whole
        self.markdown = markdown
        self.html = html

    @property
    def differences(self) -> list[str]:
        return differences(self.scenario, self.record, self.markdown)

    @property
    def notes(self) -> list[str]:
        """What was not compared, and what is not in the documents."""
        opened = [f"#{name} was opened too, and is not in the documents" for name in self._others]
        return [*not_compared(self.scenario), *opened]

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "postmortem.md").write_text(self.markdown)
        (folder / "postmortem.html").write_text(self.html)
        (folder / "incident.json").write_text(json_text(self.record))


async def play(scenario: Scenario) -> Played:
    """Play the whole scenario. Raises UserError, naming the step or the key, if it cannot be played to its end."""
    with tempfile.TemporaryDirectory(prefix="dogwatch-replay-") as folder:
        world = World(scenario.steps[0].at - BEFORE, Path(folder), config=configuration(scenario))
        try:
            await world.start()
            return await _play_in(world, scenario)
        except ConfigurationError as wrong:
            lines = [f"  {each.key.rpartition('.')[2]} = {each.value}: {each.message}" for each in wrong.problems]
            raise UserError("\n".join(["The bot cannot be set up as the scenario's head says:", *lines])) from wrong
        finally:
            await world.stop()


async def _play_in(world: World, scenario: Scenario) -> Played:
    player = Player(scenario, world.sandbox, world, alert_url=f"{world.url}/alerts", alert_token=ALERT_TOKEN)
    for step in scenario.steps:
        await world.advance_to(step.at)
        await player.perform(step)
    await world.advance_to(world.clock.now() + AFTERWARDS)
    channel = player.channel
    if channel is None:
        raise PlayError(scenario.steps[-1], "the scenario is over, and no incident was opened.")
    others = [str(each["name"]) for each in player.incident_channels()[1:]]
    return await world.dogwatch.database.read(_outcome, world.dogwatch.settings, scenario, channel, others)


def _outcome(session: Session, settings: Settings, scenario: Scenario, channel_id: str, others: list[str]) -> Played:
    installation = incidents.installation(session)
    incident = incidents.of_channel(session, installation.team_id if installation else "", channel_id)
    if incident is None:
        raise UserError("The incident's channel belongs to no incident.")
    loaded = record.load(session, settings, incident.key)
    whole = incident_json(loaded, findings.of_record(settings, loaded))
    made = postmortem.draft(session, settings, incident.key)
    return Played(scenario, whole=whole, markdown=made.markdown, html=as_html(made, loaded.incident), others=others)


async def replay(path: Path, out: Path) -> list[str]:
    """
    Play the scenario in `path`, write `postmortem.md`, `postmortem.html` and `incident.json` into `out`.

    Returns the expected facts that do not hold. Raises UserError for a scenario that cannot be read or played.
    """
    played = await play(read_scenario(path))
    played.write(out)
    return played.differences


async def main(path: Path, out: Path) -> int:
    """The command: says what was played and what differs. 0: all facts hold; 1: some do not; 2: it cannot be played."""
    try:
        scenario = read_scenario(path)
        played = await play(scenario)
        played.write(out)
    except UserError as problem:
        click.echo(problem.message, err=True)
        return 2
    except TimeoutError as problem:
        click.echo(f"{path}: it does not come to rest ({problem}). A machine that is busy may be too slow.", err=True)
        return 2
    except OSError as problem:
        click.echo(f"{out}: the results cannot be written there: {problem.strerror}.", err=True)
        return 2
    for line in _report(path.name, scenario, played, out):
        click.echo(line)
    return 1 if played.differences else 0


def _report(name: str, scenario: Scenario, played: Played, out: Path) -> Iterator[str]:
    first, last = (step.at.astimezone(scenario.zone) for step in (scenario.steps[0], scenario.steps[-1]))
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}, {scenario.zone}"
    yield f"Played {name}: {len(scenario.steps)} steps, {span}."
    yield f"Written to {out}: postmortem.md, postmortem.html, incident.json."
    yield from (f"  note: {line}" for line in played.notes)
    yield from (f"  {line}" for line in played.differences)
    yield f"{len(played.differences)} expected facts do not hold." if played.differences else "All expected facts hold."
