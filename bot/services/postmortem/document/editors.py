"""People who edit a block of a postmortem now."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.domain.drafting.document.blocks import BlockId
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents
from bot.store.incidents.document import editors
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

PRESENT = timedelta(minutes=3)
"""A person is shown for this long after they opened a block or it saved itself."""
RESOLUTION = timedelta(minutes=1)
"""An open page that is fetched again notes its reader at most this often."""


def note_editor(session: Session, visibility: Visibility, reference: str, block_id: BlockId, actor: Actor) -> None:
    """The actor has opened a block. Raises IncidentNotFound."""
    incident = visibility.find(session, reference)
    if actor.user_id is None:
        return
    recent = editors.find_editors(session, incident.key, actor.at - RESOLUTION)
    if any((each.user_id, each.block_id) == (actor.user_id, block_id) for each in recent):
        return
    incidents.lock_all(session, [incident.key])
    editors.note_editor(session, incident.key, actor.user_id, block_id, actor.at)


def find_editor_names(
    session: Session, team_id: str, incident_id: int, at: datetime, *, apart_from: str
) -> Mapping[BlockId, list[str]]:
    """The names of the people who edit, by block, without the reader."""
    found = [each for each in editors.find_editors(session, incident_id, at - PRESENT) if each.user_id != apart_from]
    names = people.find_names(session, team_id, {each.user_id for each in found}) if found else {}
    by_block: dict[BlockId, list[str]] = defaultdict(list)
    for each in found:
        by_block[each.block_id].append(names.get(each.user_id, each.user_id))
    return by_block
