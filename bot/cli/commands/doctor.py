"""`dogwatch doctor`, as typed. What it does is in `bot.doctor`."""

import asyncio
import json
import os
import sys

import click

FAILED, UNUSABLE = 1, 2


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(*, as_json: bool) -> None:
    """
    Look whether everything is there that the bot needs: tokens, permissions, database, channels, ways in.

    It changes nothing, and the bot may run meanwhile. The exit code is 1 if something failed, 2 if the configuration
    cannot be read.
    """
    from bot.config import ConfigurationError, load  # noqa: PLC0415
    from bot.doctor import configuration, examine  # noqa: PLC0415
    from bot.doctor.report import as_json as in_json  # noqa: PLC0415
    from bot.doctor.report import failed, is_all_well, lines  # noqa: PLC0415
    from bot.runtime import log  # noqa: PLC0415  the other commands start faster without it

    log.configure(level="CRITICAL")  # what is wrong stands in the findings
    try:
        settings = load(os.environ)
    except ConfigurationError as problem:
        found, code = [failed("configuration", str(each), "") for each in problem.problems], UNUSABLE
    else:
        log.hide(settings.secret_values())
        found = [*configuration(settings, os.environ), *asyncio.run(examine(settings))]
        code = 0 if is_all_well(found) else FAILED
    for line in [json.dumps(in_json(found), ensure_ascii=False, indent=2)] if as_json else lines(found):
        click.echo(line)
    sys.exit(code)
