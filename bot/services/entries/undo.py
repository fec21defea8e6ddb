"""Undo the last change of an entry, whichever it was."""

from sqlmodel import Session

from bot.config import Settings
from bot.services.entries.amend import undo_last_change
from bot.services.entries.merge import undo_merge
from bot.services.entries.remove import put_back_entry
from bot.services.entries.versions import last_undoable_change, lock_entry
from bot.services.workspace.actor import Actor


def undo_change(session: Session, settings: Settings, entry_id: int, actor: Actor, *, seen: str | None = None) -> None:
    """
    Undo the last amendment, move or merge of an entry.

    A removed entry, or one that was merged into another, is put back. Raises UserError if there is nothing to undo.
    """
    _, entry = lock_entry(session, entry_id, seen)
    if entry.withdrawn_at is not None:
        put_back_entry(session, settings, entry_id, actor, seen=seen)
        return
    last = last_undoable_change(entry)
    if last is not None and last["act"] == "merged":
        undo_merge(session, settings, int(last["other"]), actor)
    else:
        undo_last_change(session, settings, entry_id, actor, seen=seen)
