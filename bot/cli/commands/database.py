"""`dogwatch migrate`, `backup`, `restore`: the database as a whole."""

import asyncio
from pathlib import Path

import click

from bot.cli.environment import load_settings
from bot.domain.errors import UserError
from bot.store.database.backup import create_backup, restore_database
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database


@click.command("migrate")
def migrate_database() -> None:
    """Update the database to this release. `serve` does this at every start."""
    settings = load_settings()

    async def migrate_and_close() -> None:
        database = open_database(settings.database_url.get_secret_value())
        try:
            await migrate(database)
        finally:
            await database.close()

    asyncio.run(migrate_and_close())
    click.echo("The database is up to date.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the SQLite database and its key to FILE. The bot may be running."""
    written = create_backup(_sqlite_file("pg_dump"), file)
    click.echo(f"Written: {', '.join(map(str, written))}. It contains every record: keep it safe.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_backup(file: Path) -> None:
    """Restore a backup of the SQLite database. First stop Dogwatch and move the old file away."""
    path = _sqlite_file("pg_restore")
    restore_database(file, path)
    click.echo(f"Restored to {path}. `dogwatch serve` updates it if it is from an earlier release.")


def _sqlite_file(tool: str) -> Path:
    path = load_settings().sqlite_path
    if path is None:
        raise UserError(f"DATABASE_URL is a PostgreSQL database. Use `{tool}`.")
    return path
