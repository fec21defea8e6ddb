"""Files: an upload in three steps (reserve, receive, complete), and its message."""

from datetime import datetime
from typing import Any

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.records import Channel, File, Json, Message, SlackError
from bot.sandbox.workspace.workspace import Workspace, to_seconds

ALT_MAX = 1000
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif")


def reserve(workspace: Workspace, actor: str, name: str, size: int, alt_txt: str, now: datetime) -> File:
    if size <= 0 or not name:
        raise SlackError("invalid_arguments", ["length must be over 0 and filename not empty"])
    if len(alt_txt) > ALT_MAX:
        raise SlackError("alt_txt_too_large")
    file = File(workspace.new_id("F"), name, size, actor, to_seconds(now), alt_txt=alt_txt)
    workspace.files[file.id] = file
    return file


def receive(workspace: Workspace, file_id: str, content: bytes) -> None:
    """Store the content, whose size has to be as announced."""
    file = workspace.files.get(file_id)
    if file is None or file.content is not None:
        raise SlackError("file_not_found")
    if len(content) != file.size:
        raise SlackError("file_update_failed", [f"{len(content)} bytes received, {file.size} announced"])
    file.content = content


def complete(workspace: Workspace, actor: str, given: list[Json]) -> list[File]:
    """Complete received files, each once."""
    found = []
    for entry in given:
        file = workspace.files.get(str(entry.get("id")))
        if file is None or file.content is None or file.user != actor:
            raise SlackError("file_not_found")
        if file.is_complete:
            raise SlackError("file_update_failed", [f"{file.id} is already complete"])
        found.append((file, str(entry.get("title") or file.name)))
    for file, title in found:
        file.title = title
        file.is_complete = True
    return [file for file, _ in found]


def process(found: list[File]) -> None:
    """Mark files as processed, which Slack does some time after their completion."""
    for file in found:
        file.is_processed = True


def find_image_problems(workspace: Workspace, actor: str, given: Any, where: str = "") -> list[str]:
    """Return the errors of images in blocks: each has to be visible to the app, and processed."""
    if isinstance(given, list):
        parts = [find_image_problems(workspace, actor, each, f"{where}/{number}") for number, each in enumerate(given)]
    elif isinstance(given, dict):
        shown = given.get("slack_file")
        if given.get("type") == "image" and shown is not None and not _is_visible_image(workspace, actor, shown):
            return [f"[ERROR] invalid slack file [json-pointer:{where}/slack_file]"]
        parts = [find_image_problems(workspace, actor, each, f"{where}/{key}") for key, each in given.items()]
    else:
        return []
    return [problem for part in parts for problem in part]


def _is_visible_image(workspace: Workspace, actor: str, shown: Any) -> bool:
    if not isinstance(shown, dict) or set(shown) != {"id"}:
        return False
    try:
        file = find_visible(workspace, str(shown["id"]), actor)
    except SlackError:
        return False
    return file.is_processed and file.name.lower().endswith(IMAGE_SUFFIXES)


def share(workspace: Workspace, channel: Channel, files: list[File], message: Message) -> Message:
    """Post completed files. `message` has author, time, comment and thread."""
    message.files = [file.id for file in files]
    message.subtype = "file_share"
    return messages.post(workspace, channel, message)


def delete(workspace: Workspace, actor: str, file_id: str) -> None:
    """Delete an own file, which disappears from its messages."""
    file = find_visible(workspace, file_id, actor)
    if file.user != actor:
        raise SlackError("cant_delete_file")
    for share in file.shares:
        message = workspace.channels[share["channel"]].messages.get(share["ts"])
        if message is not None:
            message.files = [each for each in message.files if each != file_id]
    del workspace.files[file_id]


def find_visible(workspace: Workspace, file_id: str, viewer: str) -> File:
    file = workspace.files.get(file_id)
    if file is None or not file.is_complete:
        raise SlackError("file_not_found")
    seen = any(workspace.can_see(workspace.channels[each["channel"]], viewer) for each in file.shares)
    if file.user != viewer and not seen:
        raise SlackError("file_not_found")
    return file
