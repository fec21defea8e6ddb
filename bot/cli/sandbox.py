"""`dogwatch sandbox`: the bot with a local Slack."""

import asyncio
import signal
from pathlib import Path

import click

from bot.cli.exit_codes import create_stop_event
from bot.local import run_local
from bot.runtime import log


@click.command()
@click.option("--fresh", is_flag=True, help="Delete the state of earlier runs.")
@click.option("--headless", is_flag=True, help="Without the page, for scripts that use the control API.")
@click.option("--port", type=int, help="Port of the page. Default: that of the last run, or 8055. 0: any free ports.")
@click.option(
    "--data",
    default="dogwatch-data",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for the state of the bot and of the local Slack.",
)
def sandbox(*, fresh: bool, headless: bool, port: int | None, data: Path) -> None:
    """Try the bot with a local Slack in the browser: nothing to install, no account."""
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

    asyncio.run(run_until_stopped())
