"""`dogwatch`: the command line for operators. Each command is imported when it is called."""

import gc
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

from bot.cli.exit_codes import exit_on_error, exit_on_sigterm
from bot.runtime import log
from bot.runtime.memory import limit_heaps
from bot.runtime.threads import take_short_turns

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "serve": "bot.cli.commands.serve:serve",
        "sandbox": "bot.cli.sandbox:sandbox",
        "check": "bot.cli.commands.check:check_configuration",
        "doctor": "bot.cli.commands.doctor:doctor",
        "oncall": "bot.cli.commands.oncall:on_call",
        "outbox": "bot.cli.commands.outbox:outbox",
        "login-link": "bot.cli.login_link:print_login_link",
        "migrate": "bot.cli.commands.database:migrate_database",
        "backup": "bot.cli.commands.database:backup",
        "restore": "bot.cli.commands.database:restore_backup",
        "manifest": "bot.cli.manifest:print_manifest",
        "replay": "bot.cli.commands.replay:replay_command",
        "export": "bot.cli.commands.export:export",
        "figures": "bot.cli.commands.figures:figures",
        "erase-person": "bot.cli.commands.erase_person:erase_person_command",
        "retention": "bot.cli.commands.retention:retention",
        "status": "bot.cli.status_page:status_page",
        "explain": "bot.cli.commands.explain:explain",
    }
)
"""Each command's module and function."""
LONG_RUNNING = frozenset({"serve", "sandbox"})


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called: the whole bot takes a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in LONG_RUNNING:
            exit_on_sigterm()
            limit_heaps()
            take_short_turns()
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return command


def run_cli() -> None:
    log.scrub_crashes()
    with exit_on_error():
        cli(standalone_mode=False)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dogwatch")
def cli() -> None:
    """
    Run incidents in Slack, from the first alert to the postmortem.

    Exit codes: 0 success, 1 failure, 2 wrong arguments or configuration, 3 SQLite file in use by another process.
    """
