"""The rules of canvases: documents of sections, as a channel's tab or on their own, and who may read or write them."""

import re
from datetime import datetime
from typing import Any

from bot.sandbox.workspace.records import Canvas, Channel, Json, SlackError
from bot.sandbox.workspace.workspace import Workspace, seconds

CHANGE_BYTES = 1_048_576
CANVAS_BYTES = 4 * CHANGE_BYTES
"""Slack gives no number for a whole canvas; it refuses one that is too large."""
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


def may(workspace: Workspace, canvas: Canvas, actor: str, level: str) -> bool:
    """Whether this person, or a channel they are in, has at least this level."""
    held = [canvas.levels.get(actor)]
    for holder, given in canvas.levels.items():
        channel = workspace.channels.get(holder)
        if channel is not None and actor in channel.members:
            held.append(given)
    return any(each is not None and LEVELS.index(each) >= LEVELS.index(level) for each in held)


def find(workspace: Workspace, canvas_id: str, actor: str, level: str = "read") -> Canvas:
    if not workspace.plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    canvas = workspace.canvases.get(canvas_id)
    if canvas is None or not may(workspace, canvas, actor, "read"):
        raise SlackError("canvas_not_found")
    if not may(workspace, canvas, actor, level):
        raise SlackError("restricted_action")
    return canvas


# --- making


def create(
    workspace: Workspace, actor: str, title: str, markdown: str, now: datetime, channel: Channel | None = None
) -> Canvas:
    """A canvas that stands alone, or with `channel` as one more of its tabs."""
    plan = workspace.plan
    if not plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    if not plan.standalone_canvases and channel is None:
        raise SlackError("free_teams_cannot_create_standalone_canvases")
    if not plan.standalone_canvases and channel is not None and tabs(workspace, channel):
        raise SlackError("free_team_canvas_tab_already_exists")
    return _made(workspace, actor, title, markdown, now, channel)


def create_of_channel(
    workspace: Workspace, actor: str, channel: Channel, title: str, markdown: str, now: datetime
) -> Canvas:
    """The one canvas that a channel has of its own."""
    if not workspace.plan.canvases:
        raise SlackError("canvas_disabled_user_team")
    if not workspace.plan.channel_canvases:
        raise SlackError("team_tier_cannot_create_channel_canvases")
    if any(canvas.is_channel_canvas for canvas in tabs(workspace, channel)):
        raise SlackError("channel_canvas_already_exists")
    canvas = _made(workspace, actor, title, markdown, now, channel)
    canvas.is_channel_canvas = True
    return canvas


def _made(
    workspace: Workspace, actor: str, title: str, markdown: str, now: datetime, channel: Channel | None
) -> Canvas:
    if channel is not None and actor not in channel.members:
        raise SlackError("restricted_action")
    sections = _sections(workspace, _checked(markdown, "canvas_creation_failed"))
    canvas = Canvas(workspace.new_id("F"), title or "Untitled", actor, seconds(now), sections, updated=seconds(now))
    canvas.levels[actor] = "owner"
    canvas.editors.append(actor)
    workspace.canvases[canvas.id] = canvas
    if channel is not None:
        canvas.channel = channel.id
        canvas.levels[channel.id] = "write"
    _changed(workspace, canvas)
    return canvas


def tabs(workspace: Workspace, channel: Channel) -> list[Canvas]:
    return [canvas for canvas in workspace.canvases.values() if canvas.channel == channel.id]


def delete(workspace: Workspace, actor: str, canvas: Canvas) -> None:
    if not may(workspace, canvas, actor, "owner"):
        raise SlackError("restricted_action")
    del workspace.canvases[canvas.id]
    _changed(workspace, canvas)


def _changed(workspace: Workspace, canvas: Canvas) -> None:
    workspace.change("canvas", canvas.id)
    if canvas.channel:
        workspace.change("channel", canvas.channel)


# --- what stands in it


def content(canvas: Canvas) -> str:
    """The whole as Markdown, in Slack's own spelling of it: not letter by letter what was sent."""
    return "\n\n".join(text for _, text in canvas.sections) + "\n"


