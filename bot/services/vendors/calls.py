"""Vendors who were called: their case reference, their first answer, and when they fixed it; each with its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.escalation.vendors import Vendor, VendorAct, next_question, opens_next
from bot.domain.oncall.working_hours import from_json, is_outside
from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import Kind, Precision
from bot.domain.times import When, refuse_future, show_time
from bot.services import outbox as tell
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import audit, timers
from bot.store.shared.timers import Timer

ASK = "ask for a vendor's case reference"
DETAIL = "vendor"
"""In an entry's details: which `VendorAct` it tells of, beside the `escalation_id` that it is about."""
LONGEST_CASE = 200


def vendor_of(settings: Settings, name: str, zone: ZoneInfo) -> Vendor:
    """
    The vendor whom people call `name`, in any case; one that the configuration does not have is only that name.

    `zone` is the incident's.
    """
    folded = {key.casefold(): key for key in settings.vendors}
    shown = {(each.name or key).casefold(): key for key, each in settings.vendors.items()}
    key = folded.get(name.casefold()) or shown.get(name.casefold())
    return settings.vendors[key].as_vendor(key, zone) if key else Vendor(name, name, zone)


def names(settings: Settings, keys: Iterable[str]) -> tuple[str, ...]:
    """As people know them; of one that the configuration does not have any more what it was called there."""
    known = ((key, settings.vendors.get(key)) for key in keys)
    return tuple((vendor.name if vendor else None) or key for key, vendor in known)


def question(escalation_id: int) -> str:
    """The key of the timer that asks."""
    return f"case:{escalation_id}"


def begin(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, case: str = ""
) -> None:
    """A vendor was called: keep their hours with the call, and the case reference, or ask for it after a while."""
    vendor = vendor_of(settings, escalation.target_id, ZoneInfo(incident.zone))
    escalation.working_hours = vendor.hours.as_json() if vendor.hours else None
    session.add(escalation)
    if case:
        _record_case(session, incident, escalation, actor, case)
    else:
        _ask_later(session, settings, escalation, actor.at)


def _every(settings: Settings, escalation: Escalation) -> timedelta:
    section = settings.vendors.get(escalation.target_id)
    return timedelta(minutes=section.ask_for_case_minutes if section else 0)


def _ask_later(session: Session, settings: Settings, escalation: Escalation, at: datetime) -> None:
    """Only of vendors whom the configuration knows: whether another has case numbers at all, nobody said."""
    every = _every(settings, escalation)
    if every:
        due = next_question(escalation.case_asked, every, at)
        timers.set_timer(session, question(escalation.key), due, ASK, escalation_id=escalation.key)


def is_asked_for(session: Session, incident: Incident, escalation: Escalation) -> bool:
    """Whether the case reference is still worth asking for."""
    return (
        incident.is_open
        and not escalation.case_reference
        and escalation.fixed_entry_id is None
        and not escalations.is_called_off(session, escalation)
    )


