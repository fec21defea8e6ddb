"""Changes of a postmortem's document by people: one block at a time, each a version."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document import edits
from bot.domain.drafting.document.blocks import BlockId, DocumentBlock, DocumentBlocks, find_block
from bot.domain.drafting.document.edits import NO_BLOCK, Choice
from bot.domain.drafting.document.publication import PostmortemState, check_editable
from bot.domain.drafting.document.sections import merge_section_blocks
from bot.domain.errors import UserError
from bot.domain.postmortem import Draft
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.payloads import CanvasPayload
from bot.services.postmortem.document.comments import add_comment
from bot.services.postmortem.document.versions import iter_restored, restore_block, save_version
from bot.services.postmortem.drafts import build_incident_draft, load_edited_record
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import incidents, postmortems
from bot.store.incidents.document import blocks, editors, versions
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, is_posted
from bot.store.shared import idempotency
from bot.store.upkeep import text_locations

CHANGED_MEANWHILE = (
    "This block was changed meanwhile. Compare your text with the present one, then save again or leave it."
)


class Act(StrEnum):
    """Acts of people on a block, as the history names them."""

    EDIT = "edit"
    ADD = "add"
    REMOVE = "remove"
    PUT_BACK = "put back"
    MOVE_UP = "move up"
    MOVE_DOWN = "move down"
    KEEP_OWN = "keep text"
    TAKE_RECORD = "take record"
    REPLACE_OTHER = "replace the other text"
    COMMENT = "comment"
    """Changes nothing in the document, and is no version."""


ADDING = frozenset({Act.ADD, Act.COMMENT})
"""Acts that would add once more if their form was carried out again."""


class ChangedMeanwhile(UserError):
    """The block was changed since the form was opened."""


@dataclass(frozen=True, slots=True)
class BlockChange:
    """
    A form about a block. ADD adds behind it; with an empty key, at the end of its section.

    `seen`: `block_version` of the block when the form was opened. `form` identifies the form and what was entered: sent
    twice, it adds once.
    """

    act: Act
    block_id: BlockId
    text: str = ""
    seen: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class UneditedDraft:
    """A draft in one language without edits, and `mark_removals` of its record."""

    draft: Draft
    removals: str


def build_unedited(session: Session, settings: Settings, incident_id: int, language: str) -> UneditedDraft:
    """
    Build what `change_block` needs of the record.

    In a transaction of its own: it takes a second for a long record, and SQLite has one writer.
    """
    record, _ = load_edited_record(session, settings, incident_id)
    draft = build_incident_draft(settings, record, languages=[language])
    return UneditedDraft(draft, _mark_removals(session, incidents.get(session, incident_id)))


def _mark_removals(session: Session, incident: Incident) -> str:
    return text_locations.mark_removals(session, incident, with_transcript=False)


def change_block(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    change: BlockChange,
    built: UneditedDraft | None = None,
) -> DocumentBlock:
    """
    Carry out a change, and return the block as it is then.

    `built` right before; None: it is built here. Raises UserError, and ChangedMeanwhile if the block is not as the
    person saw it.
    """
    check_access(session, actor, home_team_id=None)
    incident = lock_document(session, incident_id)
    if change.act is not Act.COMMENT:
        check_editable(PostmortemState(incident.postmortem_state))
    if built is None or built.removals != _mark_removals(session, incident):  # words that are gone must not come back
        built = build_unedited(session, settings, incident_id, change.block_id.language)
    before = find_section(built.draft, blocks.find_blocks(session, incident_id), change.block_id)
    done = _find_done(session, actor, change)
    if done is not None:
        block = find_block(before, done)
        if block is None:
            raise UserError(NO_BLOCK)
        return block
    target = _target_id(session, incident_id, change)
    _check_seen(find_block(before, change.block_id), change)
    editors.clear_editor(session, incident_id, actor.user_id or "")
    if change.act is Act.COMMENT:
        return _comment(session, incident, actor, before, change)
    after = _apply(before, target, change)
    changed = find_block(after, target)
    if changed is None:
        raise UserError(NO_BLOCK)
    if after == before:
        return changed
    targets = [target, *_other_targets(before, change)]
    after = tuple(replace(each, by=actor.user_id, at=actor.at) if each.id in targets else each for each in after)
    save_changes(session, incident, actor, change.act, before, after, targets=targets)
    if change.form and change.act is Act.ADD:
        idempotency.save_answer(session, _form_key(actor, change), {"block": str(target)})
    return find_block(after, targets[-1]) or changed


def _find_done(session: Session, actor: Actor, change: BlockChange) -> BlockId | None:
    """The block of a form that was carried out before. None: it is the first time."""
    if not change.form or change.act not in ADDING:
        return None
    key = _form_key(actor, change)
    if idempotency.register_delivery(session, key, actor.at):
        return None
    answer = idempotency.find_answer(session, key) or {}
    return BlockId.parse(str(answer.get("block", ""))) or change.block_id


def _form_key(actor: Actor, change: BlockChange) -> str:
    return f"{actor.team_id}:block:{actor.user_id}:{change.form}"


def _comment(
    session: Session, incident: Incident, actor: Actor, document: DocumentBlocks, change: BlockChange
) -> DocumentBlock:
    block = find_block(document, change.block_id)
    if block is None:
        raise UserError(NO_BLOCK)
    add_comment(session, incident, actor, block, change.text)
    return block


def return_to_version(
    session: Session, settings: Settings, incident_id: int, actor: Actor, number: int, *, latest: int
) -> None:
    """
    Bring all blocks back to a version; 0: before any edit.

    It is a version, too, so nothing is lost.
    Raises UserError if `latest` is not the newest version, and if a text of that version was redacted.
    """
    check_access(session, actor, home_team_id=None)
    incident = lock_document(session, incident_id)
    check_editable(PostmortemState(incident.postmortem_state))
    newest = versions.find_latest(session, incident_id)
    if newest is None or newest.number != latest:
        raise UserError("Somebody edited the postmortem meanwhile. Look at the newest version, then choose again.")
    restored = dict(iter_restored(session, incident_id, number))
    record, touched = load_edited_record(session, settings, incident_id)
    draft = build_incident_draft(settings, record, languages=list({block_id.language for block_id in restored}))
    before, after, targets = [], [], []
    for block_id, state in restored.items():
        block = find_block(find_section(draft, touched, block_id), block_id) or DocumentBlock(block_id)
        before.append(block)
        after.append(replace(restore_block(block, state), by=actor.user_id, at=actor.at))
        targets.append(block_id)
    save_changes(session, incident, actor, f"return to version {number}", before, after, targets=targets)


def save_changes(
    session: Session,
    incident: Incident,
    actor: Actor,
    act: str,
    before: Sequence[DocumentBlock],
    after: Sequence[DocumentBlock],
    *,
    targets: Sequence[BlockId],
) -> None:
    """Store the blocks that differ and a version of each of `targets`; refresh the canvas."""
    known = {block.id: block for block in before}
    blocks.save_blocks(session, incident.key, [block for block in after if known.get(block.id) != block])
    now = {block.id: block for block in after}
    for target in targets:
        if save_version(session, incident.key, actor, act, known.get(target), now[target]):
            audit_action(session, actor, "edited the postmortem", incident=incident, act=act, block=str(target))
    session.add(incident)
    refresh_document_canvas(session, incident, actor.at)


def refresh_document_canvas(session: Session, incident: Incident, at: datetime) -> None:
    """Write the canvas again, if there is one, in the form of the newest draft."""
    if is_posted(session, incident, SlackView.CANVAS):
        draft = postmortems.find_latest(session, incident.key)
        payload = CanvasPayload(draft.template, tuple(draft.languages)) if draft is not None else CanvasPayload()
        outbox.refresh_canvas(session, incident, at, payload)


def load_section(session: Session, settings: Settings, incident_id: int, block_id: BlockId) -> DocumentBlocks:
    """All blocks of a block's section. Raises UserError for an unknown section or language."""
    built = build_unedited(session, settings, incident_id, block_id.language)
    return find_section(built.draft, blocks.find_blocks(session, incident_id), block_id)


