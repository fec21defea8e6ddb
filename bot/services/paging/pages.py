"""
Page people by their contact methods in order, with a row for each page and its outcome.

The first contact method is used at once, later ones by timers. After a failure the next one is used at once, and the
escalation continues without a person that none reached. `bot.services.escalation.page_timers` runs the timers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.paging.contact_methods import ContactMethodKind
from bot.domain.paging.contact_rules import MINUTE, ContactRule, parse_contact_rule, plan_bundle, sort_contact_rules
from bot.domain.paging.statistics import is_out_of_hours
from bot.domain.times.zones import known_zone
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.timer_payloads import PageTimer
from bot.services.paging.mutes import describe_mute
from bot.store.escalation import contacts, mutes, pages
from bot.store.escalation.contacts import Contact
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.mutes import Mute
from bot.store.escalation.pages import Page
from bot.store.incidents.incidents import Incident
from bot.store.shared import people, timers

LATER_PAGE = "page by a later means"
UNREACHABLE_PERSON = "somebody was reached by no means"
UNSENT_CHECK = "look whether a page went out"
UNSENT_AFTER = timedelta(seconds=30)
"""Longest wait of a page in its lane before the next contact method is used."""
SKIPPED = "skipped"
NO_ANSWER = "Slack does not answer"
"""Outcome while Slack is unreachable: the page is retried, and the next contact method used."""
ACCOUNT_CLOSED = "their account in Slack is closed"


@dataclass(frozen=True, slots=True)
class LevelRecipients:
    """People to page for one level of an escalation. `late_seconds`: delay, if it is late."""

    incident: Incident
    escalation: Escalation
    people: Collection[str]
    level: int
    round: int
    late_seconds: int | None = None


def page_people(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    people: Collection[str],
    at: datetime,
    *,
    level: int,
    round: int,  # noqa: A002  the term of the policy
    late_seconds: int | None = None,
) -> list[Page]:
    """Page people for a level, except those who declined."""
    return page_many(session, settings, [LevelRecipients(incident, escalation, people, level, round, late_seconds)], at)


def page_many(session: Session, settings: Settings, calls: Sequence[LevelRecipients], at: datetime) -> list[Page]:
    """Page the people of several levels at once; none in a replay."""
    asked = [
        (call, person)
        for call in calls
        if call.incident.drill_of is None
        for person in dict.fromkeys(call.people)
        if person not in call.escalation.declined_by
    ]
    if not asked:
        return []
    known = _load_recipients(session, asked[0][0].incident.team_id, {person for _, person in asked}, at)
    made = [(call, row) for call, person in asked for row in _build_pages(settings, call, person, known, at)]
    session.add_all(row for _, row in made)
    session.flush()
    sending = PageBatch(session, settings, at, {row.id or 0 for _, row in made})
    for call, row in made:
        if row.skipped is not None:
            timers.set_timer(session, f"unreachable:{row.id}", at, UNREACHABLE_PERSON, page_timer(row))
        elif row.due_at is not None and row.due_at > at:
            timers.set_timer(session, f"page:{row.id}", row.due_at, LATER_PAGE, page_timer(row))
        else:
            sending.go(call.incident, row)
    sending.watch()
    return [row for _, row in made]


def page_timer(row: Page) -> PageTimer:
    return PageTimer(row.id or 0, row.escalation_id)


@dataclass(frozen=True, slots=True)
class _Recipients:
    """Contact methods, mutes and zones of people, by user id."""

    contacts: Mapping[str, Sequence[Contact]]
    skipped: Mapping[str, Mute | None]
    zones: Mapping[str, ZoneInfo]


def _load_recipients(session: Session, team_id: str, asked: Collection[str], at: datetime) -> _Recipients:
    pages.lock_people(session, team_id, asked)
    zones = {user: zone for user in asked if (zone := _user_zone(session, team_id, user))}
    return _Recipients(
        contacts.find_by_people(session, team_id, asked), skipped_people(session, team_id, asked, at), zones
    )


def _user_zone(session: Session, team_id: str, user_id: str) -> ZoneInfo | None:
    person = people.get(session, team_id, user_id)
    return known_zone(person.zone) if person else None


def skipped_people(session: Session, team_id: str, asked: Collection[str], at: datetime) -> dict[str, Mute | None]:
    """People who are not paged now, each with their mute, or None for a closed account."""
    gone = [user for user in asked if (person := people.get(session, team_id, user)) and person.is_deleted]
    return {**mutes.find_active(session, team_id, asked, at), **dict.fromkeys(gone)}


def skip_reason(incident: Incident, mute: Mute | None) -> str:
    """In the incident's zone, as everybody in the channel reads it."""
    return describe_mute(mute, ZoneInfo(incident.zone)) if mute else ACCOUNT_CLOSED


