"""`dogwatch`: the command line for operators."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.commands.check import check_configuration
from bot.cli.commands.doctor import doctor
from bot.cli.commands.oncall import on_call
from bot.cli.commands.outbox import outbox
from bot.cli.exit_codes import FAILED, create_stop_event, exit_on_error, exit_on_sigterm
from bot.config import Settings, examine, load
from bot.config.reloading import log_warnings
from bot.domain.errors import UserError
from bot.runtime import log
from bot.runtime.systemd import SystemdNotifier

T = TypeVar("T")


def run_cli() -> None:
    log.scrub_crashes()
    with exit_on_error():
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
    log.hide_secrets(settings.secret_values())
    return settings


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(work())


async def start_unless_stopped(stop: asyncio.Event, starting: Coroutine[Any, Any, None]) -> None:
    """Await `starting`, and cancel it when `stop` is set."""
    tasks = [asyncio.ensure_future(starting), asyncio.ensure_future(stop.wait())]
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
    exit_on_sigterm()
    from bot.app import Dogwatch  # noqa: PLC0415  the other commands start faster without the whole bot

    log.configure_logging()
    settings = settings_from_environment()
    log.configure_logging(level=settings.log_level.upper(), form=settings.log_format)
    log_warnings(examine(os.environ).warnings)

    async def serve_until_stopped() -> None:
        stop, systemd = create_stop_event(), SystemdNotifier(os.environ, os.getpid())
        bot = Dogwatch(settings)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bot.request_reload)
        watchdog = asyncio.create_task(systemd.keep_alive(), name="systemd watchdog")
        try:
            await start_unless_stopped(stop, bot.start())
            if not stop.is_set():
                systemd.notify("READY=1", f"STATUS=Listening on port {bot.port}")
            await stop.wait()
        finally:
            systemd.notify("STOPPING=1", "STATUS=Finishing what is under way")
            await bot.stop()
            watchdog.cancel()

    run(serve_until_stopped)


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
    exit_on_sigterm()
    from bot.local import run_local  # noqa: PLC0415

    log.configure_logging(level="WARNING")

    async def run_until_stopped() -> None:
        stop = create_stop_event()
        async with run_local(data, port=port, fresh=fresh, headless=headless) as local:

            def reload_configuration() -> None:
                for line in local.reload():
                    click.echo(line, err=True)

            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload_configuration)
            for line in local.greeting:
                click.echo(line)
            await stop.wait()

    run(run_until_stopped)


@cli.command("migrate")
def migrate_database() -> None:
    """Bring the database up to date. `serve` does this by itself at every start."""
    from bot.store.database.migrate import migrate  # noqa: PLC0415
    from bot.store.database.session import open_database  # noqa: PLC0415

    settings = settings_from_environment()

    async def migrate_and_close() -> None:
        database = open_database(settings.database_url.get_secret_value())
        try:
            await migrate(database)
        finally:
            await database.close()

    run(migrate_and_close)
    click.echo("The database is up to date.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the SQLite database, with its key, to FILE. The bot may run meanwhile."""
    from bot.store.database.backup import create_backup  # noqa: PLC0415

    written = create_backup(_sqlite_file("pg_dump"), file)
    click.echo(f"Written: {', '.join(map(str, written))}. This is everything that was recorded: keep it safe.")


@cli.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_backup(file: Path) -> None:
    """Put a backup where the SQLite database was. Dogwatch must not run, and the old file has to be moved away."""
    from bot.store.database.backup import restore_database  # noqa: PLC0415

    path = _sqlite_file("pg_restore")
    restore_database(file, path)
    click.echo(f"Restored to {path}. `dogwatch serve` brings it up to date if it is of an earlier release.")


def _sqlite_file(tool: str) -> Path:
    path = settings_from_environment().sqlite_path
    if path is None:
        raise UserError(f"DATABASE_URL names a PostgreSQL database: use its own `{tool}`.")
    return path


@cli.command("manifest")
@click.option(
    "--http",
    "address",
    is_flag=False,
    flag_value="",
    metavar="[URL]",
    help="For requests over HTTP, to the bot's public address; without URL to DOGWATCH_PUBLIC_URL.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML. Slack takes both.")
def print_manifest(*, address: str | None, as_json: bool) -> None:
    """Print the Slack app's manifest, to create the app from or to bring it up to date."""
    from bot.slack import manifest  # noqa: PLC0415

    if address == "":
        address = settings_from_environment().public_url
        if address is None:
            raise UserError(
                "Name the bot's public address (--http https://bot.example.org), or set DOGWATCH_PUBLIC_URL."
            )
    click.echo(manifest.render_manifest(address, as_json=as_json), nl=False)


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the results are written.")
def replay(scenario: Path, out: Path) -> None:
    """Play a scenario through the real bot and a local Slack, and compare with what it expects."""
    from bot.cli.commands.replay import run_replay  # noqa: PLC0415

    log.configure_logging(level="ERROR")
    sys.exit(run(lambda: run_replay(scenario, out)))


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
    from bot.cli.commands.export import ExportOptions, export_incident  # noqa: PLC0415

    settings = settings_from_environment()
    languages = tuple(each.strip() for each in lang.split(",") if each.strip()) if lang else None
    options = ExportOptions(form, template, languages, with_transcript=transcript)
    click.echo(run(lambda: export_incident(settings, reference, options)), nl=False)


@cli.command()
@click.option("--month", metavar="MONTH", help="One month, as 2026-11. Without it the last twelve.")
@click.option("--json", "form", flag_value="json", help="For scripts.")
@click.option("--csv", "form", flag_value="csv", help="For a spreadsheet.")
def figures(*, month: str | None, form: str | None) -> None:
    """Show by month who was paged outside working hours, and how fast escalations were acknowledged."""
    from bot.cli.commands.figures import format_figures  # noqa: PLC0415

    settings = settings_from_environment()
    click.echo(run(lambda: format_figures(settings, month, form or "text")), nl=False)


@cli.command("erase-person")
@click.argument("user_id")
@click.option("--also", multiple=True, metavar="TEXT", help="Another way in which texts name them; may be repeated.")
@click.option("--yes", is_flag=True, help="Do it. Without this it is only shown what would change.")
def erase_person(user_id: str, also: tuple[str, ...], *, yes: bool) -> None:
    """Replace a person's id (U012ABCDEF) and name by "former member" everywhere in the database. For ever."""
    from bot.cli.commands.erase_person import erase  # noqa: PLC0415

    settings = settings_from_environment()
    for line in run(lambda: erase(settings, user_id, also=also, is_confirmed=yes)):
        click.echo(line)
    if not yes:
        click.echo("To do it, run the same command with --yes. There is no way back.")
        sys.exit(FAILED)


@cli.command()
@click.option("--now", "is_confirmed", is_flag=True, help="Do it now. Without this it is only shown what would go.")
def retention(*, is_confirmed: bool) -> None:
    """Show what `[retention]` deletes: how much, and how old it is. `serve` does it by itself once a day."""
    from bot.cli.commands.retention import run_retention  # noqa: PLC0415

    log.configure_logging(level="ERROR")
    settings = settings_from_environment()
    for line in run(lambda: run_retention(settings, is_confirmed=is_confirmed)):
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
    from bot.cli.commands.explain import explain_input  # noqa: PLC0415

    settings = settings_from_environment()
    for line in explain_input(settings, text, time_text, zone=zone, now_text=now_text, inside=inside):
        click.echo(line)
