"""Entries are put right: their text, time, kinds, language and place. What stood there before is kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import DONE_THEN, Place, amended_kinds, fixed_kinds, moved, why_not_beside
from bot.domain.times import When
from bot.services import outbox as tell
from bot.services.channel.transcript import follow_again
from bot.services.timeline import milestones
from bot.services.timeline.entries import BY_HAND, DROPPED, PARTS
from bot.services.vendors import calls as vendors
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import audit

BOOKKEEPING = frozenset({PARTS, DROPPED, BY_HAND})
"""Details that say how the entry was amended, and nothing that could be read in place of its text."""
EARLIER = ("text", "happened_at", "precision", "sort_at", "kinds", "language", "files", "details", "amended_at")
"""
The fields of an entry that a person changes. An item of `TimelineEntry.earlier` holds them as they were, with `act`
(`amended`, `moved`, `merged`), `until`, `by`, and `behind`: the ids of those before it at the same `sort_at`. One that
came of an edited message has only `text`, `until` and the act `edited`.
"""
ACTS = frozenset({"amended", "moved", "merged"})


class Stale(UserError):
    """Somebody else changed the entry since the form was opened."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What somebody puts right. None leaves a field as it is; `language` is `""` for none stated."""

    text: str | None = None
    when: When | None = None
    marks: tuple[Kind, ...] | None = None
    language: str | None = None


