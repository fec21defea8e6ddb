"""`dogwatch`: the commands of the operator."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.commands.check import check_configuration
from bot.cli.commands.doctor import doctor
from bot.cli.commands.oncall import on_call
from bot.cli.commands.outbox import outbox
from bot.cli.exit_codes import FAILED, ends_at_once, told_in_words, told_to_stop
from bot.config import Settings, examine, load
from bot.config.reloading import tell_warnings
from bot.domain.errors import UserError
from bot.runtime import log
from bot.runtime.systemd import Notifier

T = TypeVar("T")


def main() -> None:
    """The entry point."""
    log.scrub_crashes()
    with told_in_words():
        cli(standalone_mode=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dogwatch")
def cli() -> None:
    """
    Run incidents in Slack, from the first alert to the postmortem.

    A command ends with 0 when it did what was asked, with 1 when it failed, with 2 when the call or the configuration
    is wrong, and with 3 when another process has the SQLite file.
    """


cli.add_command(check_configuration)
cli.add_command(doctor)
cli.add_command(on_call)
cli.add_command(outbox)


def settings_from_environment() -> Settings:
    settings = load(os.environ)
    log.hide(settings.secret_values())
    return settings


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(work())


async def started_unless(told: asyncio.Event, starting: Coroutine[Any, Any, None]) -> None:
    """Wait for a start, but not after somebody said to stop."""
    tasks = [asyncio.ensure_future(starting), asyncio.ensure_future(told.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if not task.done():
            task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]


@cli.command()
def serve() -> None:
    """Run the bot against Slack: by Socket Mode if SLACK_APP_TOKEN is set, over HTTP if not."""
    ends_at_once()
    from bot.app import Dogwatch  # noqa: PLC0415  the other commands start faster without the whole bot

    log.configure()
    settings = settings_from_environment()
    log.configure(level=settings.log_level.upper(), form=settings.log_format)
    tell_warnings(examine(os.environ).warnings)

    async def serving() -> None:
        told, systemd = told_to_stop(), Notifier(os.environ, os.getpid())
        bot = Dogwatch(settings)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bot.ask_to_reload)
        living = asyncio.create_task(systemd.keep_alive(), name="signs of life")
        try:
            await started_unless(told, bot.start())
            if not told.is_set():
                systemd.tell("READY=1", f"STATUS=Listening on port {bot.port}")
            await told.wait()
        finally:
            systemd.tell("STOPPING=1", "STATUS=Finishing what is under way")
            await bot.stop()
            living.cancel()

    run(serving)


@cli.command()
@click.option("--fresh", is_flag=True, help="Forget everything that earlier runs left.")
@click.option("--headless", is_flag=True, help="Without the page: for scripts, which use the control API.")
@click.option("--port", default=8055, show_default=True, help="Where the page is; 0 takes any free port.")
@click.option(
    "--data",
    default="dogwatch-data",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder that keeps the state of the bot and of the local Slack.",
)
def sandbox(*, fresh: bool, headless: bool, port: int, data: Path) -> None:
    """Try the bot with a local Slack in the browser: nothing to install, no account."""
    ends_at_once()
    from bot.local import run_local  # noqa: PLC0415

    log.configure(level="WARNING")

    async def running() -> None:
        told = told_to_stop()
        async with run_local(data, port=port, fresh=fresh, headless=headless) as local:

            def hung_up() -> None:
                for line in local.read_again():
                    click.echo(line, err=True)

            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)
            for line in local.greeting:
                click.echo(line)
            await told.wait()

    run(running)


@cli.command()
def migrate() -> None:
    """Bring the database up to date. `serve` does this by itself at every start."""
    from bot.store.database import migrate as migrations  # noqa: PLC0415
    from bot.store.database.session import open_database  # noqa: PLC0415

    settings = settings_from_environment()

    async def migrating() -> None:
        database = open_database(settings.database_url.get_secret_value())
        try:
            await migrations.migrate(database)
        finally:
            await database.close()

    run(migrating)
    click.echo("The database is up to date.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the SQLite database, with its key, to FILE. The bot may run meanwhile."""
    from bot.store.database.backup import back_up  # noqa: PLC0415

    written = back_up(_sqlite_file("pg_dump"), file)
    click.echo(f"Written: {', '.join(map(str, written))}. This is everything that was recorded: keep it safe.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put a backup where the SQLite database was. Dogwatch must not run, and the old file has to be moved away."""
    from bot.store.database.backup import restore as put_back  # noqa: PLC0415

    path = _sqlite_file("pg_restore")
    put_back(file, path)
    click.echo(f"Restored to {path}. `dogwatch serve` brings it up to date if it is of an earlier release.")


def _sqlite_file(tool: str) -> Path:
    path = settings_from_environment().sqlite_path
    if path is None:
        raise UserError(f"DATABASE_URL names a PostgreSQL database: use its own `{tool}`.")
    return path


@cli.command()
@click.option(
    "--http",
    "address",
    is_flag=False,
    flag_value="",
    metavar="[URL]",
    help="For requests over HTTP, to the bot's public address; without URL to DOGWATCH_PUBLIC_URL.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML. Slack takes both.")
def manifest(*, address: str | None, as_json: bool) -> None:
    """Print the Slack app's manifest, to create the app from or to bring it up to date."""
    from bot.slack import manifest as app  # noqa: PLC0415

    if address == "":
        address = settings_from_environment().public_url
        if address is None:
            raise UserError(
                "Name the bot's public address (--http https://bot.example.org), or set DOGWATCH_PUBLIC_URL."
            )
    click.echo(app.shown(address, as_json=as_json), nl=False)


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the results are written.")
def replay(scenario: Path, out: Path) -> None:
    """Play a scenario through the real bot and a local Slack, and compare with what it expects."""
    from bot.cli.commands import replay as playing  # noqa: PLC0415

    log.configure(level="ERROR")
    sys.exit(run(lambda: playing.main(scenario, out)))


@cli.command()
@click.argument("reference")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "json"]),
    default="markdown",
    show_default=True,
    help="What is written: the draft as Markdown or as a page, or the whole record.",
)
@click.option("--template", help="The form of the draft: classic, brief, statuspage, sre, or one of your own.")
@click.option("--lang", help="Its languages, for example fr,en.")
@click.option("--transcript", is_flag=True, help="With what was written in the channel, message by message.")
def export(*, reference: str, form: str, template: str | None, lang: str | None, transcript: bool) -> None:
    """Write an incident's postmortem draft (markdown, html) or its whole record (json) to standard output."""
    from bot.cli.commands.export import Wanted, export_incident  # noqa: PLC0415

    settings = settings_from_environment()
    languages = tuple(each.strip() for each in lang.split(",") if each.strip()) if lang else None
    wanted = Wanted(form, template, languages, with_transcript=transcript)
    click.echo(run(lambda: export_incident(settings, reference, wanted)), nl=False)


