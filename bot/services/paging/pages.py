"""
People are paged: a row for each page, by each person's own means in their order, and what came of it.

The first means goes at once. Those that come later are timers, and so are the two consequences of a failure: the next
means goes now, and a person whom nothing reached is left for the next level. `paging_steps` carries these out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.paging.channels import Kind
from bot.domain.paging.contact_rules import MINUTE, Way, bundled, in_order, read_way
from bot.domain.paging.statistics import is_out_of_hours
from bot.services import outbox as tell
from bot.services.paging import mutes as muting
from bot.services.paging import statistics as nights
from bot.services.workspace.actor import Actor
from bot.store.escalation import contacts, escalations, mutes, pages
from bot.store.escalation.contacts import Contact
from bot.store.escalation.escalations import NOT_NEEDED, SENT, Escalation, Page
from bot.store.escalation.mutes import Mute
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people, timers

LATER = "page by a later means"
UNREACHABLE = "somebody was reached by no means"
WATCH = "look whether a page went out"
PATIENCE = timedelta(seconds=30)
"""How long a page may wait for its turn before the next means goes."""
SKIPPED = "skipped"
NO_ANSWER = "Slack does not answer"
"""What is kept of a page while Slack is away: it is tried again, and the next means goes meanwhile."""
CLOSED = "their account in Slack is closed"


@dataclass(frozen=True, slots=True)
class Call:
    """Who is to be paged for one level of an escalation. `late_seconds`: how late that is, where it is late."""

    incident: Incident
    escalation: Escalation
    people: Collection[str]
    level: int
    round: int
    late_seconds: int | None = None


def page(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    people: Collection[str],
    at: datetime,
    *,
    level: int,
    round: int,  # noqa: A002  it is one of the words of an escalation, and nothing here rounds
    late_seconds: int | None = None,
) -> list[Page]:
    """Page people for a level, each by their own means. Who declined is not asked again."""
    return page_all(session, settings, [Call(incident, escalation, people, level, round, late_seconds)], at)


def page_all(session: Session, settings: Settings, calls: Sequence[Call], at: datetime) -> list[Page]:
    """
    `page`, of many levels at once: in a bad hour many are due together.

    Nobody is written to in a drill that replays something: it is practised in its channel.
    """
    asked = [
        (call, person)
        for call in calls
        if call.incident.drill_of is None
        for person in dict.fromkeys(call.people)
        if person not in call.escalation.declined_by
    ]
    if not asked:
        return []
    known = _known(session, asked[0][0].incident.team_id, {person for _, person in asked}, at)
    made = [(call, row) for call, person in asked for row in _rows(settings, call, person, known, at)]
    session.add_all(row for _, row in made)
    session.flush()
    sending = Sending(session, settings, at, {row.id or 0 for _, row in made})
    for call, row in made:
        if row.skipped is not None:
            timers.set_timer(session, f"unreachable:{row.id}", at, UNREACHABLE, page_id=row.id, **_about(row))
        elif row.due_at is not None and row.due_at > at:
            timers.set_timer(session, f"page:{row.id}", row.due_at, LATER, page_id=row.id, **_about(row))
        else:
            sending.go(call.incident, row)
    sending.watch()
    return [row for _, row in made]


def _about(row: Page) -> dict[str, int]:
    return {"escalation_id": row.escalation_id}


@dataclass(frozen=True, slots=True)
class _Known:
    """What holds for those who are to be paged, by their ids."""

    contacts: Mapping[str, Sequence[Contact]]
    skipped: Mapping[str, Mute | None]
    zones: Mapping[str, ZoneInfo]
    """Those that Slack tells."""


def _known(session: Session, team_id: str, asked: Collection[str], at: datetime) -> _Known:
    pages.hold_people(session, team_id, asked)
    zones = {user: zone for user in asked if (zone := _zone(session, team_id, user))}
    return _Known(contacts.of_people(session, team_id, asked), skipped(session, team_id, asked, at), zones)


def _zone(session: Session, team_id: str, user_id: str) -> ZoneInfo | None:
    person = people.get(session, team_id, user_id)
    return nights.zone_named(person.zone) if person else None


def skipped(session: Session, team_id: str, asked: Collection[str], at: datetime) -> dict[str, Mute | None]:
    """Who of these is not paged now: they are muted, or their account is closed (None)."""
    gone = [user for user in asked if (person := people.get(session, team_id, user)) and person.is_deleted]
    return {**mutes.standing(session, team_id, asked, at), **dict.fromkeys(gone)}


def why_skipped(incident: Incident, mute: Mute | None) -> str:
    """In the incident's zone: it is read by everybody in its channel, and the times of several people side by side."""
    return muting.shown(mute, ZoneInfo(incident.zone)) if mute else CLOSED


