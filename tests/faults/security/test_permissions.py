"""
Guests, outsiders, bots and closed accounts can use no command, button, form or shortcut.

The tables that the bot itself works by are gone through whole, so that nothing new is left out.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.services.workspace.access import REFUSAL, REFUSAL_TO_ACCOUNT
from bot.slack.blocks.command_question import CHOICE_ACTIONS
from bot.slack.blocks.commands.note_time import SET_TIME
from bot.slack.blocks.commands.typed_line import OFFER_ACTIONS
from bot.slack.blocks.postmortem import entry_forms
from bot.slack.handlers import BUTTONS, FORMS, SHORTCUTS
from bot.slack.handlers.commands.command_questions import CommandQuestion
from bot.slack.replies.timeline import NEWER, OLDER, SHOW_REMOVED
from bot.store.incidents import timeline
from commands import COMMANDS
from tests.support.requests.strangers import FORM, channel_id, command, counted, interaction, to_slack
from tests.support.worlds.world import World

PEOPLE: Mapping[str, tuple[str, str, str]] = {
    "guest": ("U0GUEST", "guest", REFUSAL),
    "of one channel only": ("U0SINGLE", "guest", REFUSAL),
    "of another workspace": ("U0PARTNER", "another workspace", REFUSAL),
    "bot": ("U0ROBOT", "bot", REFUSAL_TO_ACCOUNT),
    "closed account": ("U0GONE", "closed account", REFUSAL_TO_ACCOUNT),
    "nobody": ("", "nobody", REFUSAL_TO_ACCOUNT),
}
"""Id, what the metric calls them, what they are told."""
LINES = {
    "start": "start something else",
    "": "",
    "list": "list",
    "merge": "merge INC-9",
    "drill": "drill",
    "find": "find pool",
    "show": "show INC-1",
    "private": "private",
    "note": "note it began",
    "timeline": "timeline",
    "redact": "redact entry-1 a password",
    "catchup": "catchup",
    "status": "status identified",
    "severity": "severity 1",
    "lead": "lead",
    "role": "role scribe",
    "handover": "handover <@U0DBA>",
    "edit": "edit title:other",
    "escalate": "escalate @U0DBA help",
    "ack": "ack",
    "impact": "impact nobody can pay",
    "cause": "cause a deploy",
    "improve": "improve the alert",
    "task": "task tell them",
    "update": "update investigating we look",
    "resolve": "resolve",
    "cancel": "cancel false",
    "reopen": "reopen it is back",
    "postmortem": "postmortem",
    "help": "help",
    "cannot": "cannot on a train",
    "moretime": "moretime 20m",
    "unack": "unack",
    "reassign": "reassign <@U0DBA>",
    "oncall": "oncall",
    "pages": "pages",
    "mute": "mute me until:23:00",
    "unmute": "unmute",
    "vendor": "vendor",
    "maintenance": "maintenance payments until:23:00",
}


@dataclass
class Stage:
    """A world with an incident, an escalation and an entry; `whispers`: ephemeral replies."""

    world: World
    whispers_to: str
    whispers: list[dict[str, Any]] = field(default_factory=list)
    entry: int = 0
    ts: str = ""
    sent: int = 0

    @property
    def team(self) -> str:
        return self.world.sandbox.team_id

    def _next(self) -> str:
        self.sent += 1
        return f"9.{self.sent}"

    def types(self, name: str, user: str) -> bytes:
        """The command, in the incident's channel and outside of it; alone, it opens a form outside."""
        where = "C0OPS" if name in {"start", "list", "help"} else channel_id(self.world)
        return command(
            self.world, LINES[name], user=user, trigger=self._next(), channel_id=where, response_url=self.whispers_to
        )

    def declares_by_form(self, user: str) -> bytes:
        return command(self.world, "", user=user, trigger=self._next(), response_url=self.whispers_to)

    def _payload(self, kind: str, user: str, **more: Any) -> bytes:
        person = {"id": user, "team_id": self.team} if user else {"id": "", "team_id": self.team}
        place = {"channel": {"id": channel_id(self.world)}, "response_url": self.whispers_to}
        return interaction(
            {"type": kind, "team": {"id": self.team}, "user": person, "trigger_id": self._next(), **place, **more}
        )

    def presses(self, action_id: str, user: str) -> bytes:
        action = {"type": "button", "action_id": action_id, "block_id": "b", "value": self.value_of(action_id, user)}
        return self._payload("block_actions", user, actions=[action])

    def value_of(self, action_id: str, user: str) -> str:
        if action_id == entry_forms.MENU:
            return f"amend:{self.entry}:1.0.0.0"
        if action_id == SET_TIME:
            return f"1:{self.entry}:exact:{self.world.now.isoformat()}"
        if action_id in {OLDER, NEWER, SHOW_REMOVED}:
            return "1.0.0.0"
        if action_id in (*CHOICE_ACTIONS, *OFFER_ACTIONS):
            line = "note at:14:00 it began"
            question = CommandQuestion(user, "x", channel_id(self.world), line, self._next(), self.world.now)
            return question.button_value("14:00", "13:00 UTC")
        return "1"

    def sends(self, callback_id: str, user: str) -> bytes:
        carried = {"incident": 1, "entry": self.entry, "seen": ""}
        if callback_id in {"mark_modal", "task_of_message_modal"}:
            carried = {"channel": channel_id(self.world), "ts": self.ts, "text": "x"}  # type: ignore[dict-item]
        values = {
            name: {name: {"type": "plain_text_input", "value": value}}
            for name, value in {
                "title": "form",
                "text": "by form",
                "severity": "SEV1",
                "status": "identified",
                "person": "U0DBA",
                "incident": "INC-1",
                "kind": "note",
                "act": "take_off",
            }.items()
        }
        view = {
            "id": f"V{self._next()}",
            "type": "modal",
            "callback_id": callback_id,
            "blocks": [],
            "private_metadata": json.dumps(carried),
            "state": {"values": values},
        }
        return self._payload("view_submission", user, view=view)

    def takes_shortcut(self, callback_id: str, user: str) -> bytes:
        message = {"type": "message", "ts": self.ts, "text": "x", "user": "U0ENGINEER"}
        return self._payload("message_action", user, callback_id=callback_id, message=message)

    def acts(self) -> dict[str, Callable[[str], bytes]]:
        """All actions by name."""

        def request_of(make: Callable[[str, str], bytes], name: str) -> Callable[[str], bytes]:
            return lambda user: make(name, user)

        found = {f"/incident {each.name}": request_of(self.types, each.name) for each in COMMANDS}
        found["the form to declare"] = self.declares_by_form
        found |= {f"button {each.action_id}": request_of(self.presses, each.action_id) for each in BUTTONS}
        found |= {f"form {each.callback_id}": request_of(self.sends, each.callback_id) for each in FORMS}
        messages = [each.callback_id for each in SHORTCUTS if each.is_on_message]
        found |= {f"shortcut {name}": request_of(self.takes_shortcut, name) for name in messages}
        return found


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    whispers: list[dict[str, Any]] = []

    async def hear(request: web.Request) -> web.Response:
        whispers.append(await request.json())
        return web.Response(text="ok")

    listener = web.Application()
    listener.router.add_post("/", hear)
    runner = web.AppRunner(listener)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        sandbox = world.sandbox
        sandbox.add_user("single", is_ultra_restricted=True, id="U0SINGLE")
        sandbox.add_user("partner", team_id="T0OTHER", id="U0PARTNER")
        sandbox.add_user("robot", is_bot=True, id="U0ROBOT")
        sandbox.add_user("gone", deleted=True, id="U0GONE")
        made = Stage(world, f"http://127.0.0.1:{port}/", whispers)
        await world.declares()
        await world.types("oncall", "/incident escalate @engineer the pool")
        made.ts = await world.says("engineer", "reading the logs")
        await world.reacts("oncall", made.ts, "mag")
        await world.finish()
        made.entry = int((await world.timeline())[-1]["ref"].removeprefix("entry-"))
        yield made
    await runner.cleanup()


