"""Commands, buttons, shortcuts and the Home tab."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from bot.sandbox.app_link import interactions
from bot.sandbox.app_link.outcome import Outcome
from bot.sandbox.control.people import People
from bot.sandbox.web_api import response_url
from bot.sandbox.workspace import messages, serialize, views
from bot.sandbox.workspace.block_kit import elements, typed_text
from bot.sandbox.workspace.records import EVERYONE, Channel, Json, Message, SlackError, User

FAILURES = {
    "no_connection": "the app {app} did not answer, because it is not connected. Try again when it is back.",
    "connection_failed": "the app {app} did not answer, because it cannot be reached. Try again when it is back.",
    "operation_timeout": "the app {app} did not answer in time. It may still have done it. Check before you try again.",
}


@dataclass
class Answer:
    """The app's answer. `text`: for the person; `errors`: of form fields, by block id."""

    ok: bool
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    text: str | None = None
    body: Json | None = None
    message_ts: str | None = None
    ephemeral: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    trigger_id: str = ""

    def as_dict(self) -> Json:
        return asdict(self)

    @classmethod
    def from_outcome(cls, outcome: Outcome, trigger_id: str = "") -> "Answer":
        text = outcome.text or outcome.body.get("text") or None
        return cls(
            outcome.is_acknowledged,
            outcome.status,
            outcome.reason or None,
            outcome.seconds,
            text,
            outcome.body or None,
            trigger_id=trigger_id,
        )


