"""The Web API as one table: method to handler, and what comes before each: arguments, token, scopes."""

import json
from typing import Any

from bot.sandbox.web_api import bookmarks as api_bookmarks
from bot.sandbox.web_api import canvases as api_canvases
from bot.sandbox.web_api import chat as api_chat
from bot.sandbox.web_api import conversations as api_conversations
from bot.sandbox.web_api import files as api_files
from bot.sandbox.web_api import users as api_people
from bot.sandbox.web_api.call import Call, Grant, Handler
from bot.sandbox.web_api.methods import METHODS, Argument, Method
from bot.sandbox.workspace.records import Json, SlackError

HANDLERS: dict[str, Handler] = {
    "auth.test": api_people.auth_test,
    "auth.teams.list": api_people.auth_teams_list,
    "apps.connections.open": api_people.connections_open,
    "team.info": api_people.team_info,
    "users.info": api_people.user_info,
    "users.list": api_people.users_list,
    "users.lookupByEmail": api_people.lookup_by_email,
    "usergroups.list": api_people.usergroups_list,
    "usergroups.users.list": api_people.usergroup_users,
    "bookmarks.add": api_bookmarks.add,
    "bookmarks.edit": api_bookmarks.edit,
    "bookmarks.remove": api_bookmarks.remove,
    "bookmarks.list": api_bookmarks.listing,
    "canvases.create": api_canvases.create,
    "canvases.edit": api_canvases.edit,
    "canvases.delete": api_canvases.delete,
    "canvases.getContent": api_canvases.content,
    "canvases.access.set": api_canvases.give_access,
    "canvases.access.delete": api_canvases.take_access,
    "canvases.sections.lookup": api_canvases.lookup,
    "conversations.canvases.create": api_canvases.create_of_channel,
    "conversations.create": api_conversations.create,
    "conversations.list": api_conversations.listing,
    "conversations.info": api_conversations.info,
    "conversations.members": api_conversations.members,
    "conversations.history": api_conversations.history,
    "conversations.replies": api_conversations.replies,
    "conversations.invite": api_conversations.invite,
    "conversations.join": api_conversations.join,
    "conversations.open": api_conversations.opening,
    "conversations.setTopic": api_conversations.set_topic,
    "conversations.setPurpose": api_conversations.set_purpose,
    "conversations.archive": api_conversations.archive,
    "conversations.unarchive": api_conversations.unarchive,
    "conversations.rename": api_conversations.rename,
    "conversations.kick": api_conversations.kick,
    "chat.postMessage": api_chat.post_message,
    "chat.update": api_chat.update,
    "chat.delete": api_chat.delete,
    "chat.postEphemeral": api_chat.post_ephemeral,
    "chat.getPermalink": api_chat.permalink,
    "reactions.add": api_chat.reactions_add,
    "reactions.remove": api_chat.reactions_remove,
    "reactions.get": api_chat.reactions_get,
    "pins.add": api_chat.pins_add,
    "pins.remove": api_chat.pins_remove,
    "pins.list": api_chat.pins_list,
    "files.getUploadURLExternal": api_files.get_upload_url,
    "files.completeUploadExternal": api_files.complete_upload,
    "files.delete": api_files.delete,
    "files.info": api_files.info,
    "views.open": api_files.views_open,
    "views.push": api_files.views_push,
    "views.update": api_files.views_update,
    "views.publish": api_files.views_publish,
}

NAMES_A_WORKSPACE = {"conversations.create", "conversations.list", "users.list", "usergroups.list"}
LISTED = {"public_channel": "channels:", "private_channel": "groups:", "im": "im:", "mpim": "mpim:"}
PREFIX = {"channel": "channels:", "group": "groups:", "im": "im:", "mpim": "mpim:"}
BLANK_IS_FINE = {"topic", "purpose", "name"}
"""Required arguments that may be empty: their own rule refuses them by a better name, or empties something."""


def run(name: str, call: Call) -> Json:
    """The method's answer. Raises SlackError for a refusal; the workspace is then unchanged."""
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    if call.grant.kind == "app" and name != "apps.connections.open":
        raise SlackError("not_allowed_token_type")
    check_scopes(method, call)
    check_workspace(method, call)
    call.args = arguments(method, call.args)
    return HANDLERS[name](call)


def arguments(method: Method, given: Json) -> Json:
    """The arguments in their own types; those that the method does not know are left out, as Slack does."""
    checked: Json = {}
    problems = []
    for argument in method.arguments:
        value = given.get(argument.name)
        if value is None or (value == "" and argument.name not in BLANK_IS_FINE):
            if argument.is_required:
                problems.append(f"[ERROR] missing required field: {argument.name}")
            continue
        try:
            checked[argument.name] = typed(argument, value)
        except ValueError:
            if argument.name == "blocks":
                raise SlackError("invalid_blocks_format") from None
            problems.append(f"[ERROR] not of the right type [json-pointer:/{argument.name}]")
    if problems:
        raise SlackError("invalid_arguments", problems)
    return checked


def typed(argument: Argument, value: Any) -> Any:
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
    """Where an organisation has installed the app, a call that can name a workspace has to name one that has it."""
    workspace, named = call.workspace, call.text("team_id")
    if workspace.organisation is None or method.name not in NAMES_A_WORKSPACE:
        return
    if not named:
        raise SlackError("missing_argument")
    if named not in workspace.approved:
        raise SlackError("team_access_not_granted")


def check_scopes(method: Method, call: Call) -> None:
    """One of the method's scopes; where it is about some kind of channel, one for that kind, and for each kind."""
    grant: Grant = call.grant
    if grant.scopes is None or not method.scopes or grant.kind == "app":
        return
    for kind in kinds_of_channel(method, call):
        wanted = tuple(scope for scope in method.scopes if scope.startswith(kind)) or method.scopes
        if not set(wanted) & set(grant.scopes):
            raise SlackError("missing_scope", needed=",".join(wanted), provided=",".join(grant.scopes))


def kinds_of_channel(method: Method, call: Call) -> list[str]:
    """How the scopes begin that a call needs; the empty text: any of the method's will do."""
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
