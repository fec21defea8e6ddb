"""The rules of files: an upload in three steps (place, bytes, completion), and the message that shows it."""

from datetime import datetime
from typing import Any

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.records import Channel, File, Json, Message, SlackError
from bot.sandbox.workspace.workspace import Workspace, seconds

ALT_MAX = 1000
PICTURES = (".png", ".jpg", ".jpeg", ".gif")


def reserve(workspace: Workspace, actor: str, name: str, size: int, alt_txt: str, now: datetime) -> File:
    if size <= 0 or not name:
        raise SlackError("invalid_arguments", ["length must be over 0 and filename not empty"])
    if len(alt_txt) > ALT_MAX:
        raise SlackError("alt_txt_too_large")
    file = File(workspace.new_id("F"), name, size, actor, seconds(now), alt_txt=alt_txt)
    workspace.files[file.id] = file
    return file


def receive(workspace: Workspace, file_id: str, content: bytes) -> None:
    """The bytes have to be as many as was said."""
    file = workspace.files.get(file_id)
    if file is None or file.content is not None:
        raise SlackError("file_not_found")
    if len(content) != file.size:
        raise SlackError("file_update_failed", [f"{file.size} bytes were announced, {len(content)} came"])
    file.content = content


def complete(workspace: Workspace, actor: str, given: list[Json]) -> list[File]:
    """Files whose bytes are there, once each."""
    found = []
    for entry in given:
        file = workspace.files.get(str(entry.get("id")))
        if file is None or file.content is None or file.user != actor:
            raise SlackError("file_not_found")
        if file.is_complete:
            raise SlackError("file_update_failed", [f"{file.id} was completed before"])
        found.append((file, str(entry.get("title") or file.name)))
    for file, title in found:
        file.title = title
        file.is_complete = True
    return [file for file, _ in found]


def process(found: list[File]) -> None:
    """Slack looks into files some time after they were completed."""
    for file in found:
        file.is_processed = True


def picture_problems(workspace: Workspace, actor: str, given: Any, where: str = "") -> list[str]:
    """Complaints about the files that blocks show: each is a picture that the app may see, and that is processed."""
    if isinstance(given, list):
        parts = [picture_problems(workspace, actor, each, f"{where}/{number}") for number, each in enumerate(given)]
    elif isinstance(given, dict):
        shown = given.get("slack_file")
        if given.get("type") == "image" and shown is not None and not _is_picture(workspace, actor, shown):
            return [f"[ERROR] invalid slack file [json-pointer:{where}/slack_file]"]
        parts = [picture_problems(workspace, actor, each, f"{where}/{key}") for key, each in given.items()]
    else:
        return []
    return [problem for part in parts for problem in part]


def _is_picture(workspace: Workspace, actor: str, shown: Any) -> bool:
    if not isinstance(shown, dict) or set(shown) != {"id"}:
        return False
    try:
        file = visible(workspace, str(shown["id"]), actor)
    except SlackError:
        return False
    return file.is_processed and file.name.lower().endswith(PICTURES)


def share(workspace: Workspace, channel: Channel, files: list[File], message: Message) -> Message:
    """The message that shows completed files; `message` carries who, when, the comment and the thread."""
    message.files = [file.id for file in files]
    message.subtype = "file_share"
    return messages.post(workspace, channel, message)


def delete(workspace: Workspace, actor: str, file_id: str) -> None:
    """Whoever uploaded a file may delete it: it is gone from the messages that show it, which stay."""
    file = visible(workspace, file_id, actor)
    if file.user != actor:
        raise SlackError("cant_delete_file")
    for share in file.shares:
        message = workspace.channels[share["channel"]].messages.get(share["ts"])
        if message is not None:
            message.files = [each for each in message.files if each != file_id]
    del workspace.files[file_id]


def visible(workspace: Workspace, file_id: str, viewer: str) -> File:
    file = workspace.files.get(file_id)
    if file is None or not file.is_complete:
        raise SlackError("file_not_found")
    seen = any(workspace.sees(workspace.channels[each["channel"]], viewer) for each in file.shares)
    if file.user != viewer and not seen:
        raise SlackError("file_not_found")
    return file
