"""
Player of scenarios in a sandbox.

It acts as people and monitors, through Slack and the alert webhook only, and sees of the bot what people see.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, assert_never

import aiohttp

from bot.domain.errors import UserError
from bot.domain.terms import AlertStatus
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from bot.scenario.command_line import START_COMMAND, add_header_options, first_person, header_edits, opens_incident
from bot.scenario.model import (
    Acknowledgement,
    Action,
    Alert,
    DeliveredChange,
    Message,
    MessageShortcut,
    Reaction,
    Scenario,
    SlashCommand,
    Step,
    VendorStatus,
)
from bot.scenario.webhooks import build_change, build_notification, fingerprint
from bot.simulation.workspace_setup import add_people, add_usergroups

REFUSALS = (":warning:", ":grey_question:")
"""Beginnings of the bot's refusals."""
ACKNOWLEDGE = "escalation_acknowledge"
CONFIRMATIONS = frozenset({"escalation_acknowledge_unasked", "escalation_page_again"})
"""Buttons of confirmations; the player presses them."""
ADD_TO_TIMELINE = "add_to_timeline"
NOTHING_CHANGED = "Nothing to change: that is already set."
"""Answer to an edit without a change; it does not stop the replay."""
NAMED_BY_HANDLE = re.compile(r"<@([a-z0-9][\w.-]*)>")
INCIDENT_CHANNEL = re.compile(r"(?P<reference>(?:inc|drill)-[0-9]+)(?:-|$)")
FIRST_CHANNEL = "general"
"""The channel for commands before the incident has one."""
CLOCK_VALUE = re.compile(
    r"\s*(?<!\S)(?:at|started|ended):(?!\?)(?:\"[^\"]*\"|~?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\s+)?[0-9]{1,2}[:h][0-9]{2}"
    r"(?:\s?[AaPp][Mm]\b)?(?:\s[A-Z]{3,5}\b)?|\S+)"
)


class PlayError(UserError):
    """A step that was refused, or cannot be done."""

    def __init__(self, step: Step, what: str) -> None:
        self.step = step
        super().__init__(f"{step.label}: {what}")


class Pace(Protocol):
    """The passing of time during a replay."""

    async def settle(self) -> None:
        """Wait until the last action has had its effects."""

    async def until(self, has_come: Callable[[], bool]) -> bool:
        """Let time pass until `has_come` is true. Return False if it does not become true."""

    def moment(self, step: Step) -> datetime:
        """Return the time of the step."""