def contact_rules_of(settings: Settings, own: Sequence[Contact]) -> list[ContactRule]:
    """Contact rules of a person in their order: their own, or the configured defaults."""
    rules = [ContactRule(each.method, timedelta(minutes=each.delay_minutes), each.key) for each in own]
    return sort_contact_rules(rules or [parse_contact_rule(text) for text in settings.paging.default])


def _build_pages(
    settings: Settings, call: LevelRecipients, person: str, known: _Recipients, at: datetime
) -> list[Page]:
    if person in known.skipped:
        mute = known.skipped[person]
        row = _new_page(settings, call, person, ContactRule(ContactMethodKind.SLACK.value), at, known)
        row.skipped, row.outcome = skip_reason(call.incident, mute), SKIPPED
        return [row]
    rules = contact_rules_of(settings, known.contacts.get(person, ()))
    return [_new_page(settings, call, person, rule, at, known) for rule in rules]


def _new_page(
    settings: Settings, call: LevelRecipients, person: str, rule: ContactRule, at: datetime, known: _Recipients
) -> Page:
    hours = settings.working_hours_of(None, [person], call.incident.services, ZoneInfo(call.incident.zone))
    due_at = at + rule.delay
    return Page(
        escalation_id=call.escalation.key,
        user_id=person,
        method=rule.method,
        contact_id=rule.contact_id,
        ordinal=call.escalation.reminders,
        queued_at=due_at,
        due_at=due_at,
        level=call.level,
        round=call.round,
        late_seconds=call.late_seconds,
        out_of_hours=is_out_of_hours(hours, known.zones.get(person), due_at),
    )


@dataclass(slots=True)
class PageBatch:
    """Pages to send in one transaction: alone, or in a bundle by recipient and minute."""

    session: Session
    settings: Settings
    at: datetime
    ids: Collection[int]
    """Ids of the batch, which count as they are sent."""
    _alone: dict[tuple[str, str], int] = field(default_factory=dict)
    _bundle: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    _watched: list[tuple[Page, datetime]] = field(default_factory=list)

    def go(self, incident: Incident, row: Page) -> None:
        """Queue one page. The caller has locked the recipients."""
        to, since = (row.user_id, row.method), self.at - MINUTE
        if to not in self._alone:
            self._alone[to] = pages.count_unbundled(self.session, *to, since, self.at, self.ids)
            self._bundle[to] = pages.find_last_bundle_at(self.session, *to, since, self.at + MINUTE)
        found = plan_bundle(self._alone[to], self._bundle[to], self.at, self.settings.paging.bundle_after)
        row.queued_at = row.due_at = self.at
        if found is None:
            self._alone[to] += 1
        else:
            self._bundle[to] = row.due_at = found.at
            recipient = f"{incident.team_id}:{row.user_id}:{row.method}:{row.contact_id or 0}"  # one message an address
            row.bundle_key = f"{recipient}:{int(found.at.timestamp())}"
        self.session.add(row)
        self._queue_row(incident, row)

    def _queue_row(self, incident: Incident, row: Page) -> None:
        send_at = row.due_at if row.bundle_key else None
        if row.method != ContactMethodKind.SLACK:
            ids = () if row.bundle_key else (row.id or 0,)
            outbox.page_contact_method(
                self.session,
                incident,
                self.at,
                row.method,
                row.user_id,
                page_ids=ids,
                bundle_key=row.bundle_key,
                not_before=send_at,
            )
        elif row.bundle_key and send_at:
            outbox.queue_page_bundle(self.session, incident.team_id, self.at, row.user_id, row.bundle_key, send_at)
        else:
            outbox.page_user(self.session, incident, self.at, row.user_id, row.id or 0, row.escalation_id)
        self._watched.append((row, send_at or self.at))

    def watch(self) -> None:
        """Schedule the checks for unsent pages, in one statement."""
        schedule_unsent_checks(self.session, self._watched)
        self._watched = []


def schedule_unsent_checks(session: Session, queued: Collection[tuple[Page, datetime]]) -> None:
    """Schedule a check for each page, which may be stuck behind others in its lane."""
    checks = {f"watch:{row.id}": (starts_at + UNSENT_AFTER, page_timer(row)) for row, starts_at in queued}
    timers.set_timers_at(session, UNSENT_CHECK, checks)
