"""Somebody tries their own pages: each means sends a marked test, and one message says what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.paging.channels import RINGS_ON, Kind, read
from bot.domain.terms import Severity
from bot.domain.text.links import channel_link
from bot.services import outbox as tell
from bot.services.paging import addresses
from bot.services.paging import pages as paging
from bot.services.paging.content import CallText, PageText
from bot.services.paging.external import ToSend
from bot.services.workspace.actor import Actor
from bot.store.escalation import contacts, page_tests
from bot.store.escalation.escalations import SENT
from bot.store.escalation.page_tests import PageTest
from bot.store.incidents import incidents
from bot.store.shared import audit, people

APART = timedelta(minutes=1)
"""Between two tests of one person: what costs money or wakes somebody is not pressed ten times."""
NOT_TRIED = "Not tried: it would ring whoever is on call there, until they answer."


@dataclass(frozen=True, slots=True)
class Tested:
    """One means in a test. `outcome` is empty while it is on its way; `sent_at` None: it did not go out."""

    test_id: int
    label: str
    shown: str
    outcome: str
    sent_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TestView:
    """`place`: channel and ts of its message, None before it was posted."""

    results: Sequence[Tested]
    place: tuple[str, str] | None = None


def start(session: Session, settings: Settings, actor: Actor) -> int:
    """
    Send a test by each of somebody's means, at once. How many that are.

    Raises UserError for a second test within a minute.
    """
    user_id = actor.user_id or ""
    last = page_tests.last_asked(session, actor.team_id, user_id)
    if last is not None and timedelta(0) <= actor.at - last < APART:
        raise UserError("Your pages were tested less than a minute ago: see the message about it. Nothing was sent.")
    own = contacts.of_person(session, actor.team_id, user_id)
    rows = [
        PageTest(
            team_id=actor.team_id,
            user_id=user_id,
            means=way.means,
            contact_id=way.contact_id,
            asked_at=actor.at,
            outcome=NOT_TRIED if _rings_on(way.means) else "",
        )
        for way in paging.ways_of(settings, own)
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        if row.outcome == "" and row.means != Kind.SLACK:
            tell.test_by_means(session, row.team_id, actor.at, row.means, user_id, row.key)
    tell.show_page_test(session, actor.team_id, actor.at, user_id, actor.at)
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        who=user_id,
        what="tested their pages",
        origin=actor.origin,
        means=[row.means for row in rows],
    )
    return len(rows)


def _rings_on(means: str) -> bool:
    found = read(means)
    return found is not None and found.kind in RINGS_ON


def said(count: int) -> str:
    """What whoever asked is answered."""
    what = "your means of being paged" if count == 1 else f"each of your {count} means of being paged"
    return f"A test goes out by {what}. A direct message of mine says what comes of it; no incident is made."


def view(session: Session, settings: Settings, team_id: str, user_id: str, asked_at: datetime) -> TestView:
    rows = page_tests.of_test(session, team_id, user_id, asked_at)
    results = [_tested(session, settings, row) for row in rows]
    place = next(((row.channel_id, row.message_ts) for row in rows if row.channel_id and row.message_ts), None)
    return TestView(results, place)


def _tested(session: Session, settings: Settings, row: PageTest) -> Tested:
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    return Tested(
        row.key,
        addresses.label_of(settings, row.means),
        contact.shown if contact else "",
        row.outcome,
        row.sent_at,
        row.confirmed_at,
    )


def posted(
    session: Session, team_id: str, user_id: str, asked_at: datetime, place: tuple[str, str], at: datetime
) -> None:
    """The message with the results is there, and itself is the test of Slack."""
    for row in page_tests.of_test(session, team_id, user_id, asked_at):
        row.channel_id, row.message_ts = place
        session.add(row)
        if row.means == Kind.SLACK and row.outcome == "":
            came_of(session, row.key, SENT, at)


def to_send(session: Session, settings: Settings, test_id: int, at: datetime) -> ToSend:
    """What a test says by something else than Slack. Raises CannotOpen for an address that another key sealed."""
    row = page_tests.get(session, test_id)
    if row is None:
        raise ValueError("there is no such test")
    met = incidents.installation(session)
    name = people.names(session, row.team_id, [row.user_id]).get(row.user_id, "Somebody")
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    person = people.get(session, row.team_id, row.user_id)
    channel = person.dm_channel_id if person else None
    back = channel_link(met.url, channel) if met and met.url and channel else settings.base_url
    call = CallText(
        page_id=0,
        escalation_id=0,
        reference="TEST",
        title="Your pages are tested: nothing is wrong",
        severity=Severity.SEV4,
        severity_label="",
        status_label="nothing is wrong",
        target=name,
        reason="You asked for this test. Say in the bot's direct message that it arrived.",
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
    return ToSend(text, addresses.opened(settings, contact) if contact else "", ())


def came_of(session: Session, test_id: int, outcome: str, at: datetime) -> None:
    """`sent`, or why not. The message about it follows."""
    row = page_tests.get(session, test_id)
    if row is None or row.outcome == SENT:
        return
    row.outcome, row.sent_at = outcome, at if outcome == SENT else None
    session.add(row)
    tell.show_page_test(session, row.team_id, at, row.user_id, row.asked_at)


def arrived(session: Session, settings: Settings, test_id: int, actor: Actor) -> TestView:
    """Whoever asked for it says that one arrived. Raises UserError for a test of somebody else."""
    row = page_tests.get(session, test_id)
    if row is None or (row.team_id, row.user_id) != (actor.team_id, actor.user_id):
        raise UserError("That was a test of somebody else's pages.")
    if row.confirmed_at is None:
        row.confirmed_at = actor.at
        session.add(row)
        session.flush()
    return view(session, settings, row.team_id, row.user_id, row.asked_at)