class Player:
    """
    One replay of `scenario`.

    `alert_url` is the address before `/alertmanager`. `run` distinguishes the alerts from those of an earlier replay.
    `keeps_times` False: clock times are removed from commands.
    """

    def __init__(
        self,
        scenario: Scenario,
        sandbox: Sandbox,
        pace: Pace,
        *,
        bot_url: str,
        token: str,
        run: str = "",
        keeps_times: bool = True,
    ) -> None:
        self.scenario = scenario
        self.sandbox = sandbox
        self._pace = pace
        self._alert_url, self._change_url = f"{bot_url}/alerts", f"{bot_url}/changes"
        self._token = token
        self._run = run
        self._keeps_times = keeps_times
        self._channels_before = {channel["id"] for channel in sandbox.channels()}
        self._messages: dict[str, tuple[str, str]] = {}
        self._fired: dict[str, datetime] = {}
        self._has_header = False
        add_people(scenario, sandbox)
        add_usergroups(scenario, sandbox)

    @property
    def channel(self) -> str | None:
        """The id of the incident's channel: the first that the bot created in this replay."""
        return next((str(channel["id"]) for channel in self.incident_channels()), None)

    def incident_channels(self) -> list[dict[str, Any]]:
        """The incident channels that the bot created in this replay, the scenario's first."""
        return [
            channel
            for channel in self.sandbox.channels()
            if channel.get("creator") == self.sandbox.bot_user_id
            and channel["id"] not in self._channels_before
            and INCIDENT_CHANNEL.match(channel.get("name") or "")
        ]

    def _is_set_up(self) -> bool:
        """Return whether commands work in the incident's channel: the bot has written there."""
        return self.channel is not None and any(
            message.get("user") == self.sandbox.bot_user_id and "subtype" not in message
            for message in self.sandbox.messages(self.channel)
        )

    async def perform(self, step: Step) -> None:
        """Carry out a step. Raises PlayError if it cannot be done, or if the bot refuses it."""
        try:
            self._invite_person(str(getattr(step.action, "who", "")))
            await self._run_action(step, step.action)
            await self._pace.settle()
            if not self._has_header and opens_incident(step.action) and await self._pace.until(self._is_set_up):
                self._has_header = True
                await self._apply_header(step)
        except SlackError as problem:
            raise PlayError(step, f"Slack refuses it: {problem}.") from problem

    async def _run_action(self, step: Step, action: Action) -> None:
        match action:
            case Alert():
                await self._send_alert(step, action)
            case DeliveredChange():
                await self._send_change(step, action)
            case SlashCommand():
                await self._type_command(step, action)
            case Message():
                await self._post_message(step, action)
            case Reaction():
                channel, ts = self._messages[action.to]
                self._add_reaction(action.who, channel, ts, action.emoji)
            case Acknowledgement():
                await self._acknowledge(step, action)
            case MessageShortcut():
                await self._use_shortcut(step, action)
            case VendorStatus():
                raise PlayError(step, "the bot does not watch status pages of vendors.")
            case _:
                assert_never(action)

    def _add_reaction(self, who: str, channel: str, ts: str, emoji: str) -> None:
        """Add an emoji; an emoji that is there already changes nothing."""
        try:
            self.sandbox.react(who, channel, ts, emoji)
        except SlackError as problem:
            if problem.error != "already_reacted":
                raise

    def _invite_person(self, who: str) -> None:
        """Invite a person into a private incident, by one of its members."""
        channel = self.channel
        if not (who and channel and (self.sandbox.channel(channel) or {}).get("is_private")):
            return
        person = self.sandbox.workspace.user_by_handle(who)
        members = self.sandbox.members(channel)
        inside = next((each for each in members if each != self.sandbox.bot_user_id), None)
        if person is not None and inside is not None and person.id not in members:
            self.sandbox.invite(inside, channel, [who])

    async def _type_command(self, step: Step, action: SlashCommand) -> None:
        text = action.text if self._keeps_times else remove_times(action.text)
        if START_COMMAND.match(text):
            channel, text = self.channel or FIRST_CHANNEL, add_header_options(self.scenario, text)
        else:
            channel = await self._incident_channel(step)
        await self._send_command(step, action.who, channel, text)

    async def _send_command(self, step: Step, who: str, channel: str, text: str) -> None:
        seen = len(self.sandbox.ephemerals(who, channel))
        answer = await self.sandbox.command(who, channel, unescape_mentions(text))
        if not answer.ok:
            raise PlayError(step, f"the bot did not answer ({answer.error}).")
        if (answer.text or "").startswith(REFUSALS) and NOTHING_CHANGED not in (answer.text or ""):
            raise PlayError(step, f"the bot refuses it: {answer.text}")
        await self._confirm(step, who, channel, seen)

    async def _confirm(self, step: Step, who: str, channel: str, seen: int) -> None:
        """Confirm what the bot asks the person in the newest ephemeral messages."""
        for note in self.sandbox.ephemerals(who, channel)[seen:]:
            elements = (each for block in note.get("blocks") or [] for each in block.get("elements", []))
            for action_id in CONFIRMATIONS & {each.get("action_id") for each in elements}:
                answer = await self.sandbox.click(who, channel, note["ts"], action_id)
                if not answer.ok:
                    raise PlayError(step, f"the bot did not answer ({answer.error}).")

    async def _apply_header(self, step: Step) -> None:
        """Type the rest of the header as commands of the scenario's first person."""
        channel = await self._incident_channel(step)
        is_started = isinstance(step.action, SlashCommand)
        for line in header_edits(self.scenario, is_started=is_started):
            await self._send_command(step, first_person(self.scenario), channel, line)
            await self._pace.settle()

    async def _incident_channel(self, step: Step) -> str:
        if not await self._pace.until(lambda: self.channel is not None) or self.channel is None:
            raise PlayError(step, "there is no incident channel for it.")
        return self.channel

    async def _post_message(self, step: Step, action: Message) -> None:
        channel = action.channel or await self._incident_channel(step)
        if self.sandbox.channel(channel) is None:
            self.sandbox.create_channel(action.who, channel)
        ts = self.sandbox.say(action.who, channel, unescape_mentions(action.text))
        if action.name:
            self._messages[action.name] = (channel, ts)

    async def _use_shortcut(self, step: Step, action: MessageShortcut) -> None:
        """Use the shortcut in the message's menu, and submit the form that opens."""
        callback_id = action.name.replace("-", "_")
        if callback_id != ADD_TO_TIMELINE:
            raise PlayError(step, f"`{action.name}` is not a message shortcut. Use add-to-timeline.")
        incident = INCIDENT_CHANNEL.match(self._channel_name(await self._incident_channel(step)))
        channel, ts = self._messages[action.to]
        opened = {view["id"] for view in self.sandbox.views(action.who)}
        answer = await self.sandbox.shortcut(action.who, channel, ts, callback_id)
        new = [view for view in self.sandbox.views(action.who) if view["id"] not in opened]
        if not answer.ok or not new:
            raise PlayError(step, f"the bot opens no form ({answer.error or 'and does not say why'}).")
        chosen = {
            "incident": incident["reference"].upper() if incident else "",
            **({"kind": action.entry_kind} if action.entry_kind else {}),
        }
        sent = await self.sandbox.submit_view(action.who, new[-1]["id"], chosen)
        if not sent.ok or sent.errors:
            errors = "; ".join(f"{name}: {problem}" for name, problem in (sent.errors or {}).items())
            raise PlayError(step, f"the bot refuses it: {errors or sent.error}")

    def _channel_name(self, channel: str) -> str:
        return str((self.sandbox.channel(channel) or {}).get("name") or "")

    async def _acknowledge(self, step: Step, action: Acknowledgement) -> None:
        channel = await self._incident_channel(step)
        if not await self._pace.until(lambda: self._find_escalation(channel, action.target) is not None):
            raise PlayError(step, f"no escalation to {action.target} is unacknowledged in the channel.")
        message = self._find_escalation(channel, action.target)
        seen = len(self.sandbox.ephemerals(action.who, channel))
        answer = await self.sandbox.click(action.who, channel, message["ts"] if message else "", ACKNOWLEDGE)
        if not answer.ok:
            raise PlayError(step, f"the bot did not answer ({answer.error}).")
        for note in self.sandbox.ephemerals(action.who, channel)[seen:]:
            if str(note.get("text", "")).startswith(REFUSALS):
                raise PlayError(step, f"the bot refuses it: {note['text']}")
        await self._confirm(step, action.who, channel, seen)

    def _find_escalation(self, channel: str, target: str) -> dict[str, Any] | None:
        """Return the newest message with an Acknowledge button whose first line names the target."""
        named = re.compile("|".join(rf"(?<![\w-]){name}(?![\w-])" for name in self._name_patterns(target)))
        for message in reversed(self.sandbox.messages(channel)):
            blocks = message.get("blocks") or []
            if any(
                element.get("action_id") == ACKNOWLEDGE for block in blocks for element in block.get("elements", [])
            ):
                first_line = str((blocks[0].get("text") or {}).get("text", "")).partition("\n")[0]
                if named.search(first_line):
                    return message
        return None

    def _name_patterns(self, target: str) -> Iterator[str]:
        """Yield the forms of a target in a Slack message: its name, and the id of its mention."""
        yield re.escape(target)
        workspace = self.sandbox.workspace
        for found in (workspace.usergroup_by_handle(target), workspace.user_by_handle(target)):
            if found is not None:
                yield re.escape(found.id)

    async def _send_alert(self, step: Step, alert: Alert) -> None:
        at, key = self._pace.moment(step), fingerprint(alert.labels)
        is_firing = alert.status is AlertStatus.FIRING
        if is_firing:
            self._fired[key] = at
        elif key not in self._fired:
            raise PlayError(step, "no earlier step fires an alert with these labels.")
        body = build_notification(alert, starts_at=self._fired[key], ends_at=None if is_firing else at, run=self._run)
        if not (await self._post(step, f"{self._alert_url}/{alert.source}", body)).get("recorded"):
            raise PlayError(step, "a route in the bot's configuration drops the alert.")

    async def _send_change(self, step: Step, change: DeliveredChange) -> None:
        await self._post(step, f"{self._change_url}/generic", build_change(change, self._pace.moment(step)))

    async def _post(self, step: Step, url: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a webhook; returns the answer."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
            if answer.status != 200:
                raise PlayError(step, f"the bot refuses it (HTTP {answer.status}): {await answer.text()}")
            received: Mapping[str, Any] = await answer.json()
            return received


def unescape_mentions(text: str) -> str:
    """Return the text with `<@dba>` as `@dba`: Slack's form needs ids, which no scenario has."""
    return NAMED_BY_HANDLE.sub(r"@\1", text)


def remove_times(command: str) -> str:
    """Remove `at:16:11` and the like from a command; `at:?` (time unknown) stays."""
    return CLOCK_VALUE.sub("", command)
