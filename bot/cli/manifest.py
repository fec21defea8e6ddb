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
    help="Receive over HTTP at the bot's public address. Default of URL: DOGWATCH_PUBLIC_URL.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML. Slack accepts both.")
def print_manifest(*, address: str | None, as_json: bool) -> None:
    """Print the Slack app's manifest, to create or update the app."""
    if address == "":
        address = load_settings().public_url
        if address is None:
            raise UserError(
                "The public address is missing. Use --http https://bot.example.org, or set DOGWATCH_PUBLIC_URL."
            )
    click.echo(manifest.render_manifest(address, as_json=as_json), nl=False)
