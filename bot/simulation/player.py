"""
Plays a scenario in a sandbox, as its people and monitors would: through Slack and the alert webhook only.

The player knows the bot by what everybody sees of it: its channels, its buttons, its answers.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol, assert_never

import aiohttp

from bot.domain.errors import UserError
from bot.domain.terms import AlertStatus
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from bot.scenario import (
    Ack,
    Act,
    Alert,
    React,
    Say,
    Scenario,
    Shortcut,
    Step,
    Typed,
    VendorStatus,
    fingerprint,
    notification,
)
from bot.scenario.command_line import START, first_person, head_edits, opens, with_head

REFUSALS = (":warning:", ":grey_question:")
"""What the bot's words to one person begin with where it did not do what was asked."""
ACKNOWLEDGE = "escalation_acknowledge"
ADD_TO_TIMELINE = "add_to_timeline"
NOTHING_CHANGED = "It is so already"
"""What the bot says to a change that would change nothing: what was wanted holds."""
NAMED_BY_HANDLE = re.compile(r"<@([a-z0-9][\w.-]*)>")
INCIDENT_CHANNEL = re.compile(r"(?P<reference>(?:inc|drill)-[0-9]+)(?:-|$)")
BEFORE_IT = "general"
"""Where people type while the incident has no channel."""
CALL = re.compile(
    r"/incident\s+(?:escalate|page)\b.*?(?<!\S)@(?P<handle>[A-Za-z0-9][\w.-]*)", re.IGNORECASE | re.DOTALL
)
GROUP_SIZE = 3
CLOCK_VALUE = re.compile(
    r"\s*(?<!\S)(?:at|started|ended):(?!\?)(?:\"[^\"]*\"|~?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\s+)?[0-9]{1,2}[:h][0-9]{2}"
    r"(?:\s?[AaPp][Mm]\b)?(?:\s[A-Z]{3,5}\b)?|\S+)"
)


class PlayError(UserError):
    """The scenario cannot be played on: a step was refused, or cannot be done. Names the step."""

    def __init__(self, step: Step, what: str) -> None:
        self.step = step
        super().__init__(f"{step.label}: {what}")


class Pace(Protocol):
    """How the time goes by."""

    async def settle(self) -> None:
        """Until what was just done has had its effects."""

    async def until(self, has_come: Callable[[], bool]) -> bool:
        """Let time pass until something can be seen. False if it does not come."""

    def moment(self, step: Step) -> datetime:
        """When the step happens."""


