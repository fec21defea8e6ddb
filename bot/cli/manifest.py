"""`dogwatch manifest`: the manifest of the Slack app."""

import click

from bot.cli.environment import load_settings
from bot.domain.errors import UserError
from bot.slack import manifest


@click.command("manifest")
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
    if address == "":
        address = load_settings().public_url
        if address is None:
            raise UserError(
                "Name the bot's public address (--http https://bot.example.org), or set DOGWATCH_PUBLIC_URL."
            )
    click.echo(manifest.render_manifest(address, as_json=as_json), nl=False)
