"""
Persistence of the workspace as one JSON file.

Short-lived triggers are not saved. The file is replaced atomically: a crash leaves the old or the new one.
"""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.workspace import channels, messages, seed
from bot.sandbox.workspace.records import (
    App,
    Bookmark,
    Canvas,
    Channel,
    File,
    Json,
    Message,
    Note,
    Plan,
    ResponseUrl,
    Team,
    User,
    Usergroup,
    View,
)
from bot.sandbox.workspace.workspace import Workspace

VERSION = 1
FILE = "workspace.json"


def as_json(workspace: Workspace, tokens: Json) -> Json:
    return {
        "version": VERSION,
        "tokens": tokens,
        "team": vars(workspace.team),
        "app": vars(workspace.app),
        "counter": workspace.counter,
        "last_micros": workspace.last_micros,
        "edit_window": workspace.edit_window,
        "users": [vars(user) for user in workspace.users.values()],
        "usergroups": [vars(group) for group in workspace.usergroups.values()],
        "channels": [_channel(channel) for channel in workspace.channels.values()],
        "files": [_file(file) for file in workspace.files.values()],
        "canvases": [vars(canvas) for canvas in workspace.canvases.values()],
        "plan": vars(workspace.plan),
        "views": [vars(view) for view in workspace.views.values()],
        "stacks": workspace.stacks,
        "homes": workspace.homes,
        "ephemerals": [[channel_id, _message(note)] for channel_id, note in workspace.ephemerals],
        "response_urls": [vars(right) for right in workspace.response_urls.values()],
    }


def _message(message: Message) -> Json:
    return {key: value for key, value in vars(message).items() if value}


def _channel(channel: Channel) -> Json:
    kept = {key: value for key, value in vars(channel).items() if key not in ("messages", "order", "threads")}
    kept |= {"topic": vars(channel.topic), "purpose": vars(channel.purpose)}
    kept["bookmarks"] = [vars(bookmark) for bookmark in channel.bookmarks]
    return kept | {"messages": [_message(channel.messages[ts]) for ts in channel.order]}


def _file(file: File) -> Json:
    content = None if file.content is None else base64.b64encode(file.content).decode()
    return vars(file) | {"content": content}


def from_json(data: Json) -> Workspace:
    """Build a workspace from JSON. Raises ValueError for another version."""
    if data.get("version") != VERSION:
        raise ValueError(
            f"workspace.json has version {data.get('version')}, not {VERSION}. Remove it, or use the "
            "program of that version."
        )
    workspace = Workspace(Team(**data["team"]), App(**data["app"]))
    workspace.users = {each["id"]: User(**each) for each in data["users"]}
    workspace.usergroups = {each["id"]: Usergroup(**each) for each in data["usergroups"]}
    workspace.files = {each["id"]: _read_file(each) for each in data["files"]}
    workspace.canvases = {each["id"]: _read_canvas(each) for each in data.get("canvases", [])}
    workspace.plan = Plan(**data.get("plan", {}))
    for each in data["channels"]:
        _read_channel(workspace, each)
    workspace.views = {each["id"]: View(**each) for each in data["views"]}
    workspace.stacks = data["stacks"]
    workspace.homes = data["homes"]
    workspace.ephemerals = [(channel_id, Message(**note)) for channel_id, note in data["ephemerals"]]
    workspace.response_urls = {each["id"]: ResponseUrl(**each) for each in data["response_urls"]}
    workspace.counter = data["counter"]
    workspace.last_micros = data["last_micros"]
    workspace.edit_window = data["edit_window"]
    return workspace


def _read_channel(workspace: Workspace, data: Json) -> None:
    said = data.pop("messages")
    data |= {"topic": Note(**data["topic"]), "purpose": Note(**data["purpose"])}
    data["bookmarks"] = [Bookmark(**each) for each in data.get("bookmarks", [])]
    channel = Channel(**data)
    if channel.is_direct:
        workspace.directs[",".join(sorted(channel.members))] = channel.id
    channels.add(workspace, channel)
    for each in said:
        messages.insert_message(workspace, channel, Message(**each))


def _read_canvas(data: Json) -> Canvas:
    return Canvas(**data | {"sections": [(section, text) for section, text in data["sections"]]})


def _read_file(data: Json) -> File:
    content = data["content"]
    return File(**data | {"content": None if content is None else base64.b64decode(content)})


def load(folder: Path) -> tuple[Workspace, Json] | None:
    """Return the saved workspace and tokens; None if there are none."""
    path = folder / FILE
    if not path.exists():
        return None
    data: Json = json.loads(path.read_text())
    return from_json(data), data["tokens"]


def save(folder: Path, workspace: Workspace, tokens: Json) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        json.dump(as_json(workspace, tokens), file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    beside.chmod(0o600)
    beside.replace(path)


def create_workspace(now: datetime | None = None, *, with_people: bool = True) -> Workspace:
    at = now or datetime.now(UTC)
    return seed.create_sample(at) if with_people else seed.create_empty(at)
