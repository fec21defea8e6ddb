"""What people do with the app: commands, buttons, forms, shortcuts, and what they then see."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from bot.sandbox.app_link import interactions
from bot.sandbox.app_link.delivery import Outcome
from bot.sandbox.control import elements
from bot.sandbox.control.people import People
from bot.sandbox.web_api import response_url as respond
from bot.sandbox.workspace import block_validation as blocks
from bot.sandbox.workspace import messages, views
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace import typed_text as typed
from bot.sandbox.workspace.records import EVERYONE, Channel, Json, Message, SlackError, User, View

WHY_NOT = {
    "no_connection": "the app {app} did not answer, because it is not connected. Try again when it is back.",
    "connection_failed": "the app {app} did not answer, because it cannot be reached. Try again when it is back.",
    "operation_timeout": "the app {app} did not answer in time. It may still have done it: look before you try again.",
}


@dataclass
class Answer:
    """What the app made of it. `text`: what the person is told; `errors`: refused fields of a form, by block id."""

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
    def of(cls, outcome: Outcome, trigger_id: str = "") -> "Answer":
        text = outcome.text or outcome.body.get("text") or None
        return cls(
            outcome.is_heard,
            outcome.status,
            outcome.reason or None,
            outcome.seconds,
            text,
            outcome.body or None,
            trigger_id=trigger_id,
        )


class Acting(People):
    async def command(self, user: str, channel: str, text: str, thread: bool = False) -> Answer:
        """Type a whole line such as `/incident start …`. Inside threads Slack refuses apps' commands."""
        who = self._user(user)
        place = self._seen(who, channel)
        name, _, rest = text.partition(" ")
        if not name.startswith("/"):
            raise SlackError("invalid_command", ["a command begins with /"])
        if place.is_archived:
            raise SlackError("is_archived")
        if thread:
            said = f"{name} is not supported in threads. Sorry!"
            self._whisper(place, who, said)
            return Answer(ok=False, error="not_supported_in_thread", text=said)
        right = respond.new_url(self.workspace, place, who.id, self.now())
        trigger = self._trigger(who)
        wording = typed.as_command(self.workspace, rest.strip())
        payload = interactions.command(self.workspace, who, place, name, wording, trigger, self._respond_at(right.id))
        outcome = await self.delivery.ask("slash_commands", payload)
        answer = Answer.of(outcome, trigger)
        if not outcome.is_heard:
            answer.text = f"{name} was not carried out: {self._why_not(outcome.reason)}"
            answer.message_ts = self._whisper(place, who, answer.text).ts
            return answer
        self._show_answer(answer, outcome, right)
        return answer

    def _show_answer(self, answer: Answer, outcome: Outcome, right: Any) -> None:
        body = outcome.body or ({"text": outcome.text} if outcome.text else {})
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return
        try:
            message = respond.answer(self.workspace, right, body, self.now())
        except SlackError as problem:
            answer.ok, answer.error = False, problem.error
            answer.text = str(problem)
            return
        if message:
            answer.message_ts = message.ts
            answer.ephemeral = message.ephemeral_to is not None

    def _trigger(self, who: User, view_id: str | None = None) -> str:
        return views.new_trigger(self.workspace, who.id, time.monotonic(), view_id).id

    def _respond_at(self, right_id: str) -> str:
        return f"{self.base_url}/hooks/respond/{quote(right_id)}"

    def _whisper(self, place: Channel, who: User, text: str) -> Message:
        """Slack itself tells one person something."""
        note = Message(self.workspace.new_ts(self.now()), EVERYONE, text, ephemeral_to=who.id)
        return messages.whisper(self.workspace, place, note)

    def dismiss(self, user: str, ts: str) -> None:
        """Put away a message that only this person sees."""
        who = self._user(user)
        for where, note in self.workspace.ephemerals:
            if note.ts == ts and note.ephemeral_to == who.id:
                messages.unwhisper(self.workspace, where, ts)
                return
        raise SlackError("message_not_found")

    def _why_not(self, reason: str | None) -> str:
        """Slack's word for what went wrong, as people say it."""
        return WHY_NOT.get(reason or "", "the app {app} answered with an error. Try again in a moment.").format(
            app=self.workspace.app.name
        )

    # --- buttons and menus

    async def click(self, user: str, channel: str, message_ts: str, action_id: str, value: Any = None) -> Answer:
        """Press a button or choose in a menu of a message. `action_id` may also be `block_id.action_id`."""
        who = self._user(user)
        place = self._seen(who, channel)
        message = self._message(place, message_ts, who)
        block, element = elements.find(message.blocks, action_id)
        element = self._with_offer(who, block, element)
        action = self._action(block, element, value)
        right = respond.new_url(self.workspace, place, who.id, self.now(), message)
        trigger = self._trigger(who)
        payload = interactions.message_action(
            self.workspace, who, place, message, action, trigger, self._respond_at(right.id)
        )
        if element["type"] != "button":
            payload["state"]["values"] = {block["block_id"]: {element["action_id"]: elements.changed(element, value)}}
        answer = Answer.of(await self.delivery.ask("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._why_not(answer.error)}"
            answer.message_ts = self._whisper(place, who, answer.text).ts
        return answer

    async def click_view(self, user: str, view_id: str, action_id: str, value: Any = None) -> Answer:
        """The same in a modal or on the Home tab."""
        who = self._user(user)
        view = self._view(who, view_id)
        block, element = elements.find(view.payload["blocks"], action_id)
        element = self._with_offer(who, block, element)
        action = self._action(block, element, value)
        if element["type"] not in ("button", "overflow"):
            view.state.setdefault(block["block_id"], {})[element["action_id"]] = elements.changed(element, value)
        trigger = self._trigger(who, view.id if view.type == "modal" else None)
        payload = interactions.view_action(self.workspace, who, view, action, trigger)
        answer = Answer.of(await self.delivery.ask("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._why_not(answer.error)}"
        return answer

    def _action(self, block: Json, element: Json, value: Any) -> Json:
        held = elements.changed(element, value)
        where = {"action_id": element["action_id"], "block_id": block["block_id"]}
        return where | held | {"action_ts": self.workspace.new_ts(self.now())}

    async def suggest(
        self,
        user: str,
        action_id: str,
        query: str,
        view_id: str | None = None,
        channel: str | None = None,
        message_ts: str | None = None,
    ) -> list[Json]:
        """What an external select offers for `query`; raises SlackError if the app does not say."""
        who = self._user(user)
        if view_id:
            view = self._view(who, view_id)
            given = view.payload["blocks"]
            where: Json = {
                "container": {"type": "view", "view_id": view.id},
                "view": wire.view_json(self.workspace, view),
            }
        else:
            place = self._seen(who, channel or "")
            message = self._message(place, message_ts or "", who)
            given = message.blocks
            where = {
                "container": interactions.container(place, message),
                "channel": interactions.place(place),
                **interactions.as_seen(self.workspace, place, message),
            }
        block, element = elements.find(given, action_id)
        payload = interactions.suggestion(self.workspace, who, block["block_id"], element["action_id"], query, where)
        outcome = await self.delivery.ask("interactive", payload)
        if not outcome.is_heard:
            raise SlackError(outcome.reason)
        if problems := blocks.offer_problems(outcome.body):
            raise SlackError("invalid_options", problems)
        offered = elements.options_of(outcome.body)
        self.workspace.offered[(who.id, block["block_id"], element["action_id"])] = offered
        return offered

    def _with_offer(self, who: User, block: Json, element: Json) -> Json:
        """An external select with the options that this person was last offered, and those it had from the start."""
        if not element["type"].endswith("external_select"):
            return element
        held = [element.get("initial_option"), *element.get("initial_options", [])]
        offered = self.workspace.offered.get((who.id, block.get("block_id", ""), element["action_id"]), [])
        return element | {"options": [*offered, *(each for each in held if each)]}

    # --- forms

    def _view(self, who: User, view_id: str) -> View:
        view = self.workspace.views.get(view_id)
        if view is None or view.user != who.id:
            raise SlackError("not_found", [f"{who.name} has no view {view_id} open"])
        return view

    async def submit_view(self, user: str, view_id: str, values: Json | None = None) -> Answer:
        """
        Fill in and send a modal.

        `values`: by action id, `block_id.action_id` or block id; what is not named stays as it is. Slack itself refuses
        a form in which something required is missing; the app then hears nothing.
        """
        who = self._user(user)
        view = self._view(who, view_id)
        for name, value in (values or {}).items():
            block, element = elements.find(view.payload["blocks"], name)
            element = self._with_offer(who, block, element)
            view.state.setdefault(block["block_id"], {})[element["action_id"]] = elements.changed(element, value)
        view.errors = elements.missing_inputs(view.payload["blocks"], view.state)
        if view.errors:
            self.workspace.change("views", who.id)
            return Answer(ok=False, error="invalid_form", errors=view.errors)
        trigger = self._trigger(who, view.id)
        outcome = await self.delivery.ask("interactive", interactions.submission(self.workspace, who, view, trigger))
        answer = Answer.of(outcome, trigger)
        if answer.ok:
            self._take_answer(view, outcome.body, answer)
        else:
            answer.text = f"Not sent: {self._why_not(answer.error)}"
            view.errors = {"": answer.text}
        self.workspace.change("views", who.id)
        return answer

    def _take_answer(self, view: View, body: Json, answer: Answer) -> None:
        """Do with the modal what the app answered to its submission."""
        action = body.get("response_action")
        try:
            if action == "errors":
                view.errors = dict(body.get("errors") or {})
                answer.errors = view.errors
                known = {block.get("block_id") for block in view.payload["blocks"]}
                if not view.errors or not view.errors.keys() <= known:
                    raise SlackError("invalid_arguments", [f"errors name no block of the view: {view.errors}"])  # noqa: TRY301
            elif action == "update":
                views.update(self.workspace, view, body["view"])
            elif action == "push":
                views.push(self.workspace, view.user, body["view"])
            elif action == "clear" or not body:
                views.close(self.workspace, view, whole_stack=action == "clear")
            else:
                raise SlackError("invalid_arguments", [f"{body} is no answer to a submission"])  # noqa: TRY301
        except SlackError as problem:
            answer.ok, answer.error, answer.text = False, problem.error, str(problem)
            view.errors = {"": "We had some trouble connecting. Try again?"}

    async def close_view(self, user: str, view_id: str, clear: bool = False) -> Answer:
        """Close a modal; `clear`: all of them. The app hears of it only if it asked to."""
        who = self._user(user)
        view = self._view(who, view_id)
        payload = interactions.closed(self.workspace, who, view, is_cleared=clear)
        views.close(self.workspace, view, whole_stack=clear or bool(view.payload.get("clear_on_close")))
        if not view.payload.get("notify_on_close"):
            return Answer(ok=True)
        return Answer.of(await self.delivery.ask("interactive", payload))

    # --- shortcuts and Home

    async def shortcut(self, user: str, channel: str, message_ts: str, callback_id: str) -> Answer:
        """Choose the app's shortcut in a message's menu."""
        who = self._user(user)
        place = self._seen(who, channel)
        message = self._message(place, message_ts)
        right = respond.new_url(self.workspace, place, who.id, self.now())
        trigger = self._trigger(who)
        at = self.workspace.new_ts(self.now())
        payload = interactions.shortcut(
            self.workspace, who, place, message, callback_id, trigger, self._respond_at(right.id), at
        )
        answer = Answer.of(await self.delivery.ask("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._why_not(answer.error)}"
            self._whisper(place, who, answer.text)
        return answer

    async def global_shortcut(self, user: str, callback_id: str) -> Answer:
        who = self._user(user)
        trigger = self._trigger(who)
        at = self.workspace.new_ts(self.now())
        payload = interactions.global_shortcut(self.workspace, who, callback_id, trigger, at)
        answer = Answer.of(await self.delivery.ask("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._why_not(answer.error)}"
        return answer

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's Home tab; Slack tells the app of its `messages` tab by the same event."""
        if tab not in ("home", "messages"):
            raise SlackError("invalid_arguments", [f"{tab!r} is neither home nor messages"])
        who = self._user(user)
        body: Json = {
            "type": "app_home_opened",
            "user": who.id,
            "channel": self.open_dm(user),
            "tab": tab,
            "event_ts": self.workspace.new_ts(self.now()),
        }
        view = self.workspace.views.get(self.workspace.homes.get(who.id, ""))
        if view and tab == "home":
            body["view"] = wire.view_json(self.workspace, view)
        self.workspace.emit(body)
