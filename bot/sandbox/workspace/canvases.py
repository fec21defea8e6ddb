"""Canvases: documents of sections, as channel tabs or alone, with access levels."""

import re
from datetime import datetime
from typing import Any

from bot.sandbox.workspace.records import Canvas, Channel, Json, SlackError
from bot.sandbox.workspace.workspace import Workspace, to_seconds

CHANGE_BYTES = 1_048_576
CANVAS_BYTES = 4 * CHANGE_BYTES
"""Our limit: Slack refuses large canvases but documents no number."""
TABLE_CELLS = 300
LEVELS = ("read", "write", "owner")
OPERATIONS = ("insert_at_start", "insert_at_end", "insert_after", "insert_before", "replace", "delete", "rename")
SECTION_TYPES = {"h1": 1, "h2": 2, "h3": 3}

FENCE = re.compile(r"\s{0,3}(```|~~~)")
HEADING = re.compile(r"(#{1,6})\s+\S")
LIST_IN_QUOTE = re.compile(r"\s{0,3}>\s*([-*+]|\d+[.)])\s")
TABLE_ROW = re.compile(r"\s*\|.*\|\s*")
TABLE_RULE = re.compile(r"[\s|:-]*")
STAR = re.compile(r"^(\s*)[*+] ", re.MULTILINE)


# --- who may do what


def has_access(workspace: Workspace, canvas: Canvas, actor: str, level: str) -> bool:
    """Return whether a person, or a channel of theirs, has at least this level."""
    held = [canvas.levels.get(actor)]
    for holder, given in canvas.levels.items():
        channel = workspace.channels.get(holder)
        if channel is not None and actor in channel.members:
            held.append(given)
    return any(each is not None and LEVELS.index(each) >= LEVELS.index(level) for each in held)


def find_canvas(workspace: Workspace, canvas_id: str, actor: str, level: str = "read") -> Canvas:
    if not workspace.plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    canvas = workspace.canvases.get(canvas_id)
    if canvas is None or not has_access(workspace, canvas, actor, "read"):
        raise SlackError("canvas_not_found")
    if not has_access(workspace, canvas, actor, level):
        raise SlackError("restricted_action")
    return canvas


# --- making


def create(
    workspace: Workspace, actor: str, title: str, markdown: str, now: datetime, channel: Channel | None = None
) -> Canvas:
    """Create a canvas, or a tab of `channel`."""
    plan = workspace.plan
    if not plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    if not plan.standalone_canvases and channel is None:
        raise SlackError("free_teams_cannot_create_standalone_canvases")
    if not plan.standalone_canvases and channel is not None and channel_tabs(workspace, channel):
        raise SlackError("free_team_canvas_tab_already_exists")
    return _create_canvas(workspace, actor, title, markdown, now, channel)


def create_channel_canvas(
    workspace: Workspace, actor: str, channel: Channel, title: str, markdown: str, now: datetime
) -> Canvas:
    """Create the channel canvas, of which each channel has one."""
    if not workspace.plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    if not workspace.plan.channel_canvases:
        raise SlackError("team_tier_cannot_create_channel_canvases")
    if any(canvas.is_channel_canvas for canvas in channel_tabs(workspace, channel)):
        raise SlackError("channel_canvas_already_exists")
    canvas = _create_canvas(workspace, actor, title, markdown, now, channel)
    canvas.is_channel_canvas = True
    return canvas


def _create_canvas(
    workspace: Workspace, actor: str, title: str, markdown: str, now: datetime, channel: Channel | None
) -> Canvas:
    if channel is not None and actor not in channel.members:
        raise SlackError("restricted_action")
    sections = _create_sections(workspace, _validate_markdown(markdown, "canvas_creation_failed"))
    canvas = Canvas(
        workspace.new_id("F"), title or "Untitled", actor, to_seconds(now), sections, updated=to_seconds(now)
    )
    canvas.levels[actor] = "owner"
    _note_editor(canvas, actor)
    workspace.canvases[canvas.id] = canvas
    if channel is not None:
        canvas.channel = channel.id
        canvas.levels[channel.id] = "write"
    _mark_changed(workspace, canvas)
    return canvas


def channel_tabs(workspace: Workspace, channel: Channel) -> list[Canvas]:
    return [canvas for canvas in workspace.canvases.values() if canvas.channel == channel.id]


def delete(workspace: Workspace, actor: str, canvas: Canvas) -> None:
    if not has_access(workspace, canvas, actor, "owner"):
        raise SlackError("restricted_action")
    del workspace.canvases[canvas.id]
    _mark_changed(workspace, canvas)


def _mark_changed(workspace: Workspace, canvas: Canvas) -> None:
    workspace.mark_changed("canvas", canvas.id)
    if canvas.channel:
        workspace.mark_changed("channel", canvas.channel)


# --- content


def canvas_markdown(canvas: Canvas) -> str:
    """Return the content as Markdown, which Slack normalizes."""
    return "\n\n".join(text for _, text in canvas.sections) + "\n"


