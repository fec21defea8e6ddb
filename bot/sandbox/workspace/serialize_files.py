"""JSON of files and canvases in Slack's answers and events."""

import mimetypes
from urllib.parse import quote

from bot.sandbox.workspace.records import Canvas, File, Json
from bot.sandbox.workspace.workspace import Workspace

PRETTY = {
    "md": "Markdown",
    "txt": "Plain Text",
    "csv": "CSV",
    "json": "JSON",
    "png": "PNG",
    "jpg": "JPEG",
    "html": "HTML",
}
TEXTUAL = {"md", "txt", "csv", "json", "html", "log", "yaml", "yml", "toml", "py"}
FILE_DEFAULTS: Json = {
    "is_external": False,
    "external_type": "",
    "public_url_shared": False,
    "display_as_bot": False,
    "username": "",
    "has_rich_preview": False,
}
CANVAS_TYPE: Json = {
    "mimetype": "application/vnd.slack-docs",
    "filetype": "quip",
    "pretty_type": "Canvas",
    "mode": "quip",
    "editable": True,
}


def canvas_json(workspace: Workspace, canvas: Canvas) -> Json:
    """Return a canvas as the file that it is to Slack."""
    channel = workspace.channels.get(canvas.channel or "")
    address = f"{workspace.site_url}/docs/{workspace.team.id}/{canvas.id}"
    shared_in: Json = {"channels": [], "groups": [], "ims": []}
    if channel:
        shared_in["channels" if channel.type == "channel" else "groups"] = [channel.id]
    return {
        **FILE_DEFAULTS,
        **CANVAS_TYPE,
        "id": canvas.id,
        "created": canvas.created,
        "timestamp": canvas.created,
        "name": canvas.title,
        "title": canvas.title,
        "user": canvas.creator,
        "user_team": workspace.team.id,
        "size": sum(len(text.encode()) for _, text in canvas.sections),
        "is_public": bool(channel and channel.type == "channel"),
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "shares": {},
        "updated": canvas.updated,
        "editors": list(canvas.editors),
        "last_editor": canvas.last_editor,
        **shared_in,
    }


def file_json(workspace: Workspace, file: File) -> Json:
    address = f"{workspace.site_url}/files-pri/{workspace.team.id}-{file.id}"
    shared_in = [workspace.channels[share["channel"]] for share in file.shares]
    return {
        **FILE_DEFAULTS,
        **_file_type(file),
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "user": file.user,
        "user_team": workspace.team.id,
        "editable": False,
        "size": file.size,
        "is_public": any(channel.type == "channel" for channel in shared_in),
        "url_private": f"{address}/{quote(file.name)}",
        "url_private_download": f"{address}/download/{quote(file.name)}",
        "permalink": f"{workspace.site_url}/files/{file.user}/{file.id}/{quote(file.name)}",
        "channels": sorted({channel.id for channel in shared_in if channel.type == "channel"}),
        "groups": sorted({channel.id for channel in shared_in if channel.type in ("group", "mpim")}),
        "ims": sorted({channel.id for channel in shared_in if channel.type == "im"}),
        "shares": _shares_json(workspace, file),
        **({"alt_txt": file.alt_txt} if file.alt_txt else {}),
    }


def _file_type(file: File) -> Json:
    """Return the type keys, which are empty until Slack has processed the file."""
    suffix = file.name.rpartition(".")[2].lower() if "." in file.name else "txt"
    mode = {"mode": "snippet" if suffix in TEXTUAL else "hosted"}
    if not file.is_processed:
        return mode | {"mimetype": "", "filetype": "", "pretty_type": ""}
    fallback = "text/markdown" if suffix == "md" else "text/plain"
    return mode | {
        "mimetype": mimetypes.guess_type(file.name)[0] or fallback,
        "filetype": "markdown" if suffix == "md" else suffix,
        "pretty_type": PRETTY.get(suffix, suffix.upper()),
    }


def _shares_json(workspace: Workspace, file: File) -> Json:
    shares: Json = {}
    for share in file.shares:
        channel = workspace.channels[share["channel"]]
        kind = "private" if channel.is_private or channel.is_direct else "public"
        entry = {
            "reply_users": [],
            "reply_users_count": 0,
            "reply_count": 0,
            "ts": share["ts"],
            "channel_name": channel.name,
            "team_id": workspace.team.id,
            "share_user_id": file.user,
            **({"thread_ts": share["thread_ts"]} if share.get("thread_ts") else {}),
        }
        shares.setdefault(kind, {}).setdefault(channel.id, []).append(entry)
    return shares
