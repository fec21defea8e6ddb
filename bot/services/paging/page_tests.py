"""Page tests: a test by each contact method of a person, and one message with the results."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.paging.contact_methods import RINGING_KINDS, ContactMethodKind, parse_contact_method
from bot.domain.terms import Severity
from bot.domain.text.links import channel_link
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.paging.addresses import decrypt_address, method_label
from bot.services.paging.content import EscalationText, PageText
from bot.services.paging.external import PageToSend
from bot.services.paging.pages import contact_rules_of
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import contacts, page_tests
from bot.store.escalation.page_tests import PageTest
from bot.store.escalation.pages import SENT
from bot.store.incidents import installations
from bot.store.shared import people

MIN_INTERVAL = timedelta(minutes=1)
"""Minimum time between two tests of one person."""
NOT_TRIED = "Not tested: it would page the person on call there until they answer."


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One contact method in a test. `outcome`: empty while pending; `sent_at`: None if not sent."""

    test_id: int
    label: str
    shown: str
    outcome: str
    sent_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PageTestView:
    """`place`: channel and ts of its message, None before it was posted."""

    results: Sequence[MethodResult]
    message: tuple[str, str] | None = None


def start_page_test(session: Session, settings: Settings, actor: Actor) -> int:
    """
    Send a test by each contact method of the actor; return their number.

    Raises UserError for a second test within a minute.
    """
    user_id = actor.user_id or ""
    last = page_tests.find_last_asked_at(session, actor.team_id, user_id)
    if last is not None and timedelta(0) <= actor.at - last < MIN_INTERVAL:
        raise UserError("Your pages were tested less than a minute ago: see the message about it. Nothing was sent.")
    rules = contact_rules_of(settings, contacts.find_by_person(session, actor.team_id, user_id))
    rows = [
        PageTest(
            team_id=actor.team_id,
            user_id=user_id,
            method=rule.method,
            contact_id=rule.contact_id,
            asked_at=actor.at,
            outcome=NOT_TRIED if _rings_until_answered(rule.method) else "",
        )
        for rule in rules
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        if row.outcome == "" and row.method != ContactMethodKind.SLACK:
            outbox.queue_contact_method_test(session, row.team_id, actor.at, row.method, user_id, row.key)
    outbox.refresh_page_test(session, actor.team_id, actor.at, user_id, actor.at)
    audit_action(session, actor, "tested their pages", means=[row.method for row in rows])
    return len(rows)


def _rings_until_answered(method: str) -> bool:
    found = parse_contact_method(method)
    return found is not None and found.kind in RINGING_KINDS


def started_message(count: int) -> str:
    """Reply to the person who started the test."""
    methods = "your contact method" if count == 1 else f"each of your {count} contact methods"
    return f"A test is sent by {methods}. A direct message shows the results. No incident is opened."


def load_page_test(
    session: Session, settings: Settings, team_id: str, user_id: str, asked_at: datetime
) -> PageTestView:
    rows = page_tests.find_by_test(session, team_id, user_id, asked_at)
    results = [_build_result(session, settings, row) for row in rows]
    message = next(((row.channel_id, row.message_ts) for row in rows if row.channel_id and row.message_ts), None)
    return PageTestView(results, message)


def _build_result(session: Session, settings: Settings, row: PageTest) -> MethodResult:
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    return MethodResult(
        row.key,
        method_label(settings, row.method),
        contact.shown if contact else "",
        row.outcome,
        row.sent_at,
        row.confirmed_at,
    )


def record_test_message(
    session: Session, team_id: str, user_id: str, asked_at: datetime, message: tuple[str, str], at: datetime
) -> None:
    """Record the message with the results, which itself tests Slack."""
    for row in page_tests.find_by_test(session, team_id, user_id, asked_at):
        row.channel_id, row.message_ts = message
        session.add(row)
        if row.method == ContactMethodKind.SLACK and row.outcome == "":
            record_test_outcome(session, row.key, SENT, at)


def prepare_test(session: Session, settings: Settings, test_id: int, at: datetime) -> PageToSend:
    """Prepare a test outside Slack. Raises CannotOpen for an address that another key encrypted."""
    row = page_tests.get(session, test_id)
    if row is None:
        raise ValueError("there is no such test")
    met = installations.find_installation(session)
    name = people.find_names(session, row.team_id, [row.user_id]).get(row.user_id, "Somebody")
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    person = people.get(session, row.team_id, row.user_id)
    channel = person.dm_channel_id if person else None
    back = channel_link(met.url, channel) if met and met.url and channel else settings.base_url
    call = EscalationText(
        page_id=0,
        escalation_id=0,
        reference="TEST",
        title="Your pages are tested: nothing is wrong",
        severity=Severity.SEV4,
        severity_label="",
        status_label="nothing is wrong",
        target=name,
        reason="You asked for this test. Confirm it in the bot's direct message.",
        asked_by=name,
        level="",
        paged_at=at,
        zone=settings.incidents.zone,
        acknowledge_url=back,
        page_url=None,
        channel_url=None,
        is_drill=False,
    )
    text = PageText(f"dogwatch.{row.team_id}.test{row.key}", name, met.team_name if met else "", (call,), is_test=True)
    return PageToSend(text, decrypt_address(settings, contact) if contact else "", ())


def record_test_outcome(session: Session, test_id: int, outcome: str, at: datetime) -> None:
    """Record an outcome: `sent`, or a problem."""
    row = page_tests.get(session, test_id)
    if row is None or row.outcome == SENT:
        return
    row.outcome, row.sent_at = outcome, at if outcome == SENT else None
    session.add(row)
    outbox.refresh_page_test(session, row.team_id, at, row.user_id, row.asked_at)


def confirm_test(session: Session, settings: Settings, test_id: int, actor: Actor) -> PageTestView:
    """Confirm that a test arrived. Raises UserError for a test of another person."""
    row = page_tests.get(session, test_id)
    if row is None or (row.team_id, row.user_id) != (actor.team_id, actor.user_id):
        raise UserError("That was a test of somebody else's pages.")
    if row.confirmed_at is None:
        row.confirmed_at = actor.at
        session.add(row)
        session.flush()
    return load_page_test(session, settings, row.team_id, row.user_id, row.asked_at)