def find_section(draft: Draft, touched: Sequence[DocumentBlock], block_id: BlockId) -> DocumentBlocks:
    """Raises UserError for a section that the draft, built without edits, does not have."""
    document = next((each for each in draft.documents if each.language == block_id.language), None)
    if document is None or block_id.section not in document.sections:
        raise UserError(NO_BLOCK)
    return merge_section_blocks(document, touched, block_id.section)


def lock_document(session: Session, incident_id: int) -> Incident:
    """Lock the incident as one whose page changes: open pages get the edit."""
    incidents.lock_all(session, [incident_id])
    return incidents.lock(session, incident_id)


def block_version(block: DocumentBlock) -> str:
    """Identifies what a person saw of a block."""
    seen = json.dumps([block.state, block.generated, block.base, block.edited])
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def _check_seen(block: DocumentBlock | None, change: BlockChange) -> None:
    """Raises UserError for an unknown block; ChangedMeanwhile unless it is as it was seen."""
    if change.act is Act.COMMENT or (change.act is Act.ADD and (block is not None or not change.block_id.key)):
        return
    if block is None:
        raise UserError(NO_BLOCK)
    if block_version(block) != change.seen:
        raise ChangedMeanwhile(CHANGED_MEANWHILE)


def _target_id(session: Session, incident_id: int, change: BlockChange) -> BlockId:
    """The block of a form, or the id of a new one."""
    if change.act is not Act.ADD:
        return change.block_id
    return change.block_id._replace(key=f"added-{versions.next_number(session, incident_id)}")


def _other_targets(before: DocumentBlocks, change: BlockChange) -> list[BlockId]:
    """The block whose text is replaced by a contested one."""
    block = find_block(before, change.block_id)
    is_replaced = change.act is Act.REPLACE_OTHER and block is not None and block.contested_id is not None
    return [block.contested_id] if is_replaced and block is not None and block.contested_id is not None else []


def _apply(before: DocumentBlocks, target: BlockId, change: BlockChange) -> DocumentBlocks:
    match change.act:
        case Act.EDIT:
            return edits.edit_block(before, target, change.text)
        case Act.ADD:
            last = before[-1].id if before else None
            return edits.add_block(before, target, change.text, before=change.block_id if change.block_id.key else last)
        case Act.REMOVE:
            return edits.remove_block(before, target)
        case Act.PUT_BACK:
            return edits.put_back_block(before, target)
        case Act.MOVE_UP | Act.MOVE_DOWN:
            return edits.move_block(before, target, -1 if change.act is Act.MOVE_UP else 1)
        case Act.KEEP_OWN | Act.TAKE_RECORD:
            choice = Choice.OWN if change.act is Act.KEEP_OWN else Choice.RECORD
            return edits.settle_block(before, target, choice)
        case Act.REPLACE_OTHER:
            return edits.replace_contested(before, target)
        case Act.COMMENT:
            return before
