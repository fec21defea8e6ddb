"""Dispatch of Web API calls: arguments, token, scopes, handler."""

import json
from typing import Any

from bot.sandbox.web_api import bookmarks, canvases, chat, conversations, files, users
from bot.sandbox.web_api.call import Call, Grant, Handler
from bot.sandbox.web_api.methods import METHODS, Argument, Method
from bot.sandbox.workspace.records import Json, SlackError

HANDLERS: dict[str, Handler] = {
    "auth.test": users.auth_test,
    "auth.teams.list": users.auth_teams_list,
    "apps.connections.open": users.connections_open,
    "team.info": users.team_info,
    "users.info": users.user_info,
    "users.list": users.users_list,
    "users.lookupByEmail": users.lookup_by_email,
    "usergroups.list": users.usergroups_list,
    "usergroups.users.list": users.usergroup_users,
    "bookmarks.add": bookmarks.add,
    "bookmarks.edit": bookmarks.edit,
    "bookmarks.remove": bookmarks.remove,
    "bookmarks.list": bookmarks.list_bookmarks,
    "canvases.create": canvases.create,
    "canvases.edit": canvases.edit,
    "canvases.delete": canvases.delete,
    "canvases.getContent": canvases.get_content,
    "canvases.access.set": canvases.set_access,
    "canvases.access.delete": canvases.delete_access,
    "canvases.sections.lookup": canvases.lookup_sections,
    "conversations.canvases.create": canvases.create_channel_canvas,
    "conversations.create": conversations.create,
    "conversations.list": conversations.list_conversations,
    "conversations.info": conversations.info,
    "conversations.members": conversations.members,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "conversations.invite": conversations.invite,
    "conversations.join": conversations.join,
    "conversations.open": conversations.open_conversation,
    "conversations.setTopic": conversations.set_topic,
    "conversations.setPurpose": conversations.set_purpose,
    "conversations.archive": conversations.archive,
    "conversations.unarchive": conversations.unarchive,
    "conversations.rename": conversations.rename,
    "conversations.kick": conversations.kick,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.getPermalink": chat.permalink,
    "reactions.add": chat.reactions_add,
    "reactions.remove": chat.reactions_remove,
    "reactions.get": chat.reactions_get,
    "pins.add": chat.pins_add,
    "pins.remove": chat.pins_remove,
    "pins.list": chat.pins_list,
    "files.getUploadURLExternal": files.get_upload_url,
    "files.completeUploadExternal": files.complete_upload,
    "files.delete": files.delete,
    "files.info": files.info,
    "views.open": files.views_open,
    "views.push": files.views_push,
    "views.update": files.views_update,
    "views.publish": files.views_publish,
}

NAMES_A_WORKSPACE = {"conversations.create", "conversations.list", "users.list", "usergroups.list"}
LISTED = {"public_channel": "channels:", "private_channel": "groups:", "im": "im:", "mpim": "mpim:"}
PREFIX = {"channel": "channels:", "group": "groups:", "im": "im:", "mpim": "mpim:"}
BLANK_IS_FINE = {"topic", "purpose", "name"}
"""Required arguments that may be empty, because the method checks them."""


def run_method(name: str, call: Call) -> Json:
    """Return a method's answer. Raises SlackError, which leaves the workspace unchanged."""
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    if call.grant.kind == "app" and name != "apps.connections.open":
        raise SlackError("not_allowed_token_type")
    check_scopes(method, call)
    check_workspace(method, call)
    call.args = read_arguments(method, call.args)
    return HANDLERS[name](call)


def read_arguments(method: Method, given: Json) -> Json:
    """Return the arguments in their types, without unknown ones, as Slack does."""
    checked: Json = {}
    problems = []
    for argument in method.arguments:
        value = given.get(argument.name)
        if value is None or (value == "" and argument.name not in BLANK_IS_FINE):
            if argument.is_required:
                problems.append(f"[ERROR] missing required field: {argument.name}")
            continue
        try:
            checked[argument.name] = convert_argument(argument, value)
        except ValueError:
            if argument.name == "blocks":
                raise SlackError("invalid_blocks_format") from None
            problems.append(f"[ERROR] not of the right type [json-pointer:/{argument.name}]")
    if problems:
        raise SlackError("invalid_arguments", problems)
    return checked


def convert_argument(argument: Argument, value: Any) -> Any:
    if argument.type == "j":
        found = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, dict | list):
            raise ValueError(argument.name)
        return found
    if argument.type == "l":
        found = json.loads(value) if isinstance(value, str) and value.startswith("[") else value
        return [str(each) for each in found] if isinstance(found, list) else str(found).split(",")
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, dict) or (argument.type == "s" and isinstance(value, bool)):
        raise ValueError(argument.name)
    if argument.type == "b" and str(value).lower() not in ("1", "0", "true", "false"):
        raise ValueError(argument.name)
    return value


def check_workspace(method: Method, call: Call) -> None:
    """Check that calls of an organisation's app name an approved workspace."""
    workspace, named = call.workspace, call.text("team_id")
    if workspace.organisation is None or method.name not in NAMES_A_WORKSPACE:
        return
    if not named:
        raise SlackError("missing_argument")
    if named not in workspace.approved:
        raise SlackError("team_access_not_granted")


def check_scopes(method: Method, call: Call) -> None:
    """Check that the token has one of the method's scopes for each kind of channel."""
    grant: Grant = call.grant
    if grant.scopes is None or not method.scopes or grant.kind == "app":
        return
    for kind in kinds_of_channel(method, call):
        wanted = tuple(scope for scope in method.scopes if scope.startswith(kind)) or method.scopes
        if not set(wanted) & set(grant.scopes):
            raise SlackError("missing_scope", needed=",".join(wanted), provided=",".join(grant.scopes))


def kinds_of_channel(method: Method, call: Call) -> list[str]:
    """Return the prefixes of the required scopes; an empty prefix: any scope of the method."""
    channel = call.workspace.channels.get(str(call.args.get("channel")))
    if channel and method.name.startswith("conversations."):
        return [PREFIX[channel.type]]
    match method.name:
        case "conversations.create":
            return [PREFIX["group" if call.flag("is_private") else "channel"]]
        case "conversations.open":
            return ["mpim:" if "," in call.text("users") else "im:"]
        case "conversations.list":
            types = call.text("types") or "public_channel"
            return [LISTED[each.strip()] for each in types.split(",") if each.strip() in LISTED] or [""]
    return [""]
