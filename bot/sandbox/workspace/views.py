"""The rules of views: triggers, the stack of three modals, hashes, Home."""

import json

from bot.sandbox.workspace import block_validation as blocks
from bot.sandbox.workspace import files
from bot.sandbox.workspace.records import Json, SlackError, Trigger, View
from bot.sandbox.workspace.workspace import Workspace

TRIGGER_SECONDS = 3.0
STACK_MAX = 3
VIEW_BYTES = 250_000


def new_trigger(workspace: Workspace, user: str, real_now: float, view_id: str | None = None) -> Trigger:
    """`real_now`: monotonic seconds. Old triggers are kept a while, to be refused by their right name."""
    trigger = Trigger(f"{workspace.new_secret(5)}.{workspace.new_secret(5)}.{workspace.new_secret(16)}", user, real_now)
    trigger.view_id = view_id
    workspace.triggers[trigger.id] = trigger
    while len(workspace.triggers) > 1000:
        del workspace.triggers[next(iter(workspace.triggers))]
    return trigger


def use_trigger(workspace: Workspace, trigger_id: str, real_now: float) -> Trigger:
    trigger = workspace.triggers.get(trigger_id)
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.is_used:
        raise SlackError("exchanged_trigger_id")
    if real_now - trigger.issued > TRIGGER_SECONDS:
        raise SlackError("expired_trigger_id")
    trigger.is_used = True
    return trigger


def checked(workspace: Workspace, payload: Json, kind: str, *, keeps: View | None = None) -> Json:
    """The view if Slack would take it."""
    problems = blocks.view_problems(payload, kind)
    problems = problems or files.picture_problems(workspace, workspace.app.bot_user_id, payload)
    if problems:
        raise SlackError("invalid_arguments", problems)
    if len(json.dumps(payload).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    external = payload.get("external_id")
    if external and any(
        view.payload.get("external_id") == external and view is not keeps for view in open_views(workspace)
    ):
        raise SlackError("duplicate_external_id")
    return blocks.with_ids(payload)


def open_views(workspace: Workspace) -> list[View]:
    return list(workspace.views.values())


def opened(workspace: Workspace, trigger: Trigger, payload: Json) -> View:
    """A modal on top of nothing: whatever else the person had open is put aside."""
    payload = checked(workspace, payload, "modal")
    for view_id in workspace.stacks.get(trigger.user, []):
        workspace.views.pop(view_id, None)
    view = _new(workspace, trigger.user, "modal", payload)
    workspace.stacks[trigger.user] = [view.id]
    workspace.change("views", trigger.user)
    return view


def pushed(workspace: Workspace, trigger: Trigger, payload: Json) -> View:
    """A modal on top of the one whose button was pressed."""
    stack = workspace.stacks.get(trigger.user, [])
    if not stack or trigger.view_id is None:
        raise SlackError("not_found")
    return push(workspace, trigger.user, payload)


def push(workspace: Workspace, user: str, payload: Json) -> View:
    payload = checked(workspace, payload, "modal")
    stack = workspace.stacks.setdefault(user, [])
    if len(stack) >= STACK_MAX:
        raise SlackError("push_limit_reached")
    view = _new(workspace, user, "modal", payload)
    if stack:
        view.root_id, view.previous_id = stack[0], stack[-1]
    stack.append(view.id)
    workspace.change("views", user)
    return view


def _new(workspace: Workspace, user: str, kind: str, payload: Json) -> View:
    view = View(workspace.new_id("V"), user, kind, payload, workspace.new_secret(8), root_id="")
    view.root_id = view.id
    view.state = blocks.initial_state(payload.get("blocks", []))
    workspace.views[view.id] = view
    return view


def update(workspace: Workspace, view: View, payload: Json, given_hash: str | None = None) -> View:
    """What was typed stays where block id and action id stay."""
    if given_hash and given_hash != view.hash:
        raise SlackError("hash_conflict")
    view.payload = checked(workspace, payload, view.type, keeps=view)
    view.hash = workspace.new_secret(8)
    view.errors = {}
    kept = blocks.initial_state(view.payload.get("blocks", []))
    for block_id, actions in kept.items():
        for action_id, value in actions.items():
            old = view.state.get(block_id, {}).get(action_id)
            if old and old.get("type") == value.get("type"):
                actions[action_id] = old
    view.state = kept
    workspace.change("views", view.user)
    return view


def find(workspace: Workspace, view_id: str | None, external_id: str | None) -> View:
    for view in open_views(workspace):
        if (view_id and view.id == view_id) or (external_id and view.payload.get("external_id") == external_id):
            return view
    raise SlackError("not_found")


def publish(workspace: Workspace, user: str, payload: Json, given_hash: str | None = None) -> View:
    known = workspace.views.get(workspace.homes.get(user, ""))
    if known is not None:
        return update(workspace, known, payload, given_hash)
    view = _new(workspace, user, "home", checked(workspace, payload, "home"))
    workspace.homes[user] = view.id
    workspace.change("views", user)
    return view


def close(workspace: Workspace, view: View, *, whole_stack: bool = False) -> None:
    stack = workspace.stacks.get(view.user, [])
    gone = stack if whole_stack else [view.id]
    for view_id in list(gone):
        workspace.views.pop(view_id, None)
    workspace.stacks[view.user] = [view_id for view_id in stack if view_id not in gone]
    workspace.change("views", view.user)
