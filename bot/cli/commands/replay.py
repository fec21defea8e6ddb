"""`dogwatch replay`: play a scenario through bot and sandbox, and compare the outcome."""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from bot.cli.commands.export import draft_html
from bot.config import ConfigurationError, Settings
from bot.config.sections.severity_words import PLAIN_WORDS
from bot.domain.errors import UserError
from bot.domain.status_page.publication import PublishedIncident
from bot.domain.terms import Severity
from bot.domain.vendor_status.look import VendorUpdate
from bot.export.json import incident_json, json_text
from bot.feeds import parse_feed
from bot.local.replay_world import ALERT_TOKEN, BOT_URL, ReplayWorld
from bot.runtime import log
from bot.scenario.check import describe_public_page, find_differences
from bot.scenario.command_line import opens_incident
from bot.scenario.model import Alert, Scenario
from bot.scenario.reader import read_scenario
from bot.scenario.vendor_view import find_vendor_differences
from bot.services.postmortem import findings
from bot.services.postmortem.drafts import write_draft
from bot.services.postmortem.load_record import load_record
from bot.services.status_page.load_state import load_public_state
from bot.simulation.player import Player, PlayError
from bot.store import status_page
from bot.store.incidents import incidents, installations
from bot.web.status.folder import write_folder
from bot.web.status.site import Site, build_site

LEAD_TIME = timedelta(minutes=5)
"""Between the start of the clock and the first step."""
TRAILING_TIME = timedelta(minutes=2)
"""After the last step: enough to send the backlog at one message a second and channel."""

WATCHED = "api/v2/incidents.json"
"""What other companies read of the public page."""


def scenario_config(scenario: Scenario) -> str:
    """The `dogwatch.toml` for the head of a scenario."""
    lines = ["[incidents]", f"zone = {_toml(scenario.zone.key)}"]
    if scenario.template:
        lines.append(f"template = {_toml(scenario.template)}")
    codes = [code for code in scenario.titles if code]
    if codes:
        lines.append(f"languages = {_toml(codes)}")
    if scenario.severity:
        lines += [f"default_severity = {_toml(_severity(scenario.severity).value)}", "", "[severities]"]
        lines += [f"{severity} = {_toml(label)}" for severity, label in _labels(scenario.severity).items()]
    return "\n".join([*lines, *_routes(scenario), *_status_page(scenario)]) + "\n"


def _status_page(scenario: Scenario) -> Iterator[str]:
    """A public page in the titles' languages, if the scenario expects one or a reader of it."""
    if scenario.expected.public_page is not None or scenario.vendor_view is not None:
        codes = [code for code in scenario.titles if code] or ["en"]
        yield from ("", "[status]", f"title = {_toml(scenario.title)}", f"languages = {_toml(codes)}")


def _severity(word: str) -> Severity:
    """`SEV2` and `P2` are SEV2; an unknown word is the workspace's label for SEV1."""
    return PLAIN_WORDS.get(word.casefold(), Severity.SEV1)


def _labels(word: str) -> Mapping[Severity, str]:
    """Severity labels by the scenario's word; one with a number (`P2`) labels the whole scale."""
    of_scale = re.fullmatch(r"(.*\D)([1-4])", word)
    if of_scale is None or word.casefold() not in PLAIN_WORDS:
        return {_severity(word): word}
    return {severity: f"{of_scale[1]}{number}" for number, severity in enumerate(Severity, 1)}


def _routes(scenario: Scenario) -> Iterator[str]:
    """
    Routes that put all alerts into one incident.

    The first alert opens the incident, unless somebody declares it before.
    Alerts without a service get the scenario's first one.
    """
    first = next((step.action for step in scenario.steps if opens_incident(step.action)), None)
    names = dict.fromkeys(step.action.labels["alertname"] for step in scenario.steps if isinstance(step.action, Alert))
    service = [f"service = {_toml(scenario.services[0])}"] if scenario.services else []
    if isinstance(first, Alert):
        opener = str(first.labels["alertname"])
        yield from ("", "[[routes]]", f"match = {_toml([f'alertname={_toml(opener)}'])}", 'action = "open"', *service)
        if scenario.severity:  # the head decides, whatever the alert's label says
            yield f"severity = {_toml(_severity(scenario.severity).value)}"
        names.pop(opener, None)
    if names:
        yield from ("", "[[routes]]", 'action = "attach"', *service)


