"""`docs/reference/cli.md` says what `dogwatch` takes: each subcommand, each of its options."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "cli.md").read_text()


def subcommands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """All commands by their words, with subcommands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from subcommands(command, f"{path} {name}")


COMMANDS = dict(subcommands(cli, "dogwatch"))
SECTIONS = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))


def options_of(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def usage(path: str, command: click.Command) -> str:
    pieces = command.collect_usage_pieces(click.Context(command, info_name=path))
    return " ".join([path, *(each for each in pieces if each != "[OPTIONS]" or options_of(command))])


def takes(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + "\\|".join(option.type.choices)
    return f" {option.metavar or option.type.name.upper()}"


def as_documented(option: click.Option) -> list[str]:
    """A flag's default is that it is off; an option without a default has an empty cell."""
    default = option.default if isinstance(option.default, str | int) and not option.is_flag else ""
    name = next(each for each in option.opts if each.startswith("--"))
    return [f"`{name}{takes(option)}`", f"`{default}`" if default else "", (option.help or "").rstrip(".")]


def documented(path: str) -> list[list[str]]:
    rows = re.findall(r"^\| (`--.*) \|$", SECTIONS[path], re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]


def test_every_subcommand_has_its_section_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_what_is_typed_is_what_it_takes(path: str) -> None:
    assert f"```text\n{usage(path, COMMANDS[path])}\n```" in SECTIONS[path]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_stands_in_its_table(path: str) -> None:
    assert documented(path) == [as_documented(option) for option in options_of(COMMANDS[path])]