def version_of(entry: TimelineEntry) -> str:
    """Changes with everything that people see of the entry: a form that carries another one is stale."""
    seen = [
        entry.text,
        str(entry.happened_at),
        entry.precision,
        entry.kinds,
        entry.language,
        str(entry.withdrawn_at),
        str(entry.deleted_at),
        str(entry.redacted_at),
        len(entry.earlier),
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def held(session: Session, entry_id: int, seen: str | None) -> tuple[Incident, TimelineEntry]:
    """
    The entry with its incident, held until the transaction ends: two who amend at once come one after the other.

    Raises UserError if there is none, Stale if it is not as it was `seen`.
    """
    entry = timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    incident = incidents.lock(session, entry.incident_id)
    session.refresh(entry)
    if seen is not None and seen != version_of(entry):
        raise Stale(
            "Somebody else changed this entry meanwhile, so nothing was changed now. Copy what you wrote, close this "
            "window and open it again."
        )
    return incident, entry


def standing(session: Session, entry_id: int, seen: str | None) -> tuple[Incident, TimelineEntry]:
    """`held`, and refused if it was taken off the timeline."""
    incident, entry = held(session, entry_id, seen)
    if entry.withdrawn_at is not None:
        raise UserError("That entry was taken off the timeline. Put it back first.")
    return incident, entry


def amend(
    session: Session, entry_id: int, actor: Actor, wanted: Amendment, *, seen: str | None = None
) -> TimelineEntry:
    """
    Put an entry right. Its reactions and its message do not change back what was amended.

    Raises UserError for words that were deleted or redacted, a time that is not to be moved, and no kind at all.
    """
    incident, entry = standing(session, entry_id, seen)
    before = snapshot(session, entry)
    if wanted.text is not None:
        _amend_text(entry, wanted.text)
    if wanted.when is not None:
        _amend_time(session, entry, wanted.when)
    if wanted.marks is not None:
        _amend_kinds(entry, wanted.marks)
    if wanted.language is not None:
        entry.language = wanted.language or None
    if snapshot(session, entry) == before:
        return entry
    keep_earlier(entry, before, "amended", actor)
    _follow(session, incident, entry, actor.at)
    settle(session, incident, entry, actor, "amended", before)
    people.meet(session, incident.team_id, [], actor.at, text=entry.text)
    return entry


def _amend_text(entry: TimelineEntry, text: str) -> None:
    if text == entry.text:
        return
    if entry.redacted_at is not None or entry.deleted_at is not None:
        gone = "redacted" if entry.redacted_at is not None else "deleted in Slack"
        raise UserError(f"The words of this entry were {gone}. What is to be said now, say with `/incident note`.")
    if not text and not entry.details.keys() - BOOKKEEPING:
        raise UserError("An entry without words says nothing: take it off the timeline instead.")
    entry.text = text
    entry.details = {key: value for key, value in entry.details.items() if key != PARTS}


def _amend_time(session: Session, entry: TimelineEntry, when: When) -> None:
    if (when.at, when.precision) == (entry.happened_at, Precision(entry.precision)):
        return
    if DONE_THEN.intersection(map(Kind, entry.kinds)) and vendors.act_of(entry) is None:
        raise UserError(
            "This was done then, and that time is never moved. When the impact began or ended is said with "
            "`/incident impact started:TIME ended:TIME`."
        )
    escalation = _escalation(session, entry)
    if escalation is not None and not escalation.was_only_recorded:
        raise UserError("The page went out at that time, and that is never moved.")
    entry.happened_at, entry.precision = when.at, when.precision.value
    entry.sort_at = when.at or entry.sort_at  # of unknown time from now on: it keeps its place


def _amend_kinds(entry: TimelineEntry, marks: tuple[Kind, ...]) -> None:
    present = [Kind(kind) for kind in entry.kinds]
    kinds = amended_kinds(present, marks, fixed=fixed_kinds(present, carries=carries(entry)))
    if kinds == tuple(present):
        return
    dropped = [*entry.details.get(DROPPED, []), *(kind.value for kind in present)]
    entry.details = {
        **entry.details,
        BY_HAND: [kind.value for kind in kinds],
        DROPPED: [kind for kind in dict.fromkeys(dropped) if kind not in kinds],
    }
    entry.kinds = [kind.value for kind in kinds]


def carries(entry: TimelineEntry) -> bool:
    """Whether the entry stands for something of its own: a call for help, an action item, an alert."""
    return bool({"escalation_id", "action_id", "alert_id"} & entry.details.keys())


def move(
    session: Session, entry_id: int, beside_id: int, actor: Actor, *, before: bool, seen: str | None = None
) -> TimelineEntry:
    """
    Put an entry right before or behind another one of its incident. Nothing else changes places.

    Raises UserError where its own time does not let it stand there.
    """
    incident, entry = standing(session, entry_id, seen)
    beside = timeline.get(session, beside_id)
    if beside is None or beside.incident_id != entry.incident_id or beside.key == entry.key:
        raise UserError("Choose another entry of this incident to put it beside.")
    session.refresh(beside)
    if reason := why_not_beside(entry.happened_at, beside.sort_at):
        raise UserError(reason)
    state = snapshot(session, entry)
    _put_beside(session, incident, entry, beside, before=before)
    keep_earlier(entry, state, "moved", actor)
    settle(session, incident, entry, actor, f"moved {'before' if before else 'behind'} entry-{beside.key}", state)
    return entry


def _put_beside(
    session: Session, incident: Incident, entry: TimelineEntry, beside: TimelineEntry, *, before: bool
) -> None:
    group = timeline.sharing_place(session, incident.key, beside.sort_at)
    rows = {each.key: each for each in [*group, entry]}
    for place in moved([_place(each) for each in group], _place(entry), _place(beside), before=before):
        row = rows[place.id]
        row.sort_at, row.seq = place.sort_at, incidents.take_seq(session, incident)
        session.add(row)
    session.flush()


def _place(entry: TimelineEntry) -> Place:
    return Place(entry.key, entry.sort_at)


def snapshot(session: Session, entry: TimelineEntry) -> dict[str, Any]:
    """What `EARLIER` names, as JSON values, and `behind`."""
    session.flush()
    values = {name: getattr(entry, name) for name in EARLIER}
    group = [each.key for each in timeline.sharing_place(session, entry.incident_id, entry.sort_at)]
    state = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return {**state, "behind": group[: group.index(entry.key)]}


def keep_earlier(entry: TimelineEntry, before: Mapping[str, Any], act: str, actor: Actor) -> None:
    """From now on the entry is amended, and remembers how it stood."""
    entry.earlier = [*entry.earlier, {"act": act, "until": actor.at.isoformat(), "by": actor.user_id, **before}]
    entry.amended_at = actor.at


def _restore(session: Session, entry: TimelineEntry, before: Mapping[str, Any]) -> None:
    for name in EARLIER:
        value = before[name]
        is_time = name.endswith("_at") and value is not None
        setattr(entry, name, datetime.fromisoformat(value) if is_time else value)
    session.add(entry)
    session.flush()
    incident = incidents.get(session, entry.incident_id)
    others = [each for each in timeline.sharing_place(session, incident.key, entry.sort_at) if each.key != entry.key]
    behind = [each for each in others if each.key in before["behind"]]
    if behind:
        _put_beside(session, incident, entry, behind[-1], before=False)
    elif others:
        _put_beside(session, incident, entry, others[0], before=True)


def _escalation(session: Session, entry: TimelineEntry) -> Escalation | None:
    found = entry.details.get("escalation_id")
    return escalations.lock(session, found) if found and Kind.ESCALATION in entry.kinds else None


def _follow(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """An escalation or an action item says what its entry says."""
    escalation = _escalation(session, entry)
    if escalation is not None:
        escalation.reason = entry.text
        if escalation.was_only_recorded:
            escalation.paged_at, escalation.precision = entry.happened_at, entry.precision
        session.add(escalation)
    vendors.follow(session, incident, entry, at)
    item = session.get(ActionItem, entry.details["action_id"]) if "action_id" in entry.details else None
    if item is not None:
        item.text, item.language = entry.text, entry.language
        session.add(item)


def settle(
    session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, what: str, before: Mapping[str, Any]
) -> None:
    """After a change: it is noted, the incident's times follow, and so does what Slack shows."""
    session.add(entry)
    session.flush()
    after = snapshot(session, entry)
    changed = [name for name in EARLIER if before[name] != after[name] and name not in {"amended_at", "details"}]
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        entry=entry.key,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    if milestones.touches([*before["kinds"], *entry.kinds]):
        milestones.refresh(session, incident)
    if "escalation_id" in entry.details:
        tell.show_escalation(session, incident, entry.details["escalation_id"], actor.at)
        tell.show_pages(session, incident, entry.details["escalation_id"], actor.at)
    if "action_id" in entry.details:
        tell.show_followups(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)


def undo(
    session: Session, settings: Settings, entry_id: int, actor: Actor, *, seen: str | None = None
) -> TimelineEntry:
    """
    Take the last amendment or move of an entry back: it stands as before.

    One that is amended no more follows its message again, as that reads now. Raises UserError if there is nothing to
    take back, or if the last thing was a merge (`merging.undo` takes that back).
    """
    incident, entry = standing(session, entry_id, seen)
    last = last_act(entry)
    if last is None or last["act"] == "merged":
        raise UserError("There is nothing to take back: nobody amended this entry.")
    before = snapshot(session, entry)
    take_back(session, entry, last)
    _follow(session, incident, entry, actor.at)
    settle(session, incident, entry, actor, f"took back: {last['act']}", before)
    if entry.amended_at is None:
        follow_again(session, settings, incident, entry, actor.at)
    return entry


def last_act(entry: TimelineEntry) -> dict[str, Any] | None:
    """The last change by hand that can be taken back."""
    return next((each for each in reversed(entry.earlier) if each.get("act") in ACTS), None)


def take_back(session: Session, entry: TimelineEntry, last: Mapping[str, Any]) -> None:
    """Restore what `last` holds, and forget that it was ever otherwise."""
    entry.earlier = [each for each in entry.earlier if each != last]
    _restore(session, entry, last)
