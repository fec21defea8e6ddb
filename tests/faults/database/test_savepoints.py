"""What is refused is undone, and its transaction goes on: it must not go by what it believed to know or to hold."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.slack.blocks import modals
from bot.slack.blocks.command_question import CHOICE_ACTIONS
from bot.slack.blocks.incidents import card
from bot.slack.handlers import BUTTONS, FORMS
from bot.slack.handlers.commands.command_questions import CommandQuestion
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.inbound.buttons import run_button
from bot.slack.inbound.forms import run_form
from bot.store.shared import people
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[3]
TEAM, NEWCOMER, CHANNEL = "T0HARBOUR", "U0NEWCOMER", "C0NOWHERE"
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOTHING = "999"
"""Of an incident that does not exist."""


pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


def a_click(session: Session, settings: Settings, action_id: str, value: str) -> str:
    button = next(each for each in BUTTONS if each.action_id == action_id)
    click = ButtonClick(TEAM, NEWCOMER, None, action_id, value, "1.3")
    return str((run_button(session, settings, button, click, AT) or {})["text"])


def an_answered_question(session: Session, settings: Settings) -> str:
    question = CommandQuestion(NEWCOMER, "newcomer", CHANNEL, "ack INC-999", "1.2", AT)
    return a_click(session, settings, CHOICE_ACTIONS[0], question.button_value("8:00", "8:00 UTC"))


def a_button(session: Session, settings: Settings) -> str:
    return a_click(session, settings, card.LEAD, NOTHING)


def a_form(session: Session, settings: Settings) -> str:
    form = next(each for each in FORMS if each.callback_id == modals.NOTE)
    metadata, values = {modals.INCIDENT: int(NOTHING)}, {modals.TEXT: "the fans are loud"}
    submission = ViewSubmission(TEAM, NEWCOMER, None, modals.NOTE, metadata, values, "1.5")
    return " ".join(run_form(session, settings, form, submission, AT).errors.values())


@pytest.mark.parametrize("ask", [an_answered_question, a_button, a_form])
async def test_who_was_met_by_what_was_refused_is_met_again(
    world: World, ask: Callable[[Session, Settings], str]
) -> None:
    def work(session: Session) -> str:
        refusal = ask(session, world.bot.settings)
        people.insert_missing(session, TEAM, [NEWCOMER])
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