def ways_of(settings: Settings, own: Sequence[Contact]) -> list[Way]:
    """By what somebody is paged, in the order in which it comes: as they set it, or as the configuration has it."""
    ways = [Way(each.means, timedelta(minutes=each.delay_minutes), each.key) for each in own]
    return in_order(ways or [read_way(text) for text in settings.paging.default])


def _rows(settings: Settings, call: Call, person: str, known: _Known, at: datetime) -> list[Page]:
    if person in known.skipped:
        mute = known.skipped[person]
        row = _new_page(settings, call, person, Way(Kind.SLACK.value), at, known)
        row.skipped, row.outcome = why_skipped(call.incident, mute), SKIPPED
        return [row]
    ways = ways_of(settings, known.contacts.get(person, ()))
    return [_new_page(settings, call, person, way, at, known) for way in ways]


def _new_page(settings: Settings, call: Call, person: str, way: Way, at: datetime, known: _Known) -> Page:
    hours = settings.hours_of(None, [person], call.incident.services, ZoneInfo(call.incident.zone))
    due_at = at + way.delay
    return Page(
        escalation_id=call.escalation.key,
        user_id=person,
        means=way.means,
        contact_id=way.contact_id,
        ordinal=call.escalation.reminders,
        queued_at=due_at,
        due_at=due_at,
        level=call.level,
        round=call.round,
        late_seconds=call.late_seconds,
        out_of_hours=is_out_of_hours(hours, known.zones.get(person), due_at),
    )


@dataclass(slots=True)
class Sending:
    """Pages on their way out in one transaction: by themselves, or in the bundle of their address and minute."""

    session: Session
    settings: Settings
    at: datetime
    ids: Collection[int]
    """What is to be sent, or waits for its time: it is counted as it goes."""
    _alone: dict[tuple[str, str], int] = field(default_factory=dict)
    _bundle: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    _watched: list[tuple[Page, datetime]] = field(default_factory=list)

    def go(self, incident: Incident, row: Page) -> None:
        """Send one page. The people of pages that may go together are held by the caller."""
        to, since = (row.user_id, row.means), self.at - MINUTE
        if to not in self._alone:
            self._alone[to] = pages.alone_between(self.session, *to, since, self.at, self.ids)
            self._bundle[to] = pages.last_bundle(self.session, *to, since, self.at + MINUTE)
        found = bundled(self._alone[to], self._bundle[to], self.at, self.settings.paging.bundle_after)
        row.queued_at = row.due_at = self.at
        if found is None:
            self._alone[to] += 1
        else:
            self._bundle[to] = row.due_at = found.at
            way = f"{incident.team_id}:{row.user_id}:{row.means}:{row.contact_id or 0}"  # each address gets a message
            row.bundle_key = f"{way}:{int(found.at.timestamp())}"
        self.session.add(row)
        self._put(incident, row)

    def _put(self, incident: Incident, row: Page) -> None:
        together = row.due_at if row.bundle_key else None
        if row.means != Kind.SLACK:
            ids = () if row.bundle_key else (row.id or 0,)
            tell.page_by_means(
                self.session,
                incident,
                self.at,
                row.means,
                row.user_id,
                page_ids=ids,
                bundle_key=row.bundle_key,
                not_before=together,
            )
        elif row.bundle_key and together:
            tell.page_bundle(self.session, incident.team_id, self.at, row.user_id, row.bundle_key, together)
        else:
            tell.page(self.session, incident, self.at, row.user_id, row.id or 0, row.escalation_id)
        self._watched.append((row, together or self.at))

    def watch(self) -> None:
        """Look later whether they went out. Once all of them have gone: in a bad hour that is one statement."""
        watch(self.session, self._watched)
        self._watched = []


