"""Two entries that tell of the same thing become one. The other one stays in the record, withdrawn for it."""

from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import DONE_THEN, STATES, earlier_time
from bot.services import outbox as tell
from bot.services.channel.transcript import follow_again
from bot.services.entries.amend import carries, held, keep_earlier, last_act, settle, snapshot, standing, take_back
from bot.services.timeline import entries as timeline
from bot.services.timeline.entries import BY_HAND, PARTS
from bot.services.workspace.actor import Actor
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

STATED = ("started", "ended", "stated_about", "users_percent")
"""What an entry's details state of the impact; the kept one takes over what it does not state itself."""


class Texts(StrEnum):
    """What the kept entry says: both texts one behind the other, its own, or the other's."""

    BOTH = "both"
    OWN = "own"
    OTHER = "other"


def merge(
    session: Session, entry_id: int, other_id: int, actor: Actor, texts: Texts = Texts.BOTH, *, seen: str | None = None
) -> TimelineEntry:
    """
    Let one entry take in another: the kinds of both, the earlier time, and the sources of both.

    Raises UserError if the other one cannot be taken off the timeline by itself: what it stands for would have no
    entry any more. The other way round it may go.
    """
    incident, entry = standing(session, entry_id, seen)
    other = store_timeline.get(session, other_id)
    if other is None or other.incident_id != entry.incident_id or other.key == entry.key:
        raise UserError("Choose another entry of this incident.")
    session.refresh(other)
    _check(other)
    before = snapshot(session, entry)
    _take_in(entry, other, texts)
    keep_earlier(entry, before, "merged", actor)
    entry.earlier = [*entry.earlier[:-1], {**entry.earlier[-1], "other": other.key}]
    other.merged_into_id = entry.key
    timeline.withdraw(session, incident, other, actor, f"merged into entry-{entry.key}")
    settle(session, incident, entry, actor, f"took in entry-{other.key}", before)
    _show(session, incident, other, actor)
    return entry


def _check(other: TimelineEntry) -> None:
    if other.withdrawn_at is not None:
        raise UserError("The other entry was taken off the timeline. Put it back first.")
    if other.redacted_at is not None or other.deleted_at is not None:
        raise UserError("The words of the other entry are gone. Take it off the timeline instead.")
    states = [kind for kind in map(Kind, other.kinds) if kind in STATES and kind is not Kind.IMPACT]
    if carries(other) or states:
        what = states[0] if states else other.kinds[0]
        raise UserError(
            f"The other entry is a record of its own ({what}) and has to stay. Open the menu of that one instead, and "
            "let it take this one in."
        )


def _take_in(entry: TimelineEntry, other: TimelineEntry, texts: Texts) -> None:
    own = entry.details.get(PARTS) or [[entry.key, entry.text]]
    others = other.details.get(PARTS) or [[other.key, other.text]]
    chosen = {Texts.BOTH: [*own, *others], Texts.OWN: own, Texts.OTHER: others}[texts]
    parts = [each for number, each in enumerate(chosen) if each[1] not in [said for _, said in chosen[:number]]]
    kinds = list(dict.fromkeys([*entry.kinds, *other.kinds]))
    stated = {key: other.details[key] for key in STATED if key in other.details and key not in entry.details}
    entry.details = {**entry.details, **stated, PARTS: parts, BY_HAND: kinds}
    entry.kinds, entry.text = kinds, "\n".join(text for _, text in parts if text)
    entry.files = list(dict.fromkeys([*entry.files, *other.files]))
    entry.language = entry.language or other.language
    if not DONE_THEN.intersection(map(Kind, entry.kinds)):
        own_time = entry.happened_at, Precision(entry.precision)
        at, precision = earlier_time(own_time, (other.happened_at, Precision(other.precision)))
        if at != entry.happened_at:
            entry.happened_at, entry.precision, entry.sort_at = at, precision.value, at or entry.sort_at


def undo(
    session: Session, settings: Settings, other_id: int, actor: Actor, *, seen: str | None = None
) -> TimelineEntry:
    """
    Take a merge back: both entries stand as before. Returns the one that had been taken in.

    Raises UserError if that one is merged into none, or if the kept one was amended since: that is taken back first.
    """
    incident, other = held(session, other_id, seen)
    entry = store_timeline.get(session, other.merged_into_id) if other.merged_into_id else None
    if entry is None:
        raise UserError("That entry is merged into no other.")
    session.refresh(entry)
    last = last_act(entry)
    if last is None or last.get("other") != other.key:
        raise UserError(
            f"entry-{entry.key}, which took it in, was amended since. Take that back first, in the history of that one."
        )
    before = snapshot(session, entry)
    take_back(session, entry, last)
    other.merged_into_id = None
    timeline.restore(session, incident, other, actor)
    settle(session, incident, entry, actor, f"took back: took in entry-{other.key}", before)
    for each in (entry, other):
        if each.amended_at is None:
            follow_again(session, settings, incident, each, actor.at)
    _show(session, incident, other, actor)
    return other


def _show(session: Session, incident: Incident, other: TimelineEntry, actor: Actor) -> None:
    if other.channel_id and other.message_ts:
        tell.confirm(session, incident, actor.at, other.channel_id, other.message_ts)