class Player:
    """
    One playing of `scenario`. `alert_url` is the address before `/alertmanager`.

    `run` sets this playing's alerts apart from those of an earlier one. `keeps_times`: commands are typed as they
    stand; otherwise without the clock times in them.
    """

    def __init__(
        self,
        scenario: Scenario,
        sandbox: Sandbox,
        pace: Pace,
        *,
        alert_url: str,
        alert_token: str,
        run: str = "",
        keeps_times: bool = True,
    ) -> None:
        self.scenario = scenario
        self.sandbox = sandbox
        self._pace = pace
        self._alert_url = alert_url.rstrip("/")
        self._alert_token = alert_token
        self._run = run
        self._keeps_times = keeps_times
        self._channels_before = {channel["id"] for channel in sandbox.channels()}
        self._messages: dict[str, tuple[str, str]] = {}
        self._fired: dict[str, datetime] = {}
        self._has_head = False
        self._people()
        self._groups()

    @property
    def channel(self) -> str | None:
        """The id of the incident's channel: the first that the bot has made since the playing began."""
        return next((str(channel["id"]) for channel in self.incident_channels()), None)

    def incident_channels(self) -> list[dict[str, Any]]:
        """Those that the bot has made since the playing began, the first of them the scenario's."""
        return [
            channel
            for channel in self.sandbox.channels()
            if channel.get("creator") == self.sandbox.bot_user_id
            and channel["id"] not in self._channels_before
            and INCIDENT_CHANNEL.match(channel.get("name") or "")
        ]

    def _is_set_up(self) -> bool:
        """Whether the bot has written into the incident's channel: from then on commands are understood there."""
        return self.channel is not None and any(
            message.get("user") == self.sandbox.bot_user_id and "subtype" not in message
            for message in self.sandbox.messages(self.channel)
        )

    async def perform(self, step: Step) -> None:
        """Do what the step says. Raises PlayError if it cannot be done, or if the bot refuses it."""
        try:
            self._let_in(str(getattr(step.act, "who", "")))
            await self._do(step, step.act)
            await self._pace.settle()
            if not self._has_head and opens(step.act) and await self._pace.until(self._is_set_up):
                self._has_head = True
                await self._apply_head(step)
        except SlackError as problem:
            raise PlayError(step, f"Slack refuses it: {problem}.") from problem

    async def _do(self, step: Step, act: Act) -> None:
        match act:
            case Alert():
                await self._alert(step, act)
            case Typed():
                await self._type(step, act)
            case Say():
                await self._say(step, act)
            case React():
                channel, ts = self._messages[act.to]
                self._react(act.who, channel, ts, act.emoji)
            case Ack():
                await self._acknowledge(step, act)
            case Shortcut():
                await self._use_shortcut(step, act)
            case VendorStatus():
                raise PlayError(step, "the bot watches no vendor's status page.")
            case _:
                assert_never(act)

    def _react(self, who: str, channel: str, ts: str, emoji: str) -> None:
        """Who adds an emoji again changes nothing."""
        try:
            self.sandbox.react(who, channel, ts, emoji)
        except SlackError as problem:
            if problem.error != "already_reacted":
                raise

    def _let_in(self, who: str) -> None:
        """Whoever does something in a private incident is invited first, by somebody who is in it."""
        channel = self.channel
        if not (who and channel and (self.sandbox.channel(channel) or {}).get("is_private")):
            return
        person = self.sandbox.workspace.user_by_handle(who)
        members = self.sandbox.members(channel)
        inside = next((each for each in members if each != self.sandbox.bot_user_id), None)
        if person is not None and inside is not None and person.id not in members:
            self.sandbox.invite(inside, channel, [who])

    # --- people

    def _people(self) -> None:
        """Whoever the scenario names and the workspace lacks joins it."""
        for handle in sorted(people_of(self.scenario)):
            if not self._is_person(handle):
                self.sandbox.add_user(handle, tz=self.scenario.zone.key)

    def _is_person(self, handle: str) -> bool:
        return self.sandbox.workspace.user_by_handle(handle) is not None

    def _groups(self) -> None:
        """Whom people call by `@` and who is no person is a user group, of those who answer for it."""
        for step in self.scenario.steps:
            called = CALL.match(step.act.text) if isinstance(step.act, Typed) else None
            if called is None or self._is_person(called["handle"]):
                continue
            if self.sandbox.workspace.usergroup_by_handle(called["handle"]) is None:
                self.sandbox.add_usergroup(called["handle"], self._members(called["handle"], step))

    def _members(self, group: str, call: Step) -> list[str]:
        """Those who acknowledge for the group; if nobody does, some of the scenario's other people."""
        acts = [step.act for step in self.scenario.steps]
        answering = [act.who for act in acts if isinstance(act, Ack) and act.target == group]
        asking = call.act.who if isinstance(call.act, Typed) else ""
        others = [handle for handle in sorted(people_of(self.scenario)) if handle != asking]
        return list(dict.fromkeys(answering)) or others[:GROUP_SIZE] or [asking]

    # --- what they do

    async def _type(self, step: Step, act: Typed) -> None:
        text = act.text if self._keeps_times else without_times(act.text)
        if START.match(text):
            where, text = self.channel or BEFORE_IT, with_head(self.scenario, text)
        else:
            where = await self._incident_channel(step)
        await self._command(step, act.who, where, text)

    async def _command(self, step: Step, who: str, where: str, text: str) -> None:
        answer = await self.sandbox.command(who, where, as_typed(text))
        if not answer.ok:
            raise PlayError(step, f"the bot did not answer ({answer.error}).")
        if (answer.text or "").startswith(REFUSALS) and NOTHING_CHANGED not in (answer.text or ""):
            raise PlayError(step, f"the bot refuses it: {answer.text}")

    async def _apply_head(self, step: Step) -> None:
        """What the head of the scenario says and the incident does not yet, typed by the scenario's first person."""
        channel = await self._incident_channel(step)
        is_started = isinstance(step.act, Typed)
        for line in head_edits(self.scenario, is_started=is_started):
            await self._command(step, first_person(self.scenario), channel, line)
            await self._pace.settle()

    async def _incident_channel(self, step: Step) -> str:
        if not await self._pace.until(lambda: self.channel is not None) or self.channel is None:
            raise PlayError(step, "there is no incident whose channel it could happen in.")
        return self.channel

    async def _say(self, step: Step, act: Say) -> None:
        channel = act.channel or await self._incident_channel(step)
        if self.sandbox.channel(channel) is None:
            self.sandbox.create_channel(act.who, channel)
        ts = self.sandbox.say(act.who, channel, as_typed(act.text))
        if act.name:
            self._messages[act.name] = (channel, ts)

    async def _use_shortcut(self, step: Step, act: Shortcut) -> None:
        """Choose it in the message's menu, fill in the form that opens, send it."""
        callback_id = act.name.replace("-", "_")
        if callback_id != ADD_TO_TIMELINE:
            raise PlayError(step, f"the player knows no message shortcut `{act.name}`. There is add-to-timeline.")
        named = INCIDENT_CHANNEL.match(self._name_of(await self._incident_channel(step)))
        channel, ts = self._messages[act.to]
        opened = {view["id"] for view in self.sandbox.views(act.who)}
        answer = await self.sandbox.shortcut(act.who, channel, ts, callback_id)
        new = [view for view in self.sandbox.views(act.who) if view["id"] not in opened]
        if not answer.ok or not new:
            raise PlayError(step, f"the bot opens no form ({answer.error or 'and does not say why'}).")
        chosen = {
            "incident": named["reference"].upper() if named else "",
            **({"kind": act.entry_kind} if act.entry_kind else {}),
        }
        sent = await self.sandbox.submit_view(act.who, new[-1]["id"], chosen)
        if not sent.ok or sent.errors:
            said = "; ".join(f"{name}: {problem}" for name, problem in (sent.errors or {}).items())
            raise PlayError(step, f"the bot refuses it: {said or sent.error}")

    def _name_of(self, channel: str) -> str:
        return str((self.sandbox.channel(channel) or {}).get("name") or "")

    async def _acknowledge(self, step: Step, act: Ack) -> None:
        channel = await self._incident_channel(step)
        if not await self._pace.until(lambda: self._escalation(channel, act.target) is not None):
            raise PlayError(step, f"no escalation to {act.target} waits for an answer in the channel.")
        message = self._escalation(channel, act.target)
        told = len(self.sandbox.ephemerals(act.who, channel))
        answer = await self.sandbox.click(act.who, channel, message["ts"] if message else "", ACKNOWLEDGE)
        if not answer.ok:
            raise PlayError(step, f"the bot did not answer ({answer.error}).")
        for note in self.sandbox.ephemerals(act.who, channel)[told:]:
            if str(note.get("text", "")).startswith(REFUSALS):
                raise PlayError(step, f"the bot refuses it: {note['text']}")

    def _escalation(self, channel: str, target: str) -> dict[str, Any] | None:
        """The newest message with a button to acknowledge whose first line names the target."""
        named = re.compile("|".join(rf"(?<![\w-]){name}(?![\w-])" for name in self._names(target)))
        for message in reversed(self.sandbox.messages(channel)):
            blocks = message.get("blocks") or []
            if any(
                element.get("action_id") == ACKNOWLEDGE for block in blocks for element in block.get("elements", [])
            ):
                first_line = str((blocks[0].get("text") or {}).get("text", "")).partition("\n")[0]
                if named.search(first_line):
                    return message
        return None

    def _names(self, target: str) -> Iterator[str]:
        """How the target may stand in a message of Slack: by its name, or as a mention by its id."""
        yield re.escape(target)
        workspace = self.sandbox.workspace
        for found in (workspace.usergroup_by_handle(target), workspace.user_by_handle(target)):
            if found is not None:
                yield re.escape(found.id)

    # --- what monitors send

    async def _alert(self, step: Step, alert: Alert) -> None:
        at, key = self._pace.moment(step), fingerprint(alert.labels)
        is_firing = alert.status is AlertStatus.FIRING
        if is_firing:
            self._fired[key] = at
        elif key not in self._fired:
            raise PlayError(step, "no step before it fires an alert with these labels.")
        body = notification(alert, starts_at=self._fired[key], ends_at=None if is_firing else at, run=self._run)
        headers = {"Authorization": f"Bearer {self._alert_token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._alert_url}/{alert.source}", json=body, headers=headers) as answer,
        ):
            if answer.status != 200:
                raise PlayError(step, f"the bot refuses it (HTTP {answer.status}): {await answer.text()}")
            if not (await answer.json()).get("recorded"):
                raise PlayError(step, "the bot ignores it: a route of its configuration says so.")


def people_of(scenario: Scenario) -> set[str]:
    """The handles of all who do something."""
    return {str(who) for step in scenario.steps if (who := getattr(step.act, "who", None))}


def as_typed(text: str) -> str:
    """`<@dba>` as people type it, `@dba`: the angle brackets are Slack's, around ids that no scenario knows."""
    return NAMED_BY_HANDLE.sub(r"@\1", text)


def without_times(command: str) -> str:
    """The command without `at:16:11` and the like; `at:?` says that no time is known, and stays."""
    return CLOCK_VALUE.sub("", command)
