"""Command line of `dogwatch doctor`. The checks are in `bot.doctor`."""

import asyncio
import json
import os
import sys

import click

from bot.cli.exit_codes import DONE, FAILED, UNUSABLE
from bot.config import ConfigurationError, load
from bot.doctor import check_configuration, run_checks
from bot.doctor.report import all_passed, failed, report_as_json, report_lines
from bot.runtime import log


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")
def doctor(*, as_json: bool) -> None:
    """
    Check everything that the bot needs: tokens, permissions, database, channels, inbound connections.

    Read-only: the bot may be running. Exit codes: 0 no check failed, 1 a check failed, 2 wrong configuration.
    """
    log.configure_logging(level="CRITICAL")  # the report has it all
    try:
        settings = load(os.environ)
    except ConfigurationError as problem:
        results, code = [failed("configuration", str(each), "") for each in problem.problems], UNUSABLE
    else:
        log.hide_secrets(settings.secret_values())
        results = [*check_configuration(settings, os.environ), *asyncio.run(run_checks(settings))]
        code = DONE if all_passed(results) else FAILED
    if as_json:
        click.echo(json.dumps(report_as_json(results), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(report_lines(results)))
    sys.exit(code)
