"""Forms of the parts of a postmortem that people write most, and of conflicts in them."""

from collections.abc import Sequence

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.errors import UserError
from bot.services.postmortem.document.block_form import BlockForm, EditOffer, FieldConflict, WrittenField
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import modal, text_field
from bot.slack.blocks.limits import Block, View, actions, button, context, is_linkable, link, quoted, section
from bot.slack.blocks.message import Message

EDIT = "postmortem_edit"
EDIT_LABEL = "Edit the postmortem…"
BLOCKS_FORM, CONFLICT_FORM = "postmortem_blocks", "postmortem_conflict"
FIELD = "block"
PRESENT = 1_000
"""Characters of the present text beside a person's."""
SAVED = "Saved. The postmortem shows your words from now on."
NOTHING_CHANGED = "Nothing was changed."
CONFLICT = (
    ":warning: Somebody else changed this meanwhile, so yours is not saved yet. Everything else is. "
    "*Save* replaces the present text by yours; *Cancel* leaves it."
)
OLD_FORM = "This window is from another version of Dogwatch. Copy your words, close it and open it again."


def edit_button(incident_id: int) -> Block:
    return button(EDIT_LABEL, EDIT, str(incident_id))


def edit_message(offer: EditOffer) -> Message:
    page = link(offer.page_url, "its page") if is_linkable(offer.page_url) else "its page"
    text = f"The postmortem of {offer.reference}: summary, cause, impact and lessons in a form, all of it on {page}."
    return Message(text, [section(text), actions(edit_button(offer.incident_id))])


def blocks_form(form: BlockForm) -> View:
    """A field for each block, with its present words."""
    place = link(form.page_url, "the page") if is_linkable(form.page_url) else "the page"
    left_out = f" {form.left_out} more {'is' if form.left_out == 1 else 'are'} there." if form.left_out else ""
    hint = f"Markdown. An emptied field removes its text, which can be put back on {place}.{left_out}"
    fields = [
        text_field(_field_name(each.block_id, each.version), each.label, initial=each.text, is_long=True)
        for each in form.fields
    ]
    title = f"Postmortem of {form.reference}"
    return modal(BLOCKS_FORM, title, "Save", [context(hint), *fields], {modals.INCIDENT: form.incident_id})


def conflict_form(incident_id: int, conflicts: Sequence[FieldConflict]) -> View:
    """The person's text of each field, below what the block says now."""
    blocks: list[Block] = [section(CONFLICT)]
    for each in conflicts:
        present = quoted(each.present.text, limit=PRESENT) if each.present.text else "_Removed._"
        name = _field_name(each.present.block_id, each.present.version)
        blocks += [
            section(f"*{each.present.label}* says now:\n{present}"),
            text_field(name, "Your text", initial=each.text, is_long=True),
        ]
    return modal(CONFLICT_FORM, "Changed meanwhile", "Save", blocks, {modals.INCIDENT: incident_id})


def read_field(name: str, text: str) -> WrittenField:
    """Raises UserError for a field of another version."""
    kind, seen, block = [*name.split(".", maxsplit=2), "", ""][:3]
    block_id = BlockId.parse(block) or _new_block(block)
    if kind != FIELD or block_id is None:
        raise UserError(OLD_FORM)
    return WrittenField(name, block_id, seen, text)


def _field_name(block_id: BlockId, version: str) -> str:
    return f"{FIELD}.{version}.{block_id}"


def _new_block(block: str) -> BlockId | None:
    """The id without a key, of a block that is to be added."""
    name, _, language = block.partition("//")
    return BlockId(name, "", language) if name and language else None
