"""An incident's course: it is declared, led, rated, moved on and resolved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, WrongField
from bot.domain.incidents.lifecycle import EVENT_TO, Event, is_channel_name, transition
from bot.domain.incidents.requirements import open_ones
from bot.domain.terms import NAMED_BY_PEOPLE, Kind, Severity, Status
from bot.domain.times import When, refuse_future, show_time
from bot.runtime.log import concerns
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.channel import backfill as catching_up
from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.escalation import silence_check as quiet
from bot.services.escalation import start as calling
from bot.services.incidents import maintenance_windows as maintenance
from bot.services.incidents import requirements as demands
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.vendors import calls as vendors
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store import outbox
from bot.store.escalation import escalations
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import timers

NUMBERED = re.compile(r"[a-z0-9_-]+?-([0-9]{1,9})(?:-|$)")
"""A channel's name that begins as those of incidents do."""
TITLE_LENGTH = 200
"""Characters of a title that cards and lists show; the timeline keeps the whole."""
FIELD_LENGTH = 200
"""Characters of a reference, a category or a responsibility: each is a word or two at the head of a document."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known when an incident is declared. What is None follows from the service and the configuration."""

    title: str
    severity: Severity | None = None
    status: Status | None = None
    """Triage or investigating."""
    services: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    outside_reference: str | None = None
    started: When | None = None
    is_private: bool = False
    is_drill: bool = False
    is_retro: bool = False
    drill_of: str | None = None
    previous: Incident | None = None
    invitees: tuple[str, ...] = field(default=())


def declare(session: Session, settings: Settings, actor: Actor, wanted: Declaration) -> Incident:
    """
    Open an incident: number it, put its declaration on the timeline, and let Slack be told.

    Raises WrongField, by the names of `/incident start`, for what cannot be: no title, an impact that begins in the
    future or at no known time, a reference that is a text, and what does not go together.
    """
    service = wanted.services[0] if wanted.services else None
    zone = wanted.zone or settings.zone_of(service)
    _check(wanted, actor, zone)
    title = " ".join(wanted.title.split())
    prefix = settings.incidents.drill_prefix if wanted.is_drill else settings.incidents.channel_prefix
    series = prefix.upper()
    incident = Incident(
        team_id=actor.team_id,
        series=series,
        number=incidents.next_number(session, actor.team_id, series),
        outside_reference=" ".join((wanted.outside_reference or "").split()) or None,
        titles={"": shortened(title, TITLE_LENGTH)},
        severity=(wanted.severity or _severity_of(settings, service)).value,
        status=_first_status(settings, actor, wanted).value,
        services=list(wanted.services),
        zone=zone.key,
        languages=list(settings.incidents.languages),
        template=settings.template_of(service),
        is_private=wanted.is_private,
        is_drill=wanted.is_drill,
        is_retro=wanted.is_retro or None,
        drill_of=wanted.drill_of,
        previous_id=wanted.previous.key if wanted.previous else None,
        declared_by=actor.user_id,
        declared_at=actor.at,
        started_at=actor.at,
        detected_at=actor.at,
    )
    session.add(incident)
    session.flush()
    concerns(incident.reference)
    started = wanted.started.at if wanted.started else None
    entry = timeline.record(
        session,
        incident,
        [Kind.DECLARED],
        title,
        actor,
        started=started.isoformat() if started else None,
        stated_about=milestones.stated_about(started=wanted.started),
    )
    milestones.begin(session, incident, entry)
    if not wanted.is_retro:
        _set_up(session, settings, incident, actor, wanted.invitees)
        calling.start_by_itself(session, settings, incident, actor)
    return incident


def _check(wanted: Declaration, actor: Actor, zone: ZoneInfo) -> None:
    if not wanted.title.strip():
        raise WrongField("text", "Say in a few words what is wrong, for example `/incident start checkout is down`.")
    if wanted.started is not None:
        _check_start(wanted.started, actor, zone)
    if len(reference := wanted.outside_reference or "") > FIELD_LENGTH:
        raise WrongField("ref", f"A reference of {len(reference)} characters is too long: {FIELD_LENGTH} are the most.")
    if wanted.is_retro and (wanted.is_private or wanted.is_drill):
        raise WrongField(
            "retro",
            "What is recorded after the fact has no channel: it can be neither private, which a channel is, "
            "nor a drill. Leave one of them out.",
        )
    if wanted.is_retro and wanted.status is Status.TRIAGE:
        raise WrongField(
            "status", "What is recorded after the fact was an incident: nobody has to find that out. Leave one out."
        )