def watch(session: Session, begun: Collection[tuple[Page, datetime]]) -> None:
    """Look, a while after each begins to be tried, whether it went out: what is before it in its lane may not."""
    looks = {f"watch:{row.id}": (begins + PATIENCE, {"page_id": row.id, **_about(row)}) for row, begins in begun}
    timers.set_each(session, WATCH, looks)


def page_came_of(
    session: Session, page_id: int, *, sent: bool, outcome: str, actor: Actor, place: tuple[str, str] | None = None
) -> None:
    """
    Keep what came of one page; `place` is the channel and ts of its message.

    Of one that failed the person's next means goes at once; if none is left the level goes on without them.
    """
    row = pages.get(session, page_id)
    if row is None or row.outcome in {SENT, outcome}:
        return
    row.sent_at, row.outcome = (actor.at if sent else None), outcome
    row.channel_id, row.message_ts = place or (None, None)
    session.add(row)
    if sent:
        timers.cancel(session, f"watch:{row.id}")
    if outcome == NOT_NEEDED:
        return
    _keep_with_contact(session, row, None if sent else outcome, actor.at)
    if not sent:
        failed(session, row, actor.at)


def _keep_with_contact(session: Session, row: Page, problem: str | None, at: datetime) -> None:
    """Whoever looks at their means sees which of them failed the last time."""
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    if contact is not None and (contact.problem or problem):
        contact.failed_at, contact.problem = (at if problem else None), problem
        session.add(contact)


def failed(session: Session, row: Page, at: datetime) -> None:
    """
    One means of a person failed, or is late: the next one goes now, or they are left for the next level. A service has
    one means only: if it does not take the call soon the level goes on without it, and it is tried on.
    """
    same = pages.to_same(session, row)
    later = next((each for each in same if is_to_come(each, at)), None)
    if later is not None:
        timers.set_timer(session, f"page:{later.id}", at, LATER, page_id=later.id, **_about(later))
        return
    outcomes = {each.outcome for each in same}
    if not row.user_id or (not outcomes & {"", SENT, NOT_NEEDED} and outcomes != {NO_ANSWER}):
        timers.set_timer(session, f"unreachable:{row.id}", at, UNREACHABLE, page_id=row.id, **_about(row))


def is_to_come(row: Page, at: datetime) -> bool:
    """Whether it waits for its time."""
    return row.outcome == "" and row.bundle_key is None and row.due_at is not None and row.due_at > at


def is_needed(session: Session, escalation: Escalation, incident: Incident, row: Page) -> bool:
    """Whether whoever is paged is still waited for."""
    if not incident.is_open or escalations.is_called_off(session, escalation) or escalation.acknowledged_at is not None:
        return False
    answered = {each["by"] for each in escalation.answers or () if each.get("withdrawn_at") is None}
    return row.user_id not in {*escalation.declined_by, *answered}


def is_to_go(session: Session, page_id: int, at: datetime) -> bool:
    """Whether a page that waited for its turn is still to be sent: not if a newer one to the same person is."""
    row = pages.get(session, page_id)
    escalation = escalations.get(session, row.escalation_id) if row else None
    if row is None or escalation is None:
        return False
    incident = incidents.get(session, escalation.incident_id)
    return is_needed(session, escalation, incident, row) and not pages.superseded(session, [row], at)


def call_off(session: Session, escalation_id: int, at: datetime, user_id: str | None = None) -> None:
    """Somebody answered: what was to come later does not come; with a `user_id` to them, while others are needed."""
    for row in pages.to_come(session, escalation_id, at):
        if user_id not in {None, row.user_id}:
            continue
        row.outcome = NOT_NEEDED
        session.add(row)
        timers.cancel(session, f"page:{row.id}")
