"""Documented commands and configuration are valid."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.cli.main import cli
from bot.command.grammar import parse
from bot.command.table import Context
from bot.config import check
from commands import COMMANDS
from tests.contracts.docs.test_links import documents

ROOT = Path(__file__).parents[3]
NOT_TYPED = {"CHANGELOG.md"}
"""It tells of what was, too."""
CONTEXT = Context(now=datetime(2026, 11, 18, 13, 30, tzinfo=UTC), zone=UTC, inside="INC-7")
USERS = re.compile(r"(?<![\w<])@(\w+)")


@cache
def parsed(name: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse((ROOT / name).read_text())


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """A block of code with its file and line."""
    for name in documents():
        if name not in NOT_TYPED:
            for token in parsed(name):
                if token.type == "fence" and token.info in languages:
                    assert token.map is not None
                    yield f"{name}:{token.map[0] + 1}", token.content


def typed() -> Iterator[tuple[str, str]]:
    """The lines behind a prompt, joined at backslashes, without comments."""
    for place, text in blocks("console"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                yield place, re.sub(r"\$\([^)]*\)", "SOMETHING", line[2:])


def quoted(beginning: str) -> Iterator[tuple[str, list[str]]]:
    """Inline code with this prefix, without it."""
    for name in documents():
        if name not in NOT_TYPED:
            for block in parsed(name):
                for token in block.children or ():
                    if token.type == "code_inline" and token.content.startswith(beginning):
                        yield name, token.content.removeprefix(beginning).split()


def calls(program: str) -> list[tuple[str, list[str]]]:
    """The arguments with which documents call a program, as a shell would hand them over."""
    found = []
    for place, line in typed():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in {"|", "||", "&&", ";", ">", "<", ">>"}:
                words.append(word)
                continue
            named = next((i for i, each in enumerate(words) if Path(each).name == program), None)
            is_called = named is not None and all("=" in each for each in words[:named])
            if named is not None and is_called:
                found.append((place, words[named + 1 :]))
            words = []
    return found


def ids(cases: list[tuple[str, list[str]]]) -> list[str]:
    return [f"{place} {' '.join(words)}" for place, words in cases]


DOGWATCH = calls("dogwatch")
MAKE = calls("make")
SLACK = [(place, line) for place, text in blocks("text") for line in text.splitlines() if line.startswith("/incident ")]
TOML = list(blocks("toml"))
YAML = list(blocks("yaml"))
NAMED = [(place, words) for place, words in quoted("dogwatch ") if words[0] not in {"is", "--version"}]
NAMED_IN_SLACK = [(place, words) for place, words in quoted("/incident ") if words[0].islower()]


@pytest.mark.parametrize(("_place", "arguments"), DOGWATCH, ids=ids(DOGWATCH))
def test_a_call_of_dogwatch_is_understood(_place: str, arguments: list[str]) -> None:
    """Check subcommand, options and required arguments, without running it."""
    command: click.Command = cli
    context = click.Context(cli, info_name="dogwatch")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
        context = click.Context(command, info_name=name, parent=context)
    if arguments != ["--version"]:
        command.parse_args(context, list(arguments))


@pytest.mark.parametrize(("_place", "words"), NAMED, ids=ids(NAMED))
def test_a_subcommand_that_is_named_is_there(_place: str, words: list[str]) -> None:
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    options = {name for each in command.params for name in each.opts}
    assert {word for word in words if word.startswith("--")} <= {*options, "--help"} or words[1:2] in (
        ["retry"],
        ["drop"],
    )


@pytest.mark.parametrize(("_place", "words"), NAMED_IN_SLACK, ids=ids(NAMED_IN_SLACK))
def test_a_command_that_is_named_is_there(_place: str, words: list[str]) -> None:
    assert words[0] in {name for command in COMMANDS for name in (command.name, *command.aliases)}


@pytest.mark.parametrize(("_place", "arguments"), MAKE, ids=ids(MAKE))
def test_what_is_made_can_be_made(_place: str, arguments: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {each for each in arguments if "=" not in each} <= targets


@pytest.mark.parametrize(("_place", "line"), SLACK, ids=[f"{place} {line}" for place, line in SLACK])
def test_a_line_for_slack_is_read(_place: str, line: str) -> None:
    text = USERS.sub(r"<@U1|\1>", line.removeprefix("/incident "))

    assert parse(text, COMMANDS, CONTEXT).command


@pytest.mark.parametrize(("_place", "text"), TOML, ids=[place for place, _ in TOML])
def test_a_part_of_the_configuration_is_right(_place: str, text: str, tmp_path: Path) -> None:
    """By itself, in a folder that has what it names."""
    path = tmp_path / "dogwatch.toml"
    path.write_text(text)
    for folder in re.findall(r'^templates = "(.+)"', text, re.MULTILINE):
        (tmp_path / folder / "postmortem").mkdir(parents=True)

    assert [str(each) for each in check(path, {"SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "x"})] == []


@pytest.mark.parametrize(("_place", "text"), YAML, ids=[place for place, _ in YAML])
def test_yaml_can_be_read(_place: str, text: str) -> None:
    assert yaml.safe_load(text)


def test_enough_was_found() -> None:
    """Guards against a change of format that would leave nothing to test."""
    assert len(DOGWATCH) > 15
    assert len(NAMED) > 30
    assert len(NAMED_IN_SLACK) > 30
    assert len(MAKE) > 3
    assert len(SLACK) > 8
    assert len(TOML) > 2
    assert len(YAML) > 4