def _check_start(started: When, actor: Actor, zone: ZoneInfo) -> None:
    if started.at is None:
        raise WrongField("at", "`at:?` says nothing. Leave it out, and state the start once somebody knows it.")
    try:
        refuse_future(started, now=actor.at, zone=zone)
    except UserError as problem:
        raise WrongField("at", problem.message) from problem


def _first_status(settings: Settings, actor: Actor, wanted: Declaration) -> Status:
    """What is recorded after the fact was one: nobody has to find that out."""
    if wanted.is_retro:
        return Status.INVESTIGATING
    who = {"all"} | ({"alerts"} if actor.origin is Origin.ALERT else set())
    return wanted.status or (Status.TRIAGE if settings.incidents.triage in who else Status.INVESTIGATING)


def _severity_of(settings: Settings, service: str | None) -> Severity:
    section = settings.services.get(service or "")
    return section.severity if section and section.severity else settings.incidents.default_severity


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _set_up(session: Session, settings: Settings, incident: Incident, actor: Actor, invitees: Sequence[str]) -> None:
    """The channel and all that belongs into it, with whoever is asked to be there."""
    users = [actor.user_id] if actor.user_id else []
    groups: list[str] = []
    for service in incident.services if incident.drill_of is None else ():  # nobody is called to somebody's practice
        asked = settings.people_of(service)
        users += asked.users
        groups += asked.usergroups
    users = list(dict.fromkeys([*users, *invitees]))
    people.meet(session, incident.team_id, users, actor.at)
    tell.set_up(session, incident, actor.at, users, list(dict.fromkeys(groups)))
    documents.opened(session, settings, incident, actor.at)
    if not incident.is_drill:
        for window in maintenance.open_for(session, incident.team_id, incident.services, actor.at):
            tell.say(
                session,
                incident,
                "maintenance",
                actor.at,
                service=window.service,
                until=window.ends_at.isoformat(),
                text=window.reason,
            )


def change_severity(
    session: Session, settings: Settings, incident_id: int, actor: Actor, to: Severity, why: str
) -> Incident:
    """Rate the incident anew. Raises UserError if it is that bad already."""
    incident = incidents.lock(session, incident_id)
    before = Severity(incident.severity)
    if before == to:
        raise UserError(f"It is {settings.severity_label(to)} already, and nothing was changed.")
    incident.severity = to.value
    entry = timeline.record(
        session, incident, [Kind.SEVERITY], why, actor, severity=to.value, severity_before=before.value
    )
    tell.say(
        session,
        incident,
        "severity",
        actor.at,
        entry_id=entry.key,
        by=actor.user_id,
        before=before.value,
        to=to.value,
        text=why,
        **open_ones(demands.of_severity(session, settings, incident)),
    )
    tell.show_topic(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)
    rated_anew(session, settings, incident, actor, before)
    return incident


def rated_anew(session: Session, settings: Settings, incident: Incident, actor: Actor, before: Severity) -> None:
    """Worse than before, it may ask for another policy, and more of those who came. The caller holds the lock."""
    if list(Severity).index(Severity(incident.severity)) < list(Severity).index(before):
        calling.start_by_itself(session, settings, incident, actor)
    quiet.rated_anew(session, settings, incident, actor.at)


