"""Take in what people wrote in a postmortem's canvas, as edits of its blocks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document import edits
from bot.domain.drafting.document.blocks import (
    CANVAS_KEY,
    BlockId,
    BlockState,
    DocumentBlock,
    DocumentBlocks,
    find_block,
)
from bot.domain.drafting.document.canvas_copy import CanvasCopy, ShownBlock, name_blocks
from bot.domain.drafting.document.canvas_matching import CanvasEdits, NewText, match_canvas
from bot.domain.drafting.document.edits import MAX_LENGTH
from bot.domain.drafting.document.markdown import clean_markdown
from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.postmortem import Draft
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.postmortem.document.edits import find_section, lock_document, refresh_document_canvas, save_changes
from bot.services.postmortem.drafts import build_incident_draft, is_overtaken, load_edited_record
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents, slack_messages
from bot.store.incidents.document import canvas, versions
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView

EDIT, ADD, REMOVE = "edit in the canvas", "add in the canvas", "remove in the canvas"
"""Acts, as the history names them."""


class Refusal(StrEnum):
    """Why nothing was taken in: the canvas stays as it is."""

    UNKNOWN = "unknown"
    """What the bot wrote last is not known, or the canvas has none of it any more."""
    PUBLISHED = "published"
    REDACTED = "redacted"
    """What people wrote cannot be told from what was redacted."""


@dataclass(frozen=True, slots=True)
class CanvasReading:
    """The content of a canvas and its digest. `by`: its author, if Slack says."""

    canvas_id: str
    content: str
    digest: str
    by: str | None
    at: datetime


def on_canvas_changed(session: Session, canvas_id: str, at: datetime) -> None:
    """Look into a canvas that somebody changed: Slack does not say who. Other files are ignored."""
    incident_id = canvas.find_incident_id(session, canvas_id)
    if incident_id is not None:
        outbox.look_at_canvas(session, incidents.lock(session, incident_id), at)


def save_canvas_copy(
    session: Session, incident_id: int, canvas_id: str, copy: CanvasCopy | None, *, removals: str
) -> None:
    """
    Store the copy of a canvas that was written; None if its content is unknown.

    `removals`: `mark_removals` of the record that it was written from. If words were removed since, it is not stored:
    it may have them.
    """
    if copy is None or is_overtaken(session, incident_id, removals):
        canvas.delete_copy(session, incident_id)
        return
    canvas.save_copy(session, incident_id, canvas_id, copy)


def take_in_canvas(session: Session, settings: Settings, incident_id: int, reading: CanvasReading) -> Refusal | None:
    """
    Store what people wrote, and have the canvas written again.

    A text that was changed elsewhere, too, is a block of its own beside it. A fact that changed meanwhile is a
    collision, as after an edit on the page. Taking in the same content again changes nothing.
    """
    incident = lock_document(session, incident_id)
    copy = canvas.find_copy(session, incident_id)
    if copy is None:
        return Refusal.UNKNOWN
    found = match_canvas(copy, reading.content)
    if found.is_held_back:
        return Refusal.REDACTED if any(part.is_cleared for part in copy.parts) else Refusal.UNKNOWN
    has_edits = bool(found.edited or found.removed or found.added)
    if has_edits and incident.postmortem_state == PostmortemState.PUBLISHED:
        return Refusal.PUBLISHED
    taken = _TakenIn(session, settings, incident, reading, copy, found) if has_edits else None
    if taken is not None:
        taken.save()
    named = name_blocks(found.copy, taken.ids, taken.shown) if taken is not None else found.copy
    canvas.save_copy(session, incident_id, reading.canvas_id, named)
    slack_messages.save(session, incident, SlackView.CANVAS, reading.canvas_id, digest=reading.digest)
    refresh_document_canvas(session, incident, reading.at)
    return None


class _TakenIn:
    """The edits of one reading. `ids`: of new texts as blocks; `shown`: changed blocks."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        incident: Incident,
        reading: CanvasReading,
        copy: CanvasCopy,
        found: CanvasEdits,
    ) -> None:
        self.ids: dict[BlockId, BlockId] = {}
        self.shown: dict[BlockId, ShownBlock] = {}
        self._session = session
        self._incident = incident
        self._copy = copy
        self._found = found
        self._actor = Actor(incident.team_id, reading.by, reading.at, Origin.CANVAS)
        record, self._touched = load_edited_record(session, settings, incident.key)
        languages = dict.fromkeys(block_id.language for block_id in copy.shown)
        self._draft: Draft = build_incident_draft(settings, record, languages=list(languages))
        self._sections: dict[tuple[str, str], DocumentBlocks] = {}

    def save(self) -> None:
        for block_id, text in self._found.edited.items():
            self._edit(block_id, text)
        for new in self._found.added:
            self._add(new)
        for block_id in self._found.removed:
            self._remove(block_id)

    def _edit(self, block_id: BlockId, text: str) -> None:
        """Write a block, as far as it is still what the canvas showed; else put the text beside it."""
        document, seen, written = self._section(block_id), self._copy.shown[block_id], clean_markdown(text)
        block = find_block(document, block_id)
        if len(written) > MAX_LENGTH or (block is not None and block.is_touched and block.text != seen.text):
            if block is None or block.text != written:
                self._add(NewText(block_id, text, block_id, None, seen.refs), beside=block)
            return
        before = document if block is not None else (*document, DocumentBlock(block_id))
        if block is None or block.state is BlockState.UNTOUCHED:  # the fact as it was in the canvas
            after = edits.edit_block(_with_fact(before, block_id, seen.text, seen.refs), block_id, text)
        else:
            after = edits.edit_block(before, block_id, text)
        known = find_block(before, block_id) or DocumentBlock(block_id)
        self._store(EDIT, document, _with_fact(after, block_id, known.generated, known.generated_refs), block_id)

    def _add(self, new: NewText, beside: DocumentBlock | None = None) -> None:
        """
        Add a text as a block; a long one as several.

        `beside`: the block that was changed elsewhere meanwhile. A person chooses between both texts.
        """
        other = beside.text if beside is not None else None
        refs = new.refs if beside is None else tuple(dict.fromkeys([*new.refs, *beside.all_refs]))
        place = self._stored_id(new.before or new.after)
        is_before = new.before is not None
        for text in _split_long(clean_markdown(new.text)):
            document = self._section(place)
            number = versions.next_number(self._session, self._incident.key)
            mark = f"-{beside.id.key}" if beside is not None and other is not None else ""
            block_id = place._replace(key=f"{CANVAS_KEY}{number}{mark}")
            after = edits.add_block(document, block_id, text, before=_neighbour(document, place, is_before=is_before))
            after = _change(after, block_id, partial(replace, refs=refs, base=other))
            other = None
            self._store(ADD, document, after, block_id)
            self.ids[new.id], place, is_before = block_id, block_id, False

    def _remove(self, block_id: BlockId) -> None:
        """Remove a block, unless it changed since the canvas was written."""
        document = self._section(block_id)
        block = find_block(document, block_id)
        if block is not None and block.text == self._copy.shown[block_id].text:
            self._store(REMOVE, document, edits.remove_block(document, block_id), block_id)

    def _section(self, block_id: BlockId) -> DocumentBlocks:
        place = block_id.language, block_id.section
        if place not in self._sections:
            self._sections[place] = find_section(self._draft, self._touched, block_id)
        return self._sections[place]

    def _stored_id(self, block_id: BlockId | None) -> BlockId:
        """A block, or the one that an earlier new text became."""
        if block_id is None:
            raise ValueError("a new text without a neighbour is held back")
        return self.ids.get(block_id, block_id)

    def _store(self, act: str, before: DocumentBlocks, after: DocumentBlocks, block_id: BlockId) -> None:
        actor = self._actor
        after = _change(after, block_id, lambda each: replace(each, by=actor.user_id, at=actor.at))
        save_changes(self._session, self._incident, actor, act, before, after, targets=[block_id])
        self._sections[block_id.language, block_id.section] = after
        changed = find_block(after, block_id)
        if changed is not None and changed.text is not None:
            self.shown[block_id] = ShownBlock(changed.text, changed.all_refs)


def _change(
    document: DocumentBlocks, block_id: BlockId, change: Callable[[DocumentBlock], DocumentBlock]
) -> DocumentBlocks:
    return tuple(change(block) if block.id == block_id else block for block in document)


def _with_fact(
    document: DocumentBlocks, block_id: BlockId, generated: str | None, refs: tuple[str, ...]
) -> DocumentBlocks:
    return _change(document, block_id, lambda each: replace(each, generated=generated, generated_refs=refs))


def _neighbour(document: DocumentBlocks, place: BlockId, *, is_before: bool) -> BlockId | None:
    """The block behind which a text goes; the last one if `place` is gone."""
    ids = [block.id for block in document]
    if place not in ids:
        return ids[-1] if ids else None
    if not is_before:
        return place
    return ids[ids.index(place) - 1] if ids.index(place) else None


def _split_long(text: str) -> Iterator[str]:
    """Parts that a block can hold, split at line breaks where there are any."""
    while len(text) > MAX_LENGTH:
        at = text.rfind("\n", 1, MAX_LENGTH)
        at = at if at > 0 else MAX_LENGTH
        yield text[:at]
        text = text[at:].strip("\n")
    if text.strip():
        yield text
