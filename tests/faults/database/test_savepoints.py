"""What is refused is undone, and its transaction goes on: it must not go by what it believed to know or to hold."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.slack.blocks import modals
from bot.slack.blocks.incidents import card
from bot.slack.inbound import buttons as pressing
from bot.slack.inbound import slash_commands as commanding
from bot.slack.inbound import submissions as submitting
from bot.slack.inbound.time_questions import Question
from bot.slack.replies.submission import Submitted
from bot.store.shared import people
from commands import COMMANDS
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[3]
TEAM, NEWCOMER, CHANNEL = "T0HARBOUR", "U0NEWCOMER", "C0NOWHERE"
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOTHING = "999"
"""Of an incident that does not exist."""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path) as built:
        yield built


def a_command(session: Session, settings: Settings) -> str:
    typed = commanding.Typed(TEAM, NEWCOMER, "newcomer", None, CHANNEL, "ack INC-999", "1.1")
    return str(commanding.carry_out(session, settings, COMMANDS, typed, AT)["text"])


def an_answered_question(session: Session, settings: Settings) -> str:
    value = Question(NEWCOMER, "newcomer", CHANNEL, "ack INC-999", "1.2", AT).carried("8:00", "8:00 UTC")
    pressed = pressing.Pressed(TEAM, NEWCOMER, None, "choose", value, "1.3")
    told = commanding.choose(session, settings, COMMANDS, pressed, AT)
    return str((told or {})["text"])


def a_press(session: Session, settings: Settings) -> str:
    told = pressing.carry_out(session, settings, pressing.Pressed(TEAM, NEWCOMER, None, card.LEAD, NOTHING, "1.4"), AT)
    return str((told or {})["text"])


def a_form(session: Session, settings: Settings) -> str:
    carried, values = {modals.INCIDENT: int(NOTHING)}, {modals.TEXT: "the fans are loud"}
    submitted = Submitted(TEAM, NEWCOMER, None, modals.NOTE, carried, values, "1.5")
    return " ".join(submitting.submit(session, settings, submitted, AT).errors.values())


@pytest.mark.parametrize("ask", [a_command, an_answered_question, a_press, a_form])
async def test_who_was_met_by_what_was_refused_is_met_again(
    world: World, ask: Callable[[Session, Settings], str]
) -> None:
    def work(session: Session) -> str:
        refusal = ask(session, world.bot.settings)
        people.meet(session, TEAM, [NEWCOMER])
        return refusal

    refusal = await world.bot.database.run(work)

    assert "no INC-999" in refusal or "does not exist" in refusal
    assert await world.bot.database.read(people.get, TEAM, NEWCOMER) is not None


def test_nothing_else_undoes_a_part_of_a_transaction() -> None:
    plain = [
        str(path.relative_to(ROOT))
        for package in ("bot", "commands")
        for path in (ROOT / package).rglob("*.py")
        if ".begin_nested(" in path.read_text()
    ]

    assert plain == ["bot/store/database/savepoint.py"]
