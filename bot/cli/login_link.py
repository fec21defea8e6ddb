"""`dogwatch login-link`: a one-time link to the pages, for the hour in which Slack is away."""

import asyncio
import os

import click

from bot.config import Settings, load_environment
from bot.config.crypto import ensure_secret_key, login_link
from bot.runtime.clock import machine_now
from bot.services.web_pages.sessions import find_link_user
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database


async def create_login_link(settings: Settings, person: str) -> str:
    """
    Create a link for a person by `@handle`, name or user id.

    The database is only read, so that a bot may be running. Raises UserError and DatabaseUnavailable.
    """
    settings = ensure_secret_key(settings)
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        user_id = await database.read(find_link_user, person, await database.now())
    finally:
        await database.close()
    return login_link(settings, user_id, machine_now())


@click.command("login-link")
@click.argument("person", metavar="@PERSON")
def print_login_link(person: str) -> None:
    """Print a link that signs a person in to the pages. It works once, for 10 minutes."""
    click.echo(asyncio.run(create_login_link(load_environment(os.environ), person)))