def _toml(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


class ReplayResult:
    """The documents of a replay. `others`: names of the channels of further incidents."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        record: dict[str, Any],
        markdown: str,
        html: str,
        others: Sequence[str] = (),
        site: Site | None = None,
        published: PublishedIncident | None = None,
    ) -> None:
        self._site, self._published = site, published
        self._others = others
        self.scenario = scenario
        self.record = record
        self.markdown = markdown
        self.html = html

    @property
    def differences(self) -> list[str]:
        page = describe_public_page(self._published) if self._published else None
        found = find_differences(self.scenario, self.record, self.markdown, page)
        return [*found, *find_vendor_differences(self.scenario, self._watched_updates())]

    def _watched_updates(self) -> Sequence[VendorUpdate]:
        """The incident's updates as a watcher of the page reads them."""
        if self._site is None or self._published is None:
            return ()
        page = self._site.files[WATCHED]
        look = parse_feed(page.body, page.content_type, address=f"{BOT_URL}/status/{WATCHED}")
        ours = [each for each in look.incidents if each.key == self._published.public_id]
        return tuple(update for each in ours for update in each.ordered_updates)

    @property
    def notes(self) -> list[str]:
        """Incidents that are not in the documents."""
        return [f"also opened, but not in the documents: #{name}" for name in self._others]

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "postmortem.md").write_text(self.markdown)
        (folder / "postmortem.html").write_text(self.html)
        (folder / "incident.json").write_text(json_text(self.record))
        if self._site is not None:
            write_folder(self._site, folder / "status-page")


async def play(scenario: Scenario) -> ReplayResult:
    """
    Play the whole scenario.

    Raises UserError, with the step or the key, if it cannot be played to its end.
    """
    with tempfile.TemporaryDirectory(prefix="dogwatch-replay-") as folder:
        world = ReplayWorld(scenario.steps[0].at - LEAD_TIME, Path(folder), config=scenario_config(scenario))
        try:
            await world.start()
            return await _play_in(world, scenario)
        except ConfigurationError as wrong:
            lines = [f"  {each.key.rpartition('.')[2]} = {each.value}: {each.message}" for each in wrong.problems]
            raise UserError("\n".join(["The scenario's head is not a valid configuration:", *lines])) from wrong
        finally:
            await world.stop()


async def _play_in(world: ReplayWorld, scenario: Scenario) -> ReplayResult:
    player = Player(scenario, world.sandbox, world, bot_url=world.url, token=ALERT_TOKEN)
    for step in scenario.steps:
        await world.advance_to(step.at)
        await player.perform(step)
    await world.advance_to(world.clock.now() + TRAILING_TIME)
    channel = player.channel
    if channel is None:
        raise PlayError(scenario.steps[-1], "the scenario ended without an incident. Declare one, or send an alert.")
    others = [str(each["name"]) for each in player.incident_channels()[1:]]
    return await world.dogwatch.database.read(
        _collect_result, world.dogwatch.settings, scenario, channel, others, world.clock.now()
    )


def _collect_result(
    session: Session, settings: Settings, scenario: Scenario, channel_id: str, others: list[str], now: datetime
) -> ReplayResult:
    installation = installations.find_installation(session)
    incident = incidents.find_by_channel(session, installation.team_id if installation else "", channel_id)
    if incident is None:
        raise UserError("The incident's channel belongs to no incident.")
    record = load_record(session, settings, incident.key)
    as_json = incident_json(record, findings.find_in_record(settings, record))
    draft = write_draft(session, settings, incident.key)
    html = draft_html(draft, record)
    site = build_site(settings, load_public_state(session, settings, now)) if settings.status else None
    public = status_page.find_by_incident(session, incident.key)
    published = status_page.as_published(public, status_page.find_updates(session, public.key)) if public else None
    return ReplayResult(
        scenario, record=as_json, markdown=draft.markdown, html=html, others=others, site=site, published=published
    )


async def replay(path: Path, out: Path) -> list[str]:
    """
    Play the scenario in `path`, and write the three documents into `out`.

    Returns the expected facts that do not match. Raises UserError for a scenario that cannot be read or played.
    """
    played = await play(read_scenario(path))
    played.write(out)
    return played.differences


async def run_replay(path: Path, out: Path) -> int:
    """
    Replay and report.

    Returns the exit code: 0 all facts match, 1 some do not, 2 it cannot be played.
    """
    try:
        scenario = read_scenario(path)
        played = await play(scenario)
        played.write(out)
    except UserError as problem:
        click.echo(problem.message, err=True)
        return 2
    except TimeoutError as problem:
        click.echo(f"{path}: the bot does not finish ({problem}). Try again on a less busy machine.", err=True)
        return 2
    except OSError as problem:
        click.echo(f"{out}: cannot write the results: {problem.strerror}.", err=True)
        return 2
    for line in _report(path.name, scenario, played, out):
        click.echo(line)
    return 1 if played.differences else 0


def _report(name: str, scenario: Scenario, played: ReplayResult, out: Path) -> Iterator[str]:
    first, last = (step.at.astimezone(scenario.zone) for step in (scenario.steps[0], scenario.steps[-1]))
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}, {scenario.zone}"
    yield f"Played {name}: {len(scenario.steps)} steps, {span}."
    yield f"Written to {out}: postmortem.md, postmortem.html, incident.json."
    yield from (f"  note: {line}" for line in played.notes)
    yield from (f"  {line}" for line in played.differences)
    yield (
        f"{len(played.differences)} expected facts do not match." if played.differences else "All expected facts match."
    )


@click.command("replay")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
def replay_command(scenario: Path, out: Path) -> None:
    """Play a scenario through the real bot and a local Slack, and compare with what it expects."""
    log.configure_logging(level="ERROR")
    sys.exit(asyncio.run(run_replay(scenario, out)))
