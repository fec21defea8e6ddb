"""Actions of people in modals, on the Home tab and in external selects."""

from typing import Any

from bot.sandbox.app_link import interactions
from bot.sandbox.control.app_actions import Answer, AppActions
from bot.sandbox.workspace import serialize, views
from bot.sandbox.workspace.block_kit import elements
from bot.sandbox.workspace.block_kit.validation import find_option_problems
from bot.sandbox.workspace.records import Json, SlackError, User, View


class ViewActions(AppActions):
    async def click_view(self, user: str, view_id: str, action_id: str, value: Any = None) -> Answer:
        """Press a button or choose in a menu of a modal or the Home tab."""
        person = self._user(user)
        view = self._view(person, view_id)
        block, element = elements.find_element(view.payload["blocks"], action_id)
        element = self._with_offered_options(person, block, element)
        action = self._action_payload(block, element, value)
        if element["type"] not in ("button", "overflow"):
            view.state.setdefault(block["block_id"], {})[element["action_id"]] = elements.changed_value(element, value)
        trigger = self._trigger(person, view.id if view.type == "modal" else None)
        payload = interactions.view_action(self.workspace, person, view, action, trigger)
        answer = Answer.from_outcome(await self.delivery.request("interactive", payload), trigger)
        if not answer.ok:
            answer.text = f"Nothing was done: {self._describe_failure(answer.error)}"
        return answer

    async def suggest(
        self,
        user: str,
        action_id: str,
        query: str,
        view_id: str | None = None,
        channel: str | None = None,
        message_ts: str | None = None,
    ) -> list[Json]:
        """Return the options for `query`. Raises SlackError if the app does not answer."""
        person = self._user(user)
        if view_id:
            given, where = self._select_in_view(person, view_id)
        else:
            given, where = self._select_in_message(person, channel or "", message_ts or "")
        block, element = elements.find_element(given, action_id)
        payload = interactions.suggestion(self.workspace, person, block["block_id"], element["action_id"], query, where)
        outcome = await self.delivery.request("interactive", payload)
        if not outcome.is_acknowledged:
            raise SlackError(outcome.reason)
        if problems := find_option_problems(outcome.body):
            raise SlackError("invalid_options", problems)
        offered = elements.options_of(outcome.body)
        self.workspace.offered[(person.id, block["block_id"], element["action_id"])] = offered
        return offered

    def _select_in_view(self, person: User, view_id: str) -> tuple[list[Json], Json]:
        """Return the blocks around a select, and the payload's keys about them."""
        view = self._view(person, view_id)
        container = {"type": "view", "view_id": view.id}
        return view.payload["blocks"], {"container": container, "view": serialize.view_json(self.workspace, view)}

    def _select_in_message(self, person: User, channel: str, ts: str) -> tuple[list[Json], Json]:
        conversation = self._visible_channel(person, channel)
        message = self._message(conversation, ts, person)
        return message.blocks, {
            "container": interactions.container(conversation, message),
            "channel": interactions.channel_reference(conversation),
            **interactions.message_part(self.workspace, conversation, message),
        }

    def _view(self, person: User, view_id: str) -> View:
        view = self.workspace.views.get(view_id)
        if view is None or view.user != person.id:
            raise SlackError("not_found", [f"{person.name} has no view {view_id} open"])
        return view

    async def submit_view(self, user: str, view_id: str, values: Json | None = None) -> Answer:
        """
        Fill in and submit a modal.

        `values`: by action id, `block_id.action_id` or block id; other fields keep their values. A form without a
        required value is refused by Slack itself, and not sent to the app.
        """
        person = self._user(user)
        view = self._view(person, view_id)
        for name, value in (values or {}).items():
            block, element = elements.find_element(view.payload["blocks"], name)
            element = self._with_offered_options(person, block, element)
            view.state.setdefault(block["block_id"], {})[element["action_id"]] = elements.changed_value(element, value)
        view.errors = elements.missing_inputs(view.payload["blocks"], view.state)
        if view.errors:
            self.workspace.mark_changed("views", person.id)
            return Answer(ok=False, error="invalid_form", errors=view.errors)
        trigger = self._trigger(person, view.id)
        outcome = await self.delivery.request(
            "interactive", interactions.submission(self.workspace, person, view, trigger)
        )
        answer = Answer.from_outcome(outcome, trigger)
        if answer.ok:
            self._apply_submission_answer(view, outcome.body, answer)
        else:
            answer.text = f"Not sent: {self._describe_failure(answer.error)}"
            view.errors = {"": answer.text}
        self.workspace.mark_changed("views", person.id)
        return answer

    def _apply_submission_answer(self, view: View, body: Json, answer: Answer) -> None:
        """Apply the app's answer to a submission."""
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
                views.push_modal(self.workspace, view.user, body["view"])
            elif action == "clear" or not body:
                views.close_view(self.workspace, view, whole_stack=action == "clear")
            else:
                raise SlackError("invalid_arguments", [f"{body} is not an answer to a submission"])  # noqa: TRY301
        except SlackError as problem:
            answer.ok, answer.error, answer.text = False, problem.error, str(problem)
            view.errors = {"": "We had some trouble connecting. Try again?"}

    async def close_view(self, user: str, view_id: str, clear: bool = False) -> Answer:
        """Close a modal; `clear`: all. The app is notified if it asked for that."""
        person = self._user(user)
        view = self._view(person, view_id)
        payload = interactions.view_closed(self.workspace, person, view, is_cleared=clear)
        views.close_view(self.workspace, view, whole_stack=clear or bool(view.payload.get("clear_on_close")))
        if not view.payload.get("notify_on_close"):
            return Answer(ok=True)
        return Answer.from_outcome(await self.delivery.request("interactive", payload))
