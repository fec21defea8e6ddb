"""The parts of a postmortem that people write most, as one form: each field is a block."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.block_key import find_block_id
from bot.domain.drafting.document.blocks import BlockId, DocumentBlock, find_block
from bot.domain.drafting.document.publication import PostmortemState, check_editable
from bot.domain.drafting.document.sections import merge_section_blocks
from bot.domain.drafting.model import Document
from bot.domain.errors import errors_at
from bot.lazy_dataclass import dataclass
from bot.services.postmortem.document.edits import (
    Act,
    BlockChange,
    ChangedMeanwhile,
    block_version,
    change_block,
    load_section,
)
from bot.services.postmortem.drafts import build_incident_draft, load_edited_record
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents

LESSONS = ("went_well", "went_badly", "got_lucky")
SECTIONS: Mapping[str, Sequence[str]] = {
    "classic": ("summary", "cause"),
    "brief": ("summary",),
    "statuspage": ("impact", "cause"),
    "sre": ("summary", "impact", "contributing_factors", *LESSONS),
}
"""Sections of the form by template. An operator's own template has all of ALL_SECTIONS."""
ALL_SECTIONS = ("summary", "impact", "cause", *LESSONS)
MAX_FIELDS = 20
MAX_TEXT = 3_000
"""Characters that a field of Slack takes."""


@dataclass(frozen=True, slots=True)
class BlockField:
    """
    A block as a field. `version`: of the block as it is shown.

    An empty key in `block_id`: a new block at the end of the section. `text` is empty where nobody recorded anything.
    """

    block_id: BlockId
    label: str
    text: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class BlockForm:
    """`left_out`: how many blocks are too long, or too many, for a form."""

    incident_id: int
    reference: str
    page_url: str
    fields: Sequence[BlockField]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class EditOffer:
    """The answer to a command: a button that opens the form."""

    incident_id: int
    reference: str
    page_url: str


@dataclass(frozen=True, slots=True)
class WrittenField:
    """A person's text in the field `name`. `seen`: the version of the block that they saw."""

    name: str
    block_id: BlockId
    seen: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A block that was changed meanwhile: `present` is what it says now, `text` the person's."""

    present: BlockField
    text: str


def load_block_form(session: Session, settings: Settings, incident_id: int) -> BlockForm:
    """In the incident's first language. Raises StateError for a published postmortem."""
    incident = incidents.get(session, incident_id)
    check_editable(PostmortemState(incident.postmortem_state))
    record, touched = load_edited_record(session, settings, incident_id)
    (document,) = build_incident_draft(settings, record, languages=incident.languages[:1]).documents
    names = SECTIONS.get(incident.template, ALL_SECTIONS)
    found = [field for name in names for field in _section_fields(document, touched, name)]
    fitting = [each for each in found if len(each.text) <= MAX_TEXT][:MAX_FIELDS]
    page_url = f"{settings.base_url}/incidents/{incident.reference}/postmortem"
    return BlockForm(incident_id, incident.reference, page_url, fitting, len(found) - len(fitting))


def _section_fields(document: Document, touched: Sequence[DocumentBlock], name: str) -> list[BlockField]:
    """The shown blocks of a section, else a new one."""
    facts = {find_block_id(block): block for block in document.sections[name]}
    label = _section_label(name)
    fields = []
    for block in merge_section_blocks(document, touched, name):
        fact = facts.get(block.id)
        is_missing = fact is not None and fact.is_missing and block.edited is None
        named = f"{label} · {fact.label}" if fact is not None and fact.label else label
        if block.is_shown:
            fields.append(BlockField(block.id, named, "" if is_missing else block.text or "", block_version(block)))
    return fields or [BlockField(BlockId(name, "", document.language), label, "")]


def _section_label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def save_block_form(
    session: Session, settings: Settings, incident_id: int, actor: Actor, written: Sequence[WrittenField]
) -> list[FieldConflict]:
    """
    Save each field as the person's words; an emptied one removes its block.

    Returns the blocks that somebody else changed meanwhile: of them nothing is saved. Raises InvalidField.
    """
    conflicts = []
    for each in written:
        act = Act.ADD if not each.block_id.key else Act.EDIT if each.text.strip() else Act.REMOVE
        if act is Act.ADD and not each.text.strip():
            continue
        change = BlockChange(act, each.block_id, each.text, each.seen)
        with errors_at(each.name):
            try:
                change_block(session, settings, incident_id, actor, change)
            except ChangedMeanwhile:
                conflicts.append(FieldConflict(_load_field(session, settings, incident_id, each.block_id), each.text))
    return conflicts


def _load_field(session: Session, settings: Settings, incident_id: int, block_id: BlockId) -> BlockField:
    block = find_block(load_section(session, settings, incident_id, block_id), block_id) or DocumentBlock(block_id)
    return BlockField(block_id, _section_label(block_id.section), block.text or "", block_version(block))
