"""The documented commands, reactions and times work: each table row is tried."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.command.grammar import parse
from bot.command.help import describe_value
from bot.command.table import Command, Context, Option, Value
from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.domain.times import read_date, read_leading_time, read_time, refuse_future
from commands import COMMANDS
from tests.rules.incidents.test_milestones import LADDERS

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS_TEXT = (DOCS / "use" / "commands.md").read_text()
TIMES_TEXT = (DOCS / "use" / "times.md").read_text()
REACTIONS_TEXT = (DOCS / "use" / "reactions.md").read_text()
PARIS = ZoneInfo("Europe/Paris")
READ_AT = datetime(2026, 11, 18, 13, 30, tzinfo=UTC)
"""The moment that `docs/use/times.md` names for its examples."""


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose head begins with `heading`, without the head."""
    table = re.search(rf"^\| {re.escape(heading)} \|.*?(?:\n\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert table is not None, heading
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_every_command_stands_in_the_table_as_it_is() -> None:
    assert rows(COMMANDS_TEXT, "command") == [
        [f"`/incident {command.usage}".rstrip() + "`", quoted(command.aliases), command.summary] for command in COMMANDS
    ]


def documented_options(command: Command) -> list[list[str]]:
    section = re.search(rf"^### {command.name}\n(.*?)(?=^##|\Z)", COMMANDS_TEXT, flags=re.MULTILINE | re.DOTALL)
    return rows(section[1], "option") if section else []


def as_documented(option: Option) -> list[str]:
    sign = "" if option.kind is Value.FLAG else ":"
    aliases = tuple(f"{alias}{sign}" for alias in option.aliases)
    takes = describe_value(option.kind, option.choices)
    return [f"`{option.name}{sign}`", quoted(aliases), "; ".join(filter(None, [option.about, takes]))]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "alone")
def test_every_option_stands_in_its_command_s_table(command: Command) -> None:
    assert documented_options(command) == [as_documented(option) for option in command.options]


def test_every_reaction_stands_in_the_table() -> None:
    documented = [(emoji, name, kind.split("**")[1]) for emoji, name, kind in rows(REACTIONS_TEXT, "reaction")]

    assert documented == [(f":{emoji}:", f"`:{emoji}:`", kind.value) for emoji, kind in DEFAULT_REACTIONS.items()]


EXAMPLES = {
    "list": "list resolved sev1 checkout",
    "find": 'find "connection pool" exhausted drills',
    "show": "show INC-3",
    "private": "private",
    "drill": "drill checkout-500s speed:10",
    "pages": "pages test",
    "mute": "mute <@U0DBA> until:tomorrow 09:00 on leave",
    "unmute": "unmute <@U0DBA>",
    "maintenance": "maintenance payments from:22:00 to:tomorrow 02:00 new disks",
    "merge": "merge INC-3",
    "reopen": "reopen it came back",
    "edit": 'edit title:"Paiements en panne" lang:fr category:""',
    "update": "update monitoring lang:en at:14:05 it is better",
    "cancel": "cancel a false alarm",
    "redact": "redact entry-12 it holds a password",
    "start": "start checkout is down sev:2 service:checkout",
    "": "",
    "note": "note at:~14:05 kind:hypothesis the cache is cold",
    "timeline": "tl",
    "catchup": "catch-up",
    "status": "status identified the deploy",
    "severity": "sev 1 half of all payments fail",
    "lead": "lead <@U1>",
    "role": "role scribe <@U1> the logs are not read yet",
    "handover": "handover scribe <@U1> the logs are not read yet",
    "escalate": "page vendor:Adyen at:? by phone",
    "ack": "ack",
    "cannot": "cannot on a train",
    "moretime": "moretime 15",
    "unack": "unack pressed by mistake",
    "reassign": "reassign <@U0DBA|dba> it is the pool",
    "oncall": "on-call take payments from:Sat 09:00 until:Sun 09:00 the dentist",
    "vendor": "vendor payplug answered at:13:25 case:CS-123 they see it too",
    "impact": "impact users:20% started:14:00 one in five",
    "cause": "cause lang:fr le déploiement",
    "improve": "improve alert on pool usage",
    "task": 'task raise the limit <@U1> due:friday symptom:"payments fail"',
    "resolve": "resolve at:14:10 rolled back",
    "postmortem": "pm review <@U1> <@U2> due:friday",
    "help": "help start",
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "alone")
def test_a_line_of_each_usage_is_read(command: Command) -> None:
    context = Context(now=READ_AT, zone=PARIS, inside="INC-7")

    assert parse(EXAMPLES[command.name], COMMANDS, context).command is command


@pytest.mark.parametrize("name", LADDERS)
def test_what_sets_a_time_is_documented_in_its_row(name: str) -> None:
    documented = {cells[0].strip("`"): cells[1] for cells in rows(TIMES_TEXT, "time")}

    for _, because in LADDERS[name]:
        if because is not None:
            assert f"`{because}`" in documented[name]


def test_every_time_of_the_record_has_its_row() -> None:
    names = [cells[0].strip("`") for cells in rows(TIMES_TEXT, "time")]

    assert names == ["started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended"]


@pytest.mark.parametrize(("typed", "told"), [tuple(cells) for cells in rows(TIMES_TEXT, "typed")])
def test_every_example_of_a_time_is_read_as_the_table_says(typed: str, told: str) -> None:
    text = typed.strip("`")
    if told.startswith("asked about"):
        with pytest.raises(Ambiguous):
            read_time(text, now=READ_AT, zone=PARIS)
        return

    when = read_time(text, now=READ_AT, zone=PARIS)

    if told == "nobody knows":
        assert (when.at, when.precision) == (None, Precision.UNKNOWN)
        return
    moment, _, remark = told.partition(", ")
    assert when.at == datetime.fromisoformat(moment)
    assert (when.precision is Precision.APPROXIMATE) == (remark == "about")
    if remark.startswith("which is refused"):
        with pytest.raises(UserError):
            refuse_future(when, now=READ_AT, zone=PARIS)


@pytest.mark.parametrize(("line", "left"), [tuple(cells) for cells in rows(TIMES_TEXT, "behind `at:`")])
def test_every_example_of_a_line_leaves_the_text_that_the_table_says(line: str, left: str) -> None:
    words = line.strip("`").split()

    found = read_leading_time(words, now=READ_AT, zone=PARIS)

    assert found is not None
    assert " ".join(words[found[1] :]) == left


@pytest.mark.parametrize("text", [cells[0].strip("`") for cells in rows(TIMES_TEXT, "refused")])
def test_every_text_that_is_documented_as_refused_is(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_time(text, now=READ_AT, zone=PARIS)

    assert not isinstance(refusal.value, Ambiguous)


@pytest.mark.parametrize(("typed", "told"), [tuple(cells) for cells in rows(TIMES_TEXT, "due")])
def test_every_example_of_a_day_is_read_as_the_table_says(typed: str, told: str) -> None:
    text = typed.strip("`")
    if told.startswith("asked about"):
        with pytest.raises(Ambiguous):
            read_date(text, now=READ_AT, zone=PARIS)
    else:
        assert read_date(text, now=READ_AT, zone=PARIS).isoformat() == told