class AppActions(People):
    async def command(self, user: str, channel: str, text: str, thread: bool = False) -> Answer:
        """Type a line such as `/incident start …`. Slack refuses apps' commands in threads."""
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        name, _, rest = text.partition(" ")
        if not name.startswith("/"):
            raise SlackError("invalid_command", ["a command begins with /"])
        if conversation.is_archived:
            raise SlackError("is_archived")
        if thread:
            said = f"{name} is not supported in threads. Sorry!"
            self._post_ephemeral(conversation, person, said)
            return Answer(ok=False, error="not_supported_in_thread", text=said)
        right = response_url.create_response_url(self.workspace, conversation, person.id, self.now())
        trigger = self._trigger(person)
        wording = typed_text.format_command_text(self.workspace, rest.strip())
        payload = interactions.command(
            self.workspace, person, conversation, name, wording, trigger, self._response_address(right.id)
        )
        outcome = await self.delivery.request("slash_commands", payload)
        answer = Answer.from_outcome(outcome, trigger)
        if not outcome.is_acknowledged:
            answer.text = f"{name} was not carried out: {self._describe_failure(outcome.reason)}"
            answer.message_ts = self._post_ephemeral(conversation, person, answer.text).ts
            return answer
        self._show_answer(answer, outcome, right)
        return answer

    def _show_answer(self, answer: Answer, outcome: Outcome, right: Any) -> None:
        body = outcome.body or ({"text": outcome.text} if outcome.text else {})
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return
        try:
            message = response_url.post_answer(self.workspace, right, body, self.now())
        except SlackError as problem:
            answer.ok, answer.error = False, problem.error
            answer.text = str(problem)
            return
        if message:
            answer.message_ts = message.ts
            answer.ephemeral = message.ephemeral_to is not None

    def _trigger(self, person: User, view_id: str | None = None) -> str:
        return views.new_trigger(self.workspace, person.id, time.monotonic(), view_id).id

    def _response_address(self, right_id: str) -> str:
        return f"{self.base_url}/hooks/respond/{quote(right_id)}"

    def _post_ephemeral(self, conversation: Channel, person: User, text: str) -> Message:
        """Post a message of Slack itself for one person."""
        note = Message(self.workspace.new_ts(self.now()), EVERYONE, text, ephemeral_to=person.id)
        return messages.post_ephemeral(self.workspace, conversation, note)

    def dismiss(self, user: str, ts: str) -> None:
        """Dismiss an ephemeral message."""
        person = self._user(user)
        for where, note in self.workspace.ephemerals:
            if note.ts == ts and note.ephemeral_to == person.id:
                messages.remove_ephemeral(self.workspace, where, ts)
                return
        raise SlackError("message_not_found")

    def _describe_failure(self, reason: str | None) -> str:
        """Return the explanation of a failure for people."""
        return FAILURES.get(reason or "", "the app {app} answered with an error. Try again in a moment.").format(
            app=self.workspace.app.name
        )

    # --- buttons and menus

    async def click(self, user: str, channel: str, message_ts: str, action_id: str, value: Any = None) -> Answer:
        """Press a button or choose in a menu of a message."""
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        message = self._message(conversation, message_ts, person)
        block, element = elements.find_element(message.blocks, action_id)
        element = self._with_offered_options(person, block, element)
        action = self._action_payload(block, element, value)
        right = response_url.create_response_url(self.workspace, conversation, person.id, self.now(), message)
        trigger = self._trigger(person)
        payload = interactions.message_action(
            self.workspace, person, conversation, message, action, trigger, self._response_address(right.id)
        )
        if element["type"] != "button":
            payload["state"]["values"] = {
                block["block_id"]: {element["action_id"]: elements.changed_value(element, value)}
            }
        answer = Answer.from_outcome(await self.delivery.request("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._describe_failure(answer.error)}"
            answer.message_ts = self._post_ephemeral(conversation, person, answer.text).ts
        return answer

    def _action_payload(self, block: Json, element: Json, value: Any) -> Json:
        held = elements.changed_value(element, value)
        where = {"action_id": element["action_id"], "block_id": block["block_id"]}
        return where | held | {"action_ts": self.workspace.new_ts(self.now())}

    def _with_offered_options(self, person: User, block: Json, element: Json) -> Json:
        """Return an external select with the options last offered to this person."""
        if not element["type"].endswith("external_select"):
            return element
        held = [element.get("initial_option"), *element.get("initial_options", [])]
        offered = self.workspace.offered.get((person.id, block.get("block_id", ""), element["action_id"]), [])
        return element | {"options": [*offered, *(each for each in held if each)]}

    # --- shortcuts and Home

    async def shortcut(self, user: str, channel: str, message_ts: str, callback_id: str) -> Answer:
        """Use the app's shortcut in a message's menu."""
        person = self._user(user)
        conversation = self._visible_channel(person, channel)
        message = self._message(conversation, message_ts)
        right = response_url.create_response_url(self.workspace, conversation, person.id, self.now())
        trigger = self._trigger(person)
        at = self.workspace.new_ts(self.now())
        payload = interactions.shortcut(
            self.workspace, person, conversation, message, callback_id, trigger, self._response_address(right.id), at
        )
        answer = Answer.from_outcome(await self.delivery.request("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._describe_failure(answer.error)}"
            self._post_ephemeral(conversation, person, answer.text)
        return answer

    async def global_shortcut(self, user: str, callback_id: str) -> Answer:
        person = self._user(user)
        trigger = self._trigger(person)
        at = self.workspace.new_ts(self.now())
        payload = interactions.global_shortcut(self.workspace, person, callback_id, trigger, at)
        answer = Answer.from_outcome(await self.delivery.request("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._describe_failure(answer.error)}"
        return answer

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's Home tab, or its `messages` tab."""
        if tab not in ("home", "messages"):
            raise SlackError("invalid_arguments", [f"{tab!r} is neither home nor messages"])
        person = self._user(user)
        body: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.open_dm(user),
            "tab": tab,
            "event_ts": self.workspace.new_ts(self.now()),
        }
        view = self.workspace.views.get(self.workspace.homes.get(person.id, ""))
        if view and tab == "home":
            body["view"] = serialize.view_json(self.workspace, view)
        self.workspace.emit(body)
