"""Views: triggers, the stack of three modals, hashes, Home."""

import json

from bot.sandbox.workspace import files
from bot.sandbox.workspace.block_kit.state import fill_in_ids, initial_state
from bot.sandbox.workspace.block_kit.validation import find_view_problems
from bot.sandbox.workspace.records import Json, SlackError, Trigger, View
from bot.sandbox.workspace.workspace import Workspace

TRIGGER_SECONDS = 3.0
STACK_MAX = 3
VIEW_BYTES = 250_000


def new_trigger(workspace: Workspace, user: str, real_now: float, view_id: str | None = None) -> Trigger:
    """Create a trigger at `real_now`, in monotonic seconds. Old ones are kept for their error."""
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


def validate_view(workspace: Workspace, payload: Json, kind: str, *, keeps: View | None = None) -> Json:
    """Return the view with ids filled in. Raises SlackError for an invalid one."""
    problems = find_view_problems(payload, kind)
    problems = problems or files.find_image_problems(workspace, workspace.app.bot_user_id, payload)
    if problems:
        raise SlackError("invalid_arguments", problems)
    if len(json.dumps(payload).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    external = payload.get("external_id")
    if external and any(
        view.payload.get("external_id") == external and view is not keeps for view in open_views(workspace)
    ):
        raise SlackError("duplicate_external_id")
    return fill_in_ids(payload)


def open_views(workspace: Workspace) -> list[View]:
    return list(workspace.views.values())


def open_modal(workspace: Workspace, trigger: Trigger, payload: Json) -> View:
    """Open a modal, in place of any other that the person has open."""
    payload = validate_view(workspace, payload, "modal")
    for view_id in workspace.stacks.get(trigger.user, []):
        workspace.views.pop(view_id, None)
    view = _create_view(workspace, trigger.user, "modal", payload)
    workspace.stacks[trigger.user] = [view.id]
    workspace.mark_changed("views", trigger.user)
    return view


def push_for_trigger(workspace: Workspace, trigger: Trigger, payload: Json) -> View:
    """Push a modal onto the one whose button was pressed."""
    stack = workspace.stacks.get(trigger.user, [])
    if not stack or trigger.view_id is None:
        raise SlackError("not_found")
    return push_modal(workspace, trigger.user, payload)


def push_modal(workspace: Workspace, user: str, payload: Json) -> View:
    payload = validate_view(workspace, payload, "modal")
    stack = workspace.stacks.setdefault(user, [])
    if len(stack) >= STACK_MAX:
        raise SlackError("push_limit_reached")
    view = _create_view(workspace, user, "modal", payload)
    if stack:
        view.root_id, view.previous_id = stack[0], stack[-1]
    stack.append(view.id)
    workspace.mark_changed("views", user)
    return view


def _create_view(workspace: Workspace, user: str, kind: str, payload: Json) -> View:
    view = View(workspace.new_id("V"), user, kind, payload, workspace.new_secret(8), root_id="")
    view.root_id = view.id
    view.state = initial_state(payload.get("blocks", []))
    workspace.views[view.id] = view
    return view


def update(workspace: Workspace, view: View, payload: Json, given_hash: str | None = None) -> View:
    """Replace the view. Input stays where block id and action id stay."""
    if given_hash and given_hash != view.hash:
        raise SlackError("hash_conflict")
    view.payload = validate_view(workspace, payload, view.type, keeps=view)
    view.hash = workspace.new_secret(8)
    view.errors = {}
    kept = initial_state(view.payload.get("blocks", []))
    for block_id, actions in kept.items():
        for action_id, value in actions.items():
            old = view.state.get(block_id, {}).get(action_id)
            if old and old.get("type") == value.get("type"):
                actions[action_id] = old
    view.state = kept
    workspace.mark_changed("views", view.user)
    return view


def find_view(workspace: Workspace, view_id: str | None, external_id: str | None) -> View:
    for view in open_views(workspace):
        if (view_id and view.id == view_id) or (external_id and view.payload.get("external_id") == external_id):
            return view
    raise SlackError("not_found")


def publish_home(workspace: Workspace, user: str, payload: Json, given_hash: str | None = None) -> View:
    known = workspace.views.get(workspace.homes.get(user, ""))
    if known is not None:
        return update(workspace, known, payload, given_hash)
    view = _create_view(workspace, user, "home", validate_view(workspace, payload, "home"))
    workspace.homes[user] = view.id
    workspace.mark_changed("views", user)
    return view


def close_view(workspace: Workspace, view: View, *, whole_stack: bool = False) -> None:
    stack = workspace.stacks.get(view.user, [])
    gone = stack if whole_stack else [view.id]
    for view_id in list(gone):
        workspace.views.pop(view_id, None)
    workspace.stacks[view.user] = [view_id for view_id in stack if view_id not in gone]
    workspace.mark_changed("views", view.user)
