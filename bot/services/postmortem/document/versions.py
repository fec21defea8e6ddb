"""Versions of a postmortem's document: stored with each change, compared, returned to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.domain.drafting.document.blocks import BlockId, BlockState, DocumentBlock
from bot.domain.drafting.document.text_changes import TextChange, compare_texts
from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.services.workspace.actor import Actor
from bot.store.incidents.document import versions
from bot.store.incidents.document.versions import PostmortemChange
from bot.store.shared import people

ABSENT = "absent"
"""State of a block before it was added."""
SAME_VERSION = timedelta(minutes=10)
"""Edits of a block by the same person within this time are one version: a form saves itself while they type."""
EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Version:
    """
    One change of the document. `act` as the history names it.

    `changes` are the differences of the text; None if the texts were redacted.
    """

    number: int
    act: str
    block_id: BlockId
    by: str
    at: datetime
    changes: Sequence[TextChange] | None


def save_version(
    session: Session, incident_id: int, actor: Actor, act: str, before: DocumentBlock | None, after: DocumentBlock
) -> bool:
    """
    Store a version of a block; a further edit by the same person goes into the last one.

    Returns whether it is a new one.
    """
    latest = versions.find_latest(session, incident_id)
    if (
        latest is not None
        and (latest.act, latest.block_id, latest.changed_by) == (act, after.id, actor.user_id)
        and act == EDIT
        and actor.at - latest.changed_at <= SAME_VERSION
    ):
        latest.after, latest.changed_at = _snapshot(after), actor.at
        latest.refs = list(dict.fromkeys([*latest.refs, *after.all_refs]))
        session.add(latest)
        return False
    section, source, language = after.id
    known = before.all_refs if before is not None else ()
    session.add(
        PostmortemChange(
            incident_id=incident_id,
            number=versions.next_number(session, incident_id),
            act=act,
            language=language,
            section=section,
            source=source,
            refs=list(dict.fromkeys([*known, *after.all_refs])),
            before=_snapshot(before) if before is not None else {"state": ABSENT, "text": None},
            after=_snapshot(after),
            changed_by=actor.user_id,
            changed_at=actor.at,
        )
    )
    session.flush()
    return True


def load_versions(session: Session, incident_id: int, team_id: str) -> list[Version]:
    """All versions, the newest first."""
    found = versions.find_changes(session, incident_id)
    names = people.find_names(session, team_id, {each.changed_by for each in found if each.changed_by})
    return [
        Version(
            each.number,
            each.act,
            each.block_id,
            names.get(each.changed_by or "", each.changed_by or ""),
            each.changed_at,
            _compare(each),
        )
        for each in found
    ]


def iter_restored(session: Session, incident_id: int, number: int) -> Iterator[tuple[BlockId, dict[str, Any]]]:
    """
    Yield each block that changed after a version, with its state in that version.

    Version 0 is the document without edits.
    Raises UserError if a text of that version was redacted.
    """
    states: dict[BlockId, dict[str, Any]] = {}
    for change in versions.find_changes(session, incident_id):
        if change.number <= number:
            break
        states[change.block_id] = change.before
    if any(state.get("is_cleared") for state in states.values()):
        raise UserError("A text of that version was redacted, so it cannot return. Choose a later version.")
    yield from states.items()


def restore_block(block: DocumentBlock, state: dict[str, Any]) -> DocumentBlock:
    """The block in an earlier state. One that was not there yet is removed, and its text kept."""
    if state["state"] == ABSENT:
        return replace(block, state=BlockState.REMOVED)
    return replace(
        block,
        state=BlockState(state["state"]),
        base=state["base"],
        edited=state["edited"],
        refs=block.all_refs if state["state"] != BlockState.UNTOUCHED else (),
        after=tuple(state["after"]),
        rank=state["rank"],
        is_placed=state["is_placed"],
    )


def _snapshot(block: DocumentBlock) -> dict[str, Any]:
    return {
        "state": block.state.value,
        "text": block.text,
        "base": block.base,
        "edited": block.edited,
        "after": list(block.after),
        "rank": block.rank,
        "is_placed": block.is_placed,
    }


def _compare(change: PostmortemChange) -> list[TextChange] | None:
    if change.before.get("is_cleared") or change.after.get("is_cleared"):
        return None
    return list(compare_texts(change.before["text"] or "", change.after["text"] or ""))
