"""Payloads of events, commands, buttons, modals and shortcuts."""

from datetime import datetime

from bot.sandbox.workspace import serialize
from bot.sandbox.workspace.records import Channel, Event, Json, Message, User, View
from bot.sandbox.workspace.workspace import Workspace, to_seconds

UNNAMED = {"message_action": "username", "shortcut": "name"}
"""The key that shortcuts leave out of `user`; they leave out the app's id, too."""


def _common(workspace: Workspace, user: User, kind: str) -> Json:
    who = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id or workspace.team.id}
    missing = UNNAMED.get(kind)
    return {
        "type": kind,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "user": {key: value for key, value in who.items() if key != missing},
        **({} if missing else {"api_app_id": workspace.app.id}),
        "token": "sandbox",
        "enterprise": {"id": workspace.organisation, "name": "Organisation"} if workspace.organisation else None,
        "is_enterprise_install": workspace.organisation is not None,
    }


def event_callback(workspace: Workspace, event: Event, now: datetime) -> Json:
    return {
        "token": "sandbox",
        "team_id": workspace.team.id,
        "context_team_id": workspace.team.id,
        "context_enterprise_id": workspace.organisation,
        "api_app_id": workspace.app.id,
        "event": event.body,
        "type": "event_callback",
        "event_id": f"Ev{workspace.new_secret(6).upper()}",
        "event_time": to_seconds(now),
        "authorizations": [
            {
                "enterprise_id": workspace.organisation,
                "team_id": None if workspace.organisation else workspace.team.id,
                "user_id": workspace.app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": workspace.organisation is not None,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"1-{event.body['type']}-{workspace.team.id}-{event.channel or ''}",
    }


def channel_reference(channel: Channel) -> Json:
    return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}


def command(workspace: Workspace, user: User, channel: Channel, name: str, text: str, trigger: str, url: str) -> Json:
    return {
        "token": "sandbox",
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": "privategroup" if channel.is_private else channel_reference(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": workspace.app.id,
        **({"enterprise_id": workspace.organisation} if workspace.organisation else {}),
        "is_enterprise_install": "true" if workspace.organisation else "false",
        "response_url": url,
        "trigger_id": trigger,
    }


def message_action(
    workspace: Workspace, user: User, channel: Channel, message: Message, action: Json, trigger: str, url: str
) -> Json:
    """Return the payload for a button or a menu in a message."""
    return _common(workspace, user, "block_actions") | {
        "container": container(channel, message),
        "trigger_id": trigger,
        "channel": channel_reference(channel),
        "state": {"values": {}},
        "response_url": url,
        "actions": [action],
        **message_part(workspace, channel, message),
    }


def container(channel: Channel, message: Message) -> Json:
    found: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    return found | {"thread_ts": message.thread_ts} if message.thread_ts else found


def message_part(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """Return the message, which Slack leaves out if it is ephemeral."""
    return {} if message.ephemeral_to else {"message": serialize.message_json(workspace, channel, message)}


def view_action(workspace: Workspace, user: User, view: View, action: Json, trigger: str) -> Json:
    return _common(workspace, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger,
        "view": serialize.view_json(workspace, view),
        "actions": [action],
    }


def submission(workspace: Workspace, user: User, view: View, trigger: str) -> Json:
    return _common(workspace, user, "view_submission") | {
        "trigger_id": trigger,
        "view": serialize.view_json(workspace, view),
        "response_urls": [],
    }


def view_closed(workspace: Workspace, user: User, view: View, *, is_cleared: bool) -> Json:
    return _common(workspace, user, "view_closed") | {
        "view": serialize.view_json(workspace, view),
        "is_cleared": is_cleared,
    }


def shortcut(
    workspace: Workspace,
    user: User,
    channel: Channel,
    message: Message,
    callback_id: str,
    trigger: str,
    url: str,
    at: str,
) -> Json:
    return _common(workspace, user, "message_action") | {
        "callback_id": callback_id,
        "trigger_id": trigger,
        "response_url": url,
        "action_ts": at,
        "message_ts": message.ts,
        "channel": channel_reference(channel),
        "message": serialize.message_json(workspace, channel, message),
    }


def global_shortcut(workspace: Workspace, user: User, callback_id: str, trigger: str, at: str) -> Json:
    return _common(workspace, user, "shortcut") | {"callback_id": callback_id, "trigger_id": trigger, "action_ts": at}


def suggestion(workspace: Workspace, user: User, block_id: str, action_id: str, query: str, where: Json) -> Json:
    """Return the payload that asks for options. `where`: the container, and its view or message."""
    return (
        _common(workspace, user, "block_suggestion")
        | where
        | {"action_id": action_id, "block_id": block_id, "value": query}
    )