def domain(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Rows without those of known users: looking somebody up is no action."""
    return {name: rows for name, rows in tables.items() if name not in {"person", "outbox", "lane"}}


def test_the_tables_are_whole() -> None:
    assert set(LINES) == {each.name for each in COMMANDS}


@pytest.mark.parametrize("who", PEOPLE)
async def test_nothing_works_for_those_who_may_not(stage: Stage, who: str) -> None:
    """Also their very first act: none of them was met before."""
    user, why, told = PEOPLE[who]
    world = stage.world
    before, views = domain(await world.tables()), len(world.sandbox.calls("views.open"))
    channels = world.channels

    for name, act in stage.acts().items():
        stage.whispers.clear()
        count = counted("dogwatch_refused_persons", why=why)
        answer = await to_slack(world, act(user), kind=FORM)
        assert answer.status == 200, (who, name)
        said = answer.text + json.dumps(stage.whispers, ensure_ascii=False)
        assert told in said, (who, name, said)
        assert counted("dogwatch_refused_persons", why=why) == count + 1, (who, name)

    await world.finish()
    assert domain(await world.tables()) == before
    assert len(world.sandbox.calls("views.open")) == views, "no form was opened either"
    assert world.channels == channels


async def test_all_of_it_works_for_somebody_of_the_workspace(stage: Stage) -> None:
    """Control: the same requests by a permitted person succeed."""
    world = stage.world
    changed = opened = 0

    for name, act in stage.acts().items():
        if name in {"/incident resolve", "/incident cancel"}:
            continue  # later ones need it open; their forms do the same
        stage.whispers.clear()
        before, views = domain(await world.tables()), len(world.sandbox.calls("views.open"))
        answer = await to_slack(world, act("U0ONCALL"), kind=FORM)
        assert answer.status == 200, name
        said = answer.text + json.dumps(stage.whispers, ensure_ascii=False)
        assert REFUSAL not in said, name
        assert REFUSAL_TO_ACCOUNT not in said, name
        changed += domain(await world.tables()) != before
        opened += len(world.sandbox.calls("views.open")) > views

    forms = [each for each in BUTTONS if each.modal or each.filled_modal]
    assert opened >= len(forms) + len(SHORTCUTS) - 3, "the trigger of a form may have been used up"
    assert changed >= 25


async def test_a_reaction_and_a_message_of_a_guest_are_recorded_and_command_nothing(stage: Stage) -> None:
    world = stage.world
    world.sandbox.invite("oncall", world.channel, ["guest"])
    ts = await world.says("guest", "the shop is empty")
    await world.reacts("guest", ts, "white_check_mark")
    await world.finish()

    exported = await world.exported()
    assert "the shop is empty" in [entry["text"] for entry in exported["timeline"]]
    assert exported["incident"]["status"] == "investigating"


async def test_if_slack_does_not_say_who_somebody_is_forms_open_all_the_same(stage: Stage) -> None:
    """During an outage of Slack forms open; their submission is checked again."""
    world = stage.world
    world.sandbox.add_user("newcomer", id="U0NEW")
    world.sandbox.fault("error", method="users.info", error="internal_error")
    views = len(world.sandbox.calls("views.open"))

    answer = await to_slack(world, stage.presses("incident_note", "U0NEW"), kind=FORM)

    assert answer.status == 200
    assert len(world.sandbox.calls("views.open")) == views + 1


async def test_the_entry_is_as_it_was(stage: Stage) -> None:
    """The stage's own entry can be read: its number is what the menu carries."""
    row = await stage.world.bot.database.read(timeline.get, stage.entry)
    assert row is not None
    assert row.text == "reading the logs"
