"""A workspace's own words for statuses and roles stand wherever people read one; the built-in ones only to be typed."""

import ast
import re
from pathlib import Path

import pytest

import bot
import commands
from bot.domain.terms import Status
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, rendered

OWN = {
    "triage": "Sifting",
    "investigating": "Hunting",
    "identified": "Pinned down",
    "monitoring": "Babysitting",
    "resolved": "Put out",
    "cancelled": "Called off",
    "merged": "Folded in",
}
ROLES = {"lead": "Captain", "communications": "Herald", "scribe": "Pen"}
CONFIG = "".join(
    f'[{table}.{name}]\nlabel = "{label}"\n'
    for table, own in (("statuses", OWN), ("roles", ROLES))
    for name, label in own.items()
)
WORDS = re.compile(r"\b(" + "|".join(OWN) + r"|closed|Lead|Scribe)\b", re.IGNORECASE)
TO_TYPE = re.compile(r"`[^`]*`|^/incident .*$", re.MULTILINE)
ACTS = re.compile(
    r"was merged into|can(not)? be merged|(Resolved|Cancelled|Merged)\* (into .*? )?by"
    r"|[Tt]ak(e|ing) the lead"
    r"|(?m:^• First lead\b)"
    r"|_Incidents? (cancelled|merged|resolved):_|(?m:^• \*?(Identified|Resolved)\b)"
)
"""What somebody did, which is no status: in a sentence, as the kind of an entry, as the name of a time."""
ROOMS = [Path(bot.__file__).parent / room for room in ("services", "slack")] + [Path(commands.__file__).parent]


def bare(text: str) -> list[str]:
    """The built-in words in what is read: neither to be typed nor telling what somebody did."""
    read = ACTS.sub("", TO_TYPE.sub("", text))
    return [read[max(0, found.start() - 40) : found.end() + 40] for found in WORDS.finditer(read)]


def _interpolated(tree: ast.AST) -> list[ast.expr]:
    return [each.value for each in ast.walk(tree) if isinstance(each, ast.FormattedValue)]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_no_sentence_is_made_with_a_status_as_the_row_holds_it(room: Path) -> None:
    found = [
        f"{path.name}:{value.lineno}"
        for path in room.rglob("*.py")
        for value in _interpolated(ast.parse(path.read_text()))
        if isinstance(value, ast.Attribute) and value.attr == "status" and ast.unparse(value) != "response.status"
    ]

    assert found == []


pytestmark = pytest.mark.world(config=CONFIG, databases=BOTH_DATABASES)


INTO: dict[Status, tuple[str, ...]] = {
    Status.TRIAGE: ("start it looks odd status:triage",),
    Status.INVESTIGATING: ("start it is slow",),
    Status.IDENTIFIED: ("start it is slow", "status pinned-down"),
    Status.MONITORING: ("start it is slow", "status babysitting"),
    Status.RESOLVED: ("start it is slow", "resolve"),
    Status.CANCELLED: ("start it is slow", "cancel it was none"),
    Status.MERGED: ("start it is slow",),
}
TRIED = (
    "status hunting",
    "status pinned-down",
    "status babysitting",
    "status called-off",
    "status nonsense",
    "lead",
    "lead",
    "role",
    "role scribe",
    "role scribe",
    "merge INC-1",
    "escalate <@U0DBA> help",
    "ack",
    "catchup",
    "list all",
    "show",
    "find slow",
    "resolve",
    "resolve",
    "cancel no",
    "reopen not yet",
    "reopen not yet",
    "cancel it was none",
    "cancel it was none",
    "",
)


@pytest.mark.parametrize("status", INTO)
async def test_whatever_is_answered_has_the_own_words(world: World, status: Status) -> None:
    await world.types("oncall", "/incident start another", "ops")
    for line in INTO[status]:
        await world.types("oncall", f"/incident {line}", "ops" if line.startswith("start") else world.channel)
        await world.finish()
    if status is Status.MERGED:
        await world.types("oncall", "/incident merge INC-1")
        await world.presses("oncall", "merge_confirmed")
        await world.finish()

    for line in TRIED:
        known = len(world.sandbox.ephemerals("oncall", world.channel))
        answer = await world.types("oncall", f"/incident {line}")
        await world.finish()
        answer += "".join(map(rendered, world.sandbox.ephemerals("oncall", world.channel)[known:]))
        assert bare(answer) == [], line

    shown = [rendered(each) for channel in (world.channel, "incidents") for each in world.sandbox.messages(channel)]
    assert [(text, found) for text in shown if (found := bare(text))] == []