def lookup(canvas: Canvas, criteria: Json) -> list[str]:
    """The ids of sections that are headings of these levels, contain this text, or both."""
    wanted = criteria.get("section_types") or []
    text = criteria.get("contains_text")
    if not wanted and not text:
        raise SlackError("invalid_arguments", ["[ERROR] criteria need section_types or contains_text"])
    if not set(wanted) <= {*SECTION_TYPES, "any_header"}:
        raise SlackError("invalid_arguments", ["[ERROR] no such section type"])
    levels = {SECTION_TYPES.get(each, 0) for each in wanted}
    found = []
    for section, said in canvas.sections:
        level = _level(said)
        fits = not levels or (level > 0 and (level in levels or 0 in levels))
        if fits and (not text or str(text).lower() in said.lower()):
            found.append(section)
    return found


def edit(workspace: Workspace, actor: str, canvas: Canvas, changes: Any, now: datetime) -> None:
    """Exactly one change a call. Raises SlackError; the canvas is then as it was."""
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise SlackError("invalid_arguments", ["[ERROR] exactly 1 item allowed [json-pointer:/changes]"])
    change: Json = changes[0]
    operation = change.get("operation")
    if operation not in OPERATIONS:
        raise SlackError("invalid_arguments", ["[ERROR] unknown operation [json-pointer:/changes/0/operation]"])
    if operation == "rename":
        canvas.title = markdown_of(change.get("title_content"), "canvas_editing_failed")
    else:
        canvas.sections = _after(workspace, canvas, change, str(operation))
    canvas.updated = seconds(now)
    if actor not in canvas.editors:
        canvas.editors.append(actor)
    _changed(workspace, canvas)


def _after(workspace: Workspace, canvas: Canvas, change: Json, operation: str) -> list[tuple[str, str]]:
    given: list[tuple[str, str]] = []
    if operation != "delete":
        markdown = markdown_of(change.get("document_content"), "canvas_editing_failed")
        given = _sections(workspace, _checked(markdown, "canvas_editing_failed"))
    if sum(len(text.encode()) for _, text in (*canvas.sections, *given)) > CANVAS_BYTES:
        raise SlackError("canvas_too_large")
    before = canvas.sections
    if operation == "insert_at_start":
        return [*given, *before]
    if operation == "insert_at_end":
        return [*before, *given]
    if operation == "replace" and not change.get("section_id"):
        return given
    at = _place(canvas, change)
    upto = {"insert_before": (at, at), "insert_after": (at + 1, at + 1)}.get(operation, (at, at + 1))
    return [*before[: upto[0]], *given, *before[upto[1] :]]


def _place(canvas: Canvas, change: Json) -> int:
    for place, (section, _) in enumerate(canvas.sections):
        if section == change.get("section_id"):
            return place
    raise SlackError("canvas_editing_failed", detail="the section does not exist")


def markdown_of(given: Any, error: str) -> str:
    """The text of a `document_content`. Raises SlackError for what is none."""
    if not isinstance(given, dict) or given.get("type") != "markdown" or not isinstance(given.get("markdown"), str):
        raise SlackError(error, detail="'content' error: expected an object of type markdown")
    text: str = given["markdown"]
    if len(text) > CHANGE_BYTES:
        raise SlackError(error, detail=f"'content' error: more than {CHANGE_BYTES} characters")
    return text


def _checked(markdown: str, error: str) -> str:
    """Slack's dialect: no list inside a quotation, no table of over 300 cells."""
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


def _sections(workspace: Workspace, markdown: str) -> list[tuple[str, str]]:
    """Each paragraph, heading, list, table and block of code is a section."""
    return [(f"temp:C:{workspace.new_secret(14)}", text) for text in split(markdown)]


def split(markdown: str) -> list[str]:
    parts: list[list[str]] = [[]]
    is_code = False
    for line in STAR.sub(r"\1- ", markdown).splitlines():
        if FENCE.match(line):
            is_code = not is_code
        if is_code or line.strip():
            if not is_code and parts[-1] and (HEADING.match(line) or _level(parts[-1][0])):
                parts.append([])
            parts[-1].append(line.rstrip())
        elif parts[-1]:
            parts.append([])
    return ["\n".join(part) for part in parts if part]


def _level(text: str) -> int:
    """Of a heading 1 to 6; 0: it is none."""
    found = HEADING.match(text)
    return len(found[1]) if found else 0