def change_status(
    session: Session, settings: Settings, incident_id: int, actor: Actor, to: Status, text: str
) -> Incident:
    """Move the incident on. Raises NotAllowed where the state machine has no such way."""
    if to == Status.RESOLVED:
        return resolve(session, settings, incident_id, actor, text=text)
    incident = incidents.lock(session, incident_id)
    event = EVENT_TO.get(to)
    if event is Event.CANCEL:
        raise UserError("Cancelling needs a reason: type `/incident cancel WHY`.")
    if event is None or event is Event.CLOSE:
        words = ", ".join(f"`{each}`" for each in NAMED_BY_PEOPLE)
        raise UserError(f"{settings.status_name(to)} is not set by `/incident status`. Use one of {words}.")
    before = Status(incident.status)
    if before in {Status.RESOLVED, Status.CLOSED, Status.CANCELLED} and to.is_open:
        return reopen(session, settings, incident, actor, why=text, to=to)
    incident.status = transition(before, event, settings.status_label).value
    entry = timeline.record(session, incident, [Kind.STATUS], text, actor, status=to.value, status_before=before.value)
    milestones.refresh(session, incident)
    if before is Status.TRIAGE:
        tell.show_topic(session, incident, actor.at)
    tell.say(
        session,
        incident,
        "status",
        actor.at,
        entry_id=entry.key,
        by=actor.user_id,
        before=before.value,
        to=to.value,
        text=text,
        **open_ones(demands.of_status(session, settings, incident)),
    )
    tell.show_card(session, incident, actor.at)
    return incident


def reopen(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    *,
    why: str,
    to: Status = Status.INVESTIGATING,
) -> Incident:
    """It is not over: end, resolution or cancellation are taken back. The caller holds the lock."""
    before = Status(incident.status)
    transition(before, Event.REOPEN, settings.status_label)
    incident.status, incident.closure_reason = to.value, None
    entry = timeline.record(session, incident, [Kind.REOPENED], why, actor, status=to.value, status_before=before.value)
    milestones.refresh(session, incident)
    tell.say(session, incident, "reopened", actor.at, entry_id=entry.key, by=actor.user_id, text=why)
    if before is Status.CANCELLED:
        tell.show_topic(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)
    catching_up.keep_looking(session, incident, actor.at)
    if actor.origin is Origin.ALERT:  # whoever reopens it by hand is there
        calling.start_by_itself(session, settings, incident, actor, again=True)
    return incident


def resolve(
    session: Session, settings: Settings, incident_id: int, actor: Actor, *, text: str = "", ended: When | None = None
) -> Incident:
    """
    The incident is over. `ended` is when the impact ended, if not now.

    Needs nothing else: what is missing stands as missing in the draft. Raises NotAllowed if it is over already,
    UserError for an end in the future or before the impact began, and WrongField for no end of one that is recorded
    after the fact: now is not when it ended.
    """
    hold_unanswered(session, incident_id)
    incident = incidents.lock(session, incident_id)
    status = transition(Status(incident.status), Event.RESOLVE, settings.status_label)
    if ended is not None:
        _check_end(incident, ended, actor)
    elif incident.is_retro and not milestones.is_end_stated(session, incident):
        raise WrongField(
            "at",
            f"{incident.reference} is recorded after the fact, so say when it ended: `/incident resolve "
            f"{incident.reference} at:15:30 …`.",
        )
    incident.status = status.value
    ended_at = ended.at.isoformat() if ended and ended.at else None
    entry = timeline.record(
        session,
        incident,
        [Kind.RESOLVED],
        text,
        actor,
        status=status.value,
        ended=ended_at,
        stated_about=milestones.stated_about(ended=ended),
    )
    milestones.refresh(session, incident)
    call_off(session, incident, actor)
    tell.say(session, incident, "resolved", actor.at, entry_id=entry.key, by=actor.user_id, text=text)
    tell.show_card(session, incident, actor.at)
    asked_by = actor.user_id if incident.is_retro else None
    tell.post_draft(session, incident, actor.at, template=None, languages=None, asked_by=asked_by)
    tell.show_questions(session, incident, actor.at)
    return incident


def hold_unanswered(session: Session, incident_id: int) -> None:
    """Before an incident that ends: whoever takes a step of an escalation holds that first, too."""
    escalations.hold(session, [each.key for each in escalations.unanswered(session, incident_id)])


def call_off(session: Session, incident: Incident, actor: Actor) -> None:
    """It is over: nobody is waited for any more."""
    timers.cancel(session, f"drill:{incident.key}")
    for escalation in escalations.unanswered(session, incident.key):
        escalating.stop(session, escalation)
        tell.show_escalation(session, incident, escalation.key, actor.at)
        tell.show_pages(session, incident, escalation.key, actor.at)
    tell.stand_down_all(session, incident, actor.at)
    vendors.stop_asking(session, incident, actor.at)
    if incident.alerts_ts is not None:
        tell.show_alerts(session, incident, actor.at)  # its offer to resolve has had its day