def find_sections(canvas: Canvas, criteria: Json) -> list[str]:
    """Return the ids of sections with these heading levels, this text, or both."""
    wanted = criteria.get("section_types") or []
    text = criteria.get("contains_text")
    if not wanted and not text:
        raise SlackError("invalid_arguments", ["[ERROR] criteria need section_types or contains_text"])
    if not set(wanted) <= {*SECTION_TYPES, "any_header"}:
        raise SlackError("invalid_arguments", ["[ERROR] no such section type"])
    levels = {SECTION_TYPES.get(each, 0) for each in wanted}
    found = []
    for section, said in canvas.sections:
        level = _heading_level(said)
        fits = not levels or (level > 0 and (level in levels or 0 in levels))
        if fits and (not text or str(text).lower() in said.lower()):
            found.append(section)
    return found


def edit(workspace: Workspace, actor: str, canvas: Canvas, changes: Any, now: datetime) -> None:
    """Apply exactly one change. Raises SlackError, which leaves the canvas unchanged."""
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise SlackError("invalid_arguments", ["[ERROR] exactly 1 item allowed [json-pointer:/changes]"])
    change: Json = changes[0]
    operation = change.get("operation")
    if operation not in OPERATIONS:
        raise SlackError("invalid_arguments", ["[ERROR] unknown operation [json-pointer:/changes/0/operation]"])
    if operation == "rename":
        canvas.title = read_markdown(change.get("title_content"), "canvas_editing_failed")
    else:
        canvas.sections = _apply_change(workspace, canvas, change, str(operation))
    canvas.updated = to_seconds(now)
    _note_editor(canvas, actor)
    _mark_changed(workspace, canvas)
    body = {"type": "file_change", "file_id": canvas.id, "file": {"id": canvas.id}}
    workspace.emit(body | {"event_ts": workspace.new_ts(now)}, workspace.channels.get(canvas.channel or ""))


def _note_editor(canvas: Canvas, actor: str) -> None:
    canvas.last_editor = actor
    if actor not in canvas.editors:
        canvas.editors.append(actor)


def _apply_change(workspace: Workspace, canvas: Canvas, change: Json, operation: str) -> list[tuple[str, str]]:
    given: list[tuple[str, str]] = []
    if operation != "delete":
        markdown = read_markdown(change.get("document_content"), "canvas_editing_failed")
        given = _create_sections(workspace, _validate_markdown(markdown, "canvas_editing_failed"))
    if sum(len(text.encode()) for _, text in (*canvas.sections, *given)) > CANVAS_BYTES:
        raise SlackError("canvas_too_large")
    before = canvas.sections
    if operation == "insert_at_start":
        return [*given, *before]
    if operation == "insert_at_end":
        return [*before, *given]
    if operation == "replace" and not change.get("section_id"):
        return given
    at = _section_index(canvas, change)
    upto = {"insert_before": (at, at), "insert_after": (at + 1, at + 1)}.get(operation, (at, at + 1))
    return [*before[: upto[0]], *given, *before[upto[1] :]]


def _section_index(canvas: Canvas, change: Json) -> int:
    for place, (section, _) in enumerate(canvas.sections):
        if section == change.get("section_id"):
            return place
    raise SlackError("canvas_editing_failed", detail="the section does not exist")


def read_markdown(given: Any, error: str) -> str:
    """Return the text of a `document_content`. Raises SlackError for an invalid one."""
    if not isinstance(given, dict) or given.get("type") != "markdown" or not isinstance(given.get("markdown"), str):
        raise SlackError(error, detail="'content' error: expected an object of type markdown")
    text: str = given["markdown"]
    if len(text) > CHANGE_BYTES:
        raise SlackError(error, detail=f"'content' error: more than {CHANGE_BYTES} characters")
    return text


def _validate_markdown(markdown: str, error: str) -> str:
    """Check Slack's dialect: no list in a quotation, at most 300 cells in a table."""
    cells = 0
    for number, line in enumerate(markdown.splitlines(), 1):
        if LIST_IN_QUOTE.match(line):
            raise SlackError(
                error, detail=f"'content' error: line {number}: Unsupported block type (List) within block quote"
            )
        if not TABLE_ROW.fullmatch(line):
            cells = 0
        elif not TABLE_RULE.fullmatch(line):
            cells += line.count("|") - 1
        if cells > TABLE_CELLS:
            raise SlackError(error, detail=f"'content' error: line {number}: a table has at most {TABLE_CELLS} cells")
    return markdown


def _create_sections(workspace: Workspace, markdown: str) -> list[tuple[str, str]]:
    """Make a section of each paragraph, heading, list, table and code block."""
    return [(f"temp:C:{workspace.new_secret(14)}", text) for text in split_markdown(markdown)]


def split_markdown(markdown: str) -> list[str]:
    parts: list[list[str]] = [[]]
    is_code = False
    for line in STAR.sub(r"\1- ", markdown).splitlines():
        if FENCE.match(line):
            is_code = not is_code
        if is_code or line.strip():
            if not is_code and parts[-1] and (HEADING.match(line) or _heading_level(parts[-1][0])):
                parts.append([])
            parts[-1].append(line.rstrip())
        elif parts[-1]:
            parts.append([])
    return ["\n".join(part) for part in parts if part]


def _heading_level(text: str) -> int:
    """Return the level of a heading, 1 to 6; 0 for other text."""
    found = HEADING.match(text)
    return len(found[1]) if found else 0
