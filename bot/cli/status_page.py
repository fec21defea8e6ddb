"""`dogwatch status`: write the public status page for another host."""

import asyncio
from pathlib import Path

import click

from bot.cli.environment import load_settings
from bot.config import Settings
from bot.config.crypto import ensure_secret_key
from bot.domain.errors import UserError
from bot.domain.status_page.subscribers import SubscriberKind
from bot.runtime import log
from bot.services.status_page.load_state import load_public_state
from bot.services.status_page.subscriptions import describe_counts
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.web.status.folder import write_folder
from bot.web.status.site import build_site


async def write_status_page(settings: Settings, folder: Path) -> int:
    """
    Write the files of the page into `folder`, and return their number.

    May run beside a running bot.

    Raises UserError without a configured page, and for a folder that takes nothing.
    """
    if settings.status is None:
        raise UserError("There is no status page. Add [status] with a title to dogwatch.toml.")
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        now = await database.now()
        state = await database.read(load_public_state, ensure_secret_key(settings), now)
    finally:
        await database.close()
    site = build_site(settings, state)
    try:
        write_folder(site, folder)
    except OSError as problem:
        raise UserError(f"{folder}: cannot write the files: {problem.strerror}.") from problem
    return len(site.files)


async def count_subscribers(settings: Settings) -> list[tuple[SubscriberKind, str, int]]:
    """
    Count subscribers by kind and language, without their addresses.

    May run beside a running bot.
    """
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        return await database.read(describe_counts)
    finally:
        await database.close()


@click.group("status")
def status_page() -> None:
    """Work with the public status page."""


@status_page.command("build")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def build(folder: Path) -> None:
    """Write the status page into a folder, for a static host."""
    log.configure_logging(level="ERROR")
    count = asyncio.run(write_status_page(load_settings(), folder))
    click.echo(f"Wrote {count} files to {folder}, and beside them compressed ones (.br, .gz).")


@status_page.command("subscribers")
def show_subscribers() -> None:
    """Count the subscribers by kind and language. Addresses are not shown."""
    log.configure_logging(level="ERROR")
    counts = asyncio.run(count_subscribers(load_settings()))
    for kind, language, count in counts:
        click.echo(f"{kind:<8} {language:<12} {count:>7,}")
    click.echo(f"{'all':<21} {sum(count for *_, count in counts):>7,}")