@cli.command()
@click.option("--month", metavar="MONTH", help="One month, as 2026-11. Without it the last twelve.")
@click.option("--json", "form", flag_value="json", help="For scripts.")
@click.option("--csv", "form", flag_value="csv", help="For a spreadsheet.")
def figures(*, month: str | None, form: str | None) -> None:
    """Show by month who was paged outside working hours, and how fast escalations were acknowledged."""
    from bot.cli.commands import figures as counting  # noqa: PLC0415

    settings = settings_from_environment()
    click.echo(run(lambda: counting.figures(settings, month, form or "text")), nl=False)


@cli.command("erase-person")
@click.argument("user_id")
@click.option("--also", multiple=True, metavar="TEXT", help="Another way in which texts name them; may be repeated.")
@click.option("--yes", is_flag=True, help="Do it. Without this it is only shown what would change.")
def erase_person(user_id: str, also: tuple[str, ...], *, yes: bool) -> None:
    """Replace a person's id (U012ABCDEF) and name by "former member" everywhere in the database. For ever."""
    from bot.cli.commands import erase_person as erasing  # noqa: PLC0415

    settings = settings_from_environment()
    for line in run(lambda: erasing.erase_person(settings, user_id, also=also, is_meant=yes)):
        click.echo(line)
    if not yes:
        click.echo("To do it, run the same command with --yes. There is no way back.")
        sys.exit(FAILED)


@cli.command()
@click.option("--now", "is_meant", is_flag=True, help="Do it now. Without this it is only shown what would go.")
def retention(*, is_meant: bool) -> None:
    """Show what `[retention]` deletes: how much, and how old it is. `serve` does it by itself once a day."""
    from bot.cli.commands import retention as retaining  # noqa: PLC0415

    log.configure(level="ERROR")
    settings = settings_from_environment()
    for line in run(lambda: retaining.retain(settings, is_meant=is_meant)):
        click.echo(line)


@cli.command()
@click.argument("text", required=False)
@click.option(
    "--time", "time_text", help="Explain a time instead of a command; - reads one from each line of standard input."
)
@click.option("--zone", default="UTC", show_default=True, help="The zone in which times are read.")
@click.option("--now", "now_text", help="The moment from which relative times count (ISO 8601); now if left out.")
@click.option("--inside", help="As if typed in this incident's channel, for example INC-7.")
def explain(text: str | None, time_text: str | None, zone: str, now_text: str | None, inside: str | None) -> None:
    """
    Show how a text would be read, without doing anything.

    Without TEXT or --time, each line of standard input is explained, one JSON object a line.
    """
    from bot.cli.commands.explain import explain_command, explain_time  # noqa: PLC0415
    from bot.command.table import Context  # noqa: PLC0415
    from bot.domain.times import read_zone  # noqa: PLC0415
    from commands import COMMANDS  # noqa: PLC0415

    settings = settings_from_environment()
    read_in = read_zone(zone)
    context = Context(
        now=_moment(now_text),
        zone=read_in,
        severities=settings.severity_words(),
        labels=settings.severity_labels,
        mark_words=settings.reactions,
        roles=settings.role_words,
        statuses=settings.status_words,
        inside=inside,
    )
    if time_text == "-":
        for line in sys.stdin:
            if line.strip():
                click.echo(_json(explain_time(line.strip(), now=context.now, zone=read_in)))
    elif time_text is not None:
        click.echo(_json(explain_time(time_text, now=context.now, zone=read_in), indent=2))
    elif text is not None:
        click.echo(_json(explain_command(text, COMMANDS, context), indent=2))
    else:
        for line in sys.stdin:
            if line.strip():
                click.echo(_json(explain_command(line.rstrip("\n"), COMMANDS, context)))


def _json(value: object, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"--now {text!r} is not ISO 8601. Write it like 2026-11-18T14:05:00+01:00.") from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)