def ask(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Nobody gave the case reference yet: ask, in one message that is edited from then on. Ends by itself."""
    escalation = escalations.lock(session, int(timer.details["escalation_id"]))
    if escalation is None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    if not is_asked_for(session, incident, escalation) or not _every(settings, escalation):
        return
    escalation.case_asked_at, escalation.case_asked = at, escalation.case_asked + 1
    session.add(escalation)
    tell.show_vendor_case(session, incident, escalation.key, at, is_new=escalation.case_ts is None)
    _ask_later(session, settings, escalation, at)
    audit.note(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=None,
        what="asked for a vendor's case reference",
        origin=Origin.TIMER,
        escalation=escalation.key,
    )


def case_posted(session: Session, escalation_id: int, ts: str) -> None:
    """Keep where the question stands."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.case_ts = ts
        session.add(escalation)


def stop_asking(session: Session, incident: Incident, at: datetime, *, of: int | None = None) -> None:
    """The incident is over, or the one call `of` it was called off: a question that stands says so."""
    for escalation in escalations.of_incident(session, incident.key):
        if escalation.is_external and of in {None, escalation.key}:
            _settle_question(session, incident, escalation, at)


def _settle_question(session: Session, incident: Incident, escalation: Escalation, at: datetime) -> None:
    timers.cancel(session, question(escalation.key))
    if escalation.case_ts is not None:
        tell.show_vendor_case(session, incident, escalation.key, at)


def called(session: Session, settings: Settings, incident: Incident, name: str) -> Escalation:
    """
    The newest call to a vendor in an incident. Raises UserError if there is none that stands.

    `name` may be written as for `/incident escalate`: `vendor:payplug`.
    """
    wanted = vendor_of(settings, name.removeprefix("vendor:"), ZoneInfo(incident.zone))
    found = [
        each
        for each in escalations.of_incident(session, incident.key)
        if each.is_external and not escalations.is_called_off(session, each)
    ]
    for each in reversed(found):
        if wanted.key.casefold() in {each.target_id.casefold(), each.target_name.casefold()}:
            return each
    guess = did_you_mean(wanted.key, [each.target_id for each in found] or list(settings.vendors))
    raise UserError(
        f"{incident.reference} was not escalated to {wanted.name}.{guess} Type `/incident escalate vendor:NAME WHY` "
        "first; with `at:TIME` for an earlier call."
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What is recorded of a vendor: a case reference, or that they answered or fixed it, with what they said."""

    case: str = ""
    act: VendorAct | None = None
    text: str = ""
    when: When | None = None


def tell_of(session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, told: Told) -> Escalation:
    """
    Record what a vendor said, in one go: the case reference, and that they answered or fixed it.

    Raises UserError for a vendor who was not called, for a time that is to come, and for what was recorded before.
    """
    found = called(session, settings, incidents.get(session, incident_id), name)
    return record(session, settings, found.key, actor, told)


def record(session: Session, settings: Settings, escalation_id: int, actor: Actor, told: Told) -> Escalation:
    """`tell_of`, by the call itself: for buttons."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None or not escalation.is_external:
        raise UserError("That vendor was not called here.")
    incident = incidents.lock(session, escalation.incident_id)
    if escalations.is_called_off(session, escalation):
        raise UserError(f"The escalation to {escalation.target_name} was called off. Escalate anew first.")
    if told.when is not None:
        refuse_future(told.when, now=actor.at, zone=ZoneInfo(incident.zone))
    case = " ".join(told.case.split())
    if case:
        _record_case(session, incident, escalation, actor, case)
    if told.act is VendorAct.ANSWERED:
        _record_answer(session, settings, incident, escalation, actor, told)
    if told.act is VendorAct.FIXED:
        _record_fix(session, incident, escalation, actor, told)
    tell.show_escalation(session, incident, escalation.key, actor.at)
    tell.show_card(session, incident, actor.at)
    return escalation


def _record_case(session: Session, incident: Incident, escalation: Escalation, actor: Actor, case: str) -> None:
    case = " ".join(case.split())
    if len(case) > LONGEST_CASE:
        raise UserError(
            f"A case reference has up to {LONGEST_CASE} characters; this one has {len(case)}. "
            "The rest belongs into a note."
        )
    if escalation.case_reference == case:
        raise UserError(f"{case} is recorded already. Nothing was changed.")
    _entry(session, incident, escalation, actor, VendorAct.CASE, [Kind.NOTE], case, None)
    escalation.case_reference = case
    session.add(escalation)
    session.flush()
    _settle_question(session, incident, escalation, actor.at)


def _record_answer(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, told: Told
) -> None:
    """A vendor's first answer is what an acknowledgement is of people: both columns hold it."""
    if is_answered(escalation):
        known = escalation.acknowledged_at
        when = f" ({show_time(known, ZoneInfo(incident.zone))})" if known else ""
        raise UserError(
            f"The first answer of {escalation.target_name} is recorded already{when}. What else they say is a note; if "
            "the time is wrong, amend the entry under `/incident timeline`."
        )
    entry = _entry(
        session,
        incident,
        escalation,
        actor,
        VendorAct.ANSWERED,
        [Kind.ACKNOWLEDGED],
        told.text or own_words.answered(escalation.target_name),
        told.when,
    )
    escalation.acknowledged_at = escalation.first_answer_at = entry.happened_at
    escalation.acknowledged_by = actor.user_id
    escalation.acknowledgement_entry_id = escalation.first_answer_entry_id = entry.key
    session.add(escalation)
    milestones.refresh(session, incident)
    if escalation.case_reference is None and escalation.case_ts is None:
        _ask_later(session, settings, escalation, actor.at)  # an answer brings the reference with it, as a rule


def _record_fix(session: Session, incident: Incident, escalation: Escalation, actor: Actor, told: Told) -> None:
    if escalation.fixed_entry_id is not None:
        raise UserError(
            f"That {escalation.target_name} fixed it is recorded already. If the time is wrong, amend the entry under "
            "`/incident timeline`; if it broke again, escalate anew."
        )
    text = told.text or own_words.fixed_by(escalation.target_name)
    entry = _entry(session, incident, escalation, actor, VendorAct.FIXED, [Kind.NOTE], text, told.when)
    escalation.fixed_at, escalation.fixed_entry_id = entry.happened_at, entry.key
    session.add(escalation)
    session.flush()
    _settle_question(session, incident, escalation, actor.at)


def _entry(
    session: Session,
    incident: Incident,
    escalation: Escalation,
    actor: Actor,
    act: VendorAct,
    kinds: list[Kind],
    text: str,
    when: When | None,
) -> TimelineEntry:
    return timeline.record(
        session, incident, kinds, text, actor, when=when, escalation_id=escalation.key, vendor=act.value
    )


def is_answered(escalation: Escalation) -> bool:
    """Also where nobody knows when."""
    return escalation.acknowledged_at is not None or escalation.first_answer_entry_id is not None


def act_of(entry: TimelineEntry) -> VendorAct | None:
    """What an entry tells of a vendor; None for any other entry."""
    told = entry.details.get(DETAIL)
    return VendorAct(told) if told in set(VendorAct) else None


def newest(act: VendorAct, escalation_id: int, standing: Iterable[TimelineEntry]) -> TimelineEntry | None:
    """The entry recorded last of those that tell this of a call: what was said before does not hold any more."""
    told = [each for each in standing if act_of(each) is act and each.details["escalation_id"] == escalation_id]
    return max(told, key=lambda entry: (entry.recorded_at, entry.seq), default=None)


AGAIN = timedelta(minutes=15)
"""After which a case reference is asked for that is not on record any more, where it is asked for at all."""


def follow(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """
    An entry about a vendor was amended, taken off the timeline, put back or redacted: the call says what the newest of
    those that stand says.

    Nothing for any other entry.
    """
    act = act_of(entry)
    escalation = escalations.lock(session, entry.details["escalation_id"]) if act else None
    if act is None or escalation is None:
        return
    session.flush()
    standing = store_timeline.in_order(session, escalation.incident_id, with_withdrawn=False)
    holds = newest(act, escalation.key, standing)
    if act is VendorAct.CASE:
        escalation.case_reference = (holds.text or None) if holds else None
        session.add(escalation)
        _settle_question(session, incident, escalation, at)
        if is_asked_for(session, incident, escalation):
            timers.set_timer(session, question(escalation.key), at + AGAIN, ASK, escalation_id=escalation.key)
    elif act is VendorAct.ANSWERED:
        escalation.acknowledged_at = escalation.first_answer_at = holds.happened_at if holds else None
        escalation.acknowledged_by = holds.recorded_by if holds else None
        escalation.acknowledgement_entry_id = escalation.first_answer_entry_id = holds.key if holds else None
    else:
        escalation.fixed_at = holds.happened_at if holds else None
        escalation.fixed_entry_id = holds.key if holds else None
    session.add(escalation)


@dataclass(frozen=True, slots=True)
class VendorView:
    """
    A vendor who was called, as messages show it: how they are reached, and what is recorded of them.

    Times are None where nobody knows them; `has_answered` and `is_fixed` say whether it happened. `is_outside`: whether
    they were called outside their hours, None where these are not known; `opens_at` when they answer next, seen from
    now, None while they do.
    """

    escalation_id: int
    incident_id: int
    vendor: Vendor
    told_at: datetime | None
    is_outside: bool | None
    opens_at: datetime | None
    case: str
    has_answered: bool
    answered_at: datetime | None
    answered_about: bool
    noted_by: str | None
    is_fixed: bool
    fixed_at: datetime | None
    fixed_about: bool
    asked: int
    asked_at: datetime | None
    is_asked_for: bool
    case_ts: str | None
    is_to_be_told: bool = False
    """A policy came to them by itself: somebody has to call them, the bot does not."""


def view(session: Session, settings: Settings, escalation_id: int, now: datetime) -> VendorView | None:
    """None if there is no such call, or it is no vendor's."""
    row = escalations.get(session, escalation_id)
    if row is None or not row.is_external:
        return None
    incident = incidents.get(session, row.incident_id)
    vendor = vendor_of(settings, row.target_id, ZoneInfo(incident.zone))
    outside = vendor.hours is not None and not vendor.hours.hold(now)
    return VendorView(
        escalation_id=escalation_id,
        incident_id=incident.key,
        vendor=vendor,
        told_at=row.paged_at,
        is_outside=is_outside(from_json(row.working_hours), row.paged_at),
        opens_at=opens_next(vendor.hours, now) if vendor.hours and outside else None,
        case=row.case_reference or "",
        has_answered=is_answered(row),
        answered_at=row.acknowledged_at,
        answered_about=_is_about(session, row.acknowledgement_entry_id),
        noted_by=row.acknowledged_by,
        is_fixed=row.fixed_entry_id is not None,
        fixed_at=row.fixed_at,
        fixed_about=_is_about(session, row.fixed_entry_id),
        asked=row.case_asked,
        asked_at=row.case_asked_at,
        is_asked_for=is_asked_for(session, incident, row),
        case_ts=row.case_ts,
        is_to_be_told=row.started_by == "policy" and not is_answered(row) and row.fixed_entry_id is None,
    )


def _is_about(session: Session, entry_id: int | None) -> bool:
    entry = store_timeline.get(session, entry_id) if entry_id else None
    return entry is not None and entry.precision == Precision.APPROXIMATE
