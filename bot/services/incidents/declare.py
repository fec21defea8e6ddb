"""Declare an incident and set up its channel."""

from collections.abc import Sequence
from dataclasses import field
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, UserError
from bot.domain.record.facts import StormTitle, store_fact
from bot.domain.terms import Kind, Severity, Status
from bot.domain.text.normalize import is_visible
from bot.domain.times import ParsedTime, refuse_future
from bot.lazy_dataclass import dataclass
from bot.runtime.log import bind_incident
from bot.services import outbox
from bot.services.channel.bookmarks_and_canvas import assign_bridge, set_up_bookmarks
from bot.services.escalation.start import start_configured_policy
from bot.services.incidents.maintenance_windows import open_windows
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import approximate_times, set_initial_milestones
from bot.services.vendors.notices import suggest_vendor_incidents
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known
from bot.store.incidents import incidents, numbering
from bot.store.incidents.incidents import Incident

TITLE_LENGTH = 200
"""Characters of a title that cards and lists show; the timeline keeps all of it."""
FIELD_LENGTH = 200
"""Longest reference, category or responsibility, in characters."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Input of a declaration. None follows from the service and the configuration."""

    title: str
    title_fact: StormTitle | None = None
    """Set if the title is generated."""
    severity: Severity | None = None
    unmapped_severity: str | None = None
    """Value of the alerts' label `severity`, if it means no severity."""
    status: Status | None = None
    """Triage or investigating."""
    services: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    outside_reference: str | None = None
    started: ParsedTime | None = None
    is_private: bool = False
    is_drill: bool = False
    is_retro: bool = False
    drill_of: str | None = None
    previous: Incident | None = None
    invitees: tuple[str, ...] = field(default=())
    is_by_alerts: bool = False
    """The caller adds the alerts that open it at once, and sets its times with them."""


def declare_incident(session: Session, settings: Settings, actor: Actor, wanted: Declaration) -> Incident:
    """
    Number an incident, record its declaration, and queue its channel.

    Raises what `check_declaration` raises.
    """
    check_declaration(settings, actor, wanted)
    zone = _zone_of(settings, wanted)
    title = " ".join(wanted.title.split())
    incident = _insert_incident(session, settings, actor, wanted, title, zone)
    bind_incident(incident.reference)
    started = wanted.started.at if wanted.started else None
    record_entry(
        session,
        incident,
        [Kind.DECLARED],
        wanted.title_fact or title,
        actor,
        started=started.isoformat() if started else None,
        stated_about=approximate_times(started=wanted.started),
    )
    if not wanted.is_by_alerts:
        set_initial_milestones(session, incident)
    if not wanted.is_retro:
        outbox.schedule_first_reminder(session, settings, incident)
        _set_up_channel(session, settings, incident, actor, wanted.invitees)
        start_configured_policy(session, settings, incident, actor)
        suggest_vendor_incidents(session, settings, incident, actor.at)
    return incident


def _insert_incident(
    session: Session, settings: Settings, actor: Actor, wanted: Declaration, title: str, zone: ZoneInfo
) -> Incident:
    service = wanted.services[0] if wanted.services else None
    prefix = settings.incidents.drill_prefix if wanted.is_drill else settings.incidents.channel_prefix
    series = prefix.upper()
    incident = Incident(
        team_id=actor.team_id,
        series=series,
        number=numbering.next_number(session, actor.team_id, series),
        outside_reference=" ".join((wanted.outside_reference or "").split()) or None,
        titles={actor.language or "": shorten_text(title, TITLE_LENGTH)},
        title_fact=store_fact(wanted.title_fact) if wanted.title_fact else None,
        severity=(wanted.severity or _default_severity(settings, service)).value,
        unmapped_severity=wanted.unmapped_severity,
        status=_initial_status(settings, actor, wanted).value,
        services=list(wanted.services),
        zone=zone.key,
        languages=list(dict.fromkeys([*settings.incidents.languages, *([actor.language] if actor.language else [])])),
        template=settings.template_of(service),
        is_private=wanted.is_private,
        is_drill=wanted.is_drill,
        is_retro=wanted.is_retro,
        drill_of=wanted.drill_of,
        previous_id=wanted.previous.key if wanted.previous else None,
        declared_by=actor.user_id,
        declared_at=actor.at,
        started_at=actor.at,
        detected_at=actor.at,
    )
    if not wanted.is_retro:
        assign_bridge(settings, incident)
    incidents.add(session, incident, entries=2 if wanted.is_by_alerts else 1)
    return incident