def _check_end(incident: Incident, ended: When, actor: Actor) -> None:
    zone = ZoneInfo(incident.zone)
    if ended.at is None:
        raise UserError("`at:?` cannot end an incident. Leave `at:` out to end it now, or name a time.")
    refuse_future(ended, now=actor.at, zone=zone)
    if ended.at < incident.started_at:
        raise UserError(
            f"{show_time(ended.at, zone)} is before the impact began ({show_time(incident.started_at, zone)}). "
            "If the start is wrong, put it right first with `/incident impact started:TIME`."
        )


def note(
    session: Session, incident_id: int, actor: Actor, text: str, *, when: When | None, kind: Kind | None
) -> TimelineEntry:
    """Put something on the timeline that nobody wrote as a message. Raises UserError for a time in the future."""
    incident = incidents.lock(session, incident_id)
    if when is not None:
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    entry = timeline.record(session, incident, [kind or Kind.NOTE], text, actor, when=when)
    if milestones.touches(entry.kinds):
        milestones.refresh(session, incident)
        tell.show_card(session, incident, actor.at)
    tell.say(session, incident, "note", actor.at, entry_id=entry.key)
    return entry


def of_place(session: Session, team_id: str, channel_id: str, name: str) -> Incident | None:
    """
    The incident whose channel this is.

    People see a channel before the bot has written down which it is, and long before if the bot dies at that moment:
    then its name tells.
    """
    found = incidents.of_channel(session, team_id, channel_id)
    named = NUMBERED.match(name)
    if found is not None or named is None:
        return found
    candidates = incidents.without_channel(session, team_id, int(named[1]))
    return next((each for each in candidates if is_channel_name(name, each.series, each.number)), None)


def channel_made(session: Session, incident_id: int, channel_id: str, name: str, at: datetime) -> None:
    """The channel exists: whatever waited for it goes out, and the announcement shows the way in."""
    incident = incidents.lock(session, incident_id)
    incident.channel_id, incident.channel_name = channel_id, name
    session.add(incident)
    session.flush()
    outbox.open_lanes_of(session, incident_id, at)
    tell.show_announcement(session, incident, at)
    tell.show_way_in(session, incident, at)
    catching_up.look_later(session, incident, at)


def channel_refused(session: Session, incident_id: int, error: str, at: datetime) -> None:
    """There will be no channel. Who declared it and the incidents channel hear of it, and the rest goes on."""
    incident = incidents.lock(session, incident_id)
    if incident.declared_by:
        tell.tell_person(session, incident, at, incident.declared_by, "no channel", error=error)
    tell.show_announcement(session, incident, at)


def card_posted(session: Session, incident_id: int, ts: str, at: datetime) -> None:
    incident = incidents.lock(session, incident_id)
    incident.card_ts = ts
    session.add(incident)
    tell.pin_card(session, incident, at)


def message_posted(session: Session, incident_id: int, column: str, ts: str) -> None:
    """Keep where one of the incident's views stands: `announcement_ts`, `followups_ts` or `alerts_ts`."""
    incident = incidents.lock(session, incident_id)
    setattr(incident, column, ts)
    session.add(incident)


def tell_fix(session: Session, incident_id: int, actor: Actor, text: str) -> TimelineEntry:
    """
    Say what ended a resolved incident, after the fact.

    It becomes the resolution's own text if that had none; the resolution's time and author stay.
    """
    incident = incidents.lock(session, incident_id)
    standing = store_timeline.in_order(session, incident_id, with_withdrawn=False)
    resolution = next((entry for entry in reversed(standing) if entry.has(Kind.RESOLVED)), None)
    if resolution is None or resolution.text:
        return note(session, incident_id, actor, text, when=None, kind=Kind.FIXED)
    timeline.reword(session, resolution, text, [], actor.at)
    tell.show_card(session, incident, actor.at)
    return resolution