def _zone_of(settings: Settings, wanted: Declaration) -> ZoneInfo:
    return wanted.zone or settings.zone_of(wanted.services[0] if wanted.services else None)


def check_declaration(settings: Settings, actor: Actor, wanted: Declaration) -> None:
    """
    Raise InvalidField or InvalidFields for invalid input, by the option names of `start`.

    That is no title, an impact that begins in the future or at no known time, a reference that is too long, and options
    that exclude one another.
    """
    errors = ErrorCollector()
    with errors.collect():
        if not is_visible(wanted.title):
            raise InvalidField(
                "text", "Describe the problem in a few words, for example `/incident start checkout is down`."
            )
    with errors.collect():
        if wanted.started is not None:
            _check_start(wanted.started, actor, _zone_of(settings, wanted))
    with errors.collect():
        if len(reference := wanted.outside_reference or "") > FIELD_LENGTH:
            raise InvalidField("ref", f"The reference has {len(reference)} characters. Use at most {FIELD_LENGTH}.")
    with errors.collect():
        _check_retrospective(wanted)
    errors.check()


def _check_retrospective(wanted: Declaration) -> None:
    if wanted.is_retro and (wanted.is_private or wanted.is_drill):
        raise InvalidField(
            "retro",
            "An incident recorded after the fact has no channel. It cannot be private or a drill: leave one out.",
        )
    if wanted.is_retro and wanted.status is Status.TRIAGE:
        raise InvalidField("status", "An incident recorded after the fact cannot be in triage. Leave one of them out.")


def _check_start(started: ParsedTime, actor: Actor, zone: ZoneInfo) -> None:
    if started.at is None:
        raise InvalidField("at", "`at:?` is not a time. Leave it out, and state the start once it is known.")
    try:
        refuse_future(started, now=actor.at, zone=zone)
    except UserError as problem:
        raise InvalidField("at", problem.message) from problem


def _initial_status(settings: Settings, actor: Actor, wanted: Declaration) -> Status:
    """Retrospective incidents skip triage."""
    if wanted.is_retro:
        return Status.INVESTIGATING
    in_triage = {"all", "alerts"} if actor.origin is Origin.ALERT else {"all"}
    return wanted.status or (Status.TRIAGE if settings.incidents.triage in in_triage else Status.INVESTIGATING)


def _default_severity(settings: Settings, service: str | None) -> Severity:
    section = settings.services.get(service or "")
    return section.severity if section and section.severity else settings.incidents.default_severity


def shorten_text(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def service_people(settings: Settings, incident: Incident, services: Sequence[str]) -> tuple[list[str], list[str]]:
    """Users and user groups to invite for services; nobody in a replay."""
    if incident.drill_of is not None:
        return [], []
    people = [settings.invitees_for(service) for service in services]
    users = dict.fromkeys(user for each in people for user in each.users)
    groups = dict.fromkeys(group for each in people for group in each.usergroups)
    return list(users), list(groups)


def _set_up_channel(
    session: Session, settings: Settings, incident: Incident, actor: Actor, invitees: Sequence[str]
) -> None:
    """Queue the channel with its members, bookmarks and notes on maintenance."""
    users, groups = service_people(settings, incident, incident.services)
    users = list(dict.fromkeys([*([actor.user_id] if actor.user_id else []), *users, *invitees]))
    ensure_known(session, incident.team_id, users, actor.at)
    outbox.queue_channel_setup(session, incident, actor.at, users, groups)
    set_up_bookmarks(session, settings, incident, actor.at)
    if not incident.is_drill and actor.origin is not Origin.ALERT:  # during a window alerts open nothing
        for window in open_windows(session, incident.team_id, incident.services, actor.at):
            outbox.post_event(
                session,
                incident,
                "maintenance",
                actor.at,
                service=window.service,
                until=window.ends_at.isoformat(),
                text=window.reason,
            )
