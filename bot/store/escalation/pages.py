"""Pages, and their queries for sending: recent ones, bundles, repeats."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, exists
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, func, select

from bot.store.database.tables import StoredRow, partial_index
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.shared.people import Person

SENT = "sent"
"""Outcome of a page, or of a test, that was sent."""
NOT_NEEDED = "no longer needed"
"""Outcome of a page that was not sent: acknowledged before, or the incident had ended."""
LEFT_BEHIND = "left behind"
"""Contact method of the escalation's message in the channel of a merged incident: it is no page."""


class Page(StoredRow, table=True):
    """One attempt to reach one person by one contact method. `outcome` is empty until known."""

    __tablename__ = "page"
    __table_args__ = (
        Index("ix_page_message", "channel_id", "message_ts"),
        Index("ix_page_person", "user_id", "method", "queued_at"),
        partial_index("ix_page_bundle", "bundle_key", where="bundle_key IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    escalation_id: int = Field(foreign_key="escalation.id", index=True)
    user_id: str
    method: str
    ordinal: int
    queued_at: datetime
    sent_at: datetime | None = Field(default=None, index=True)
    outcome: str = ""
    channel_id: str | None = None
    message_ts: str | None = None
    """Its message in Slack."""
    level: int = 1
    round: int = 0
    contact_id: int | None = None
    """The person's contact method (`bot.store.escalation.contacts`); None: Slack by default."""
    due_at: datetime | None = None
    skipped: str | None = None
    """Reason why it was not to be sent (the person is muted, …); None otherwise."""
    external_ref: str | None = None
    """Id at the contact method: PagerDuty's dedup_key, Opsgenie's alias, a Message-ID."""
    link_used_at: datetime | None = None
    """When its one-time link was used."""
    bundle_key: str | None = None
    """Common to pages of one message; None if it is sent alone."""
    out_of_hours: bool | None = None
    """Outside the person's working hours; None if these are unknown."""
    late_seconds: int | None = None
    """Delay of its creation after its level was due, if the bot was not running."""

    @property
    def recipient(self) -> str:
        """The person, or the contact method of a service."""
        return self.user_id or self.method


def lock_people(session: Session, team_id: str, user_ids: Collection[str]) -> None:
    """Lock people, so that concurrent transactions count one another's pages."""
    statement = (
        select(Person.user_id)
        .where(Person.team_id == team_id, col(Person.user_id).in_(sorted(set(user_ids))))
        .order_by(col(Person.user_id))
        .with_for_update()
    )
    session.exec(statement).all()


def count_unbundled(
    session: Session, user_id: str, method: str, since: datetime, until: datetime, but: Collection[int]
) -> int:
    """Number of single pages to a person by a contact method in that time, without `but`."""
    statement = select(func.count(col(Page.id))).where(
        Page.user_id == user_id,
        Page.method == method,
        Page.queued_at > since,
        Page.queued_at <= until,
        col(Page.bundle_key).is_(None),
        col(Page.skipped).is_(None),
        col(Page.id).not_in(sorted(but)),
    )
    return session.exec(statement).one()


def find_last_bundle_at(
    session: Session, user_id: str, method: str, since: datetime, until: datetime
) -> datetime | None:
    """
    Time of the last bundle to the person by this contact method, sent or planned.

    No bundle is planned after `until`, except before the clock was set back.
    """
    statement = select(func.max(Page.due_at)).where(
        Page.user_id == user_id,
        Page.method == method,
        col(Page.bundle_key).is_not(None),
        col(Page.due_at) > since,
        col(Page.due_at) <= until,
    )
    return session.exec(statement).one()


def find_by_bundle(session: Session, bundle_key: str) -> list[Page]:
    return list(session.exec(select(Page).where(Page.bundle_key == bundle_key).order_by(col(Page.id))))


def find_by_bundle_message(session: Session, channel_id: str, ts: str) -> list[Page]:
    """Pages in a message of a bundle; empty for any other message."""
    statement = select(Page).where(
        Page.channel_id == channel_id, Page.message_ts == ts, col(Page.bundle_key).is_not(None)
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def find_same_person(session: Session, page: Page) -> list[Page]:
    """Pages to the same person for the same level, by all contact methods. A service has one."""
    if not page.user_id:
        return [page]
    statement = select(Page).where(
        Page.escalation_id == page.escalation_id,
        Page.user_id == page.user_id,
        Page.level == page.level,
        Page.round == page.round,
    )
    return list(session.exec(statement.order_by(col(Page.due_at), col(Page.id))))


def find_superseded(session: Session, rows: Collection[Page], at: datetime) -> set[int]:
    """
    Pages that a later page by the same contact method to the same person replaces.

    While a contact method fails its pages wait: not all of them have to go afterwards.
    """
    later = aliased(Page)
    found = select(Page.id).where(
        col(Page.id).in_(sorted(row.id or 0 for row in rows)),
        exists().where(
            col(later.escalation_id) == Page.escalation_id,
            col(later.user_id) == Page.user_id,
            col(later.method) == Page.method,
            col(later.contact_id).is_not_distinct_from(col(Page.contact_id)),
            col(later.id) > col(Page.id),
            col(later.skipped).is_(None),
            col(later.queued_at) <= at,
            col(later.outcome) != NOT_NEEDED,
        ),
    )
    return {each for each in session.exec(found) if each is not None}


def find_upcoming(session: Session, escalation_id: int, at: datetime) -> list[Page]:
    """Pages that wait for their time."""
    statement = select(Page).where(
        Page.escalation_id == escalation_id, Page.outcome == "", col(Page.bundle_key).is_(None), col(Page.due_at) > at
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def get(session: Session, page_id: int) -> Page | None:
    return session.get(Page, page_id)


def find_by_message(session: Session, team_id: str, channel_id: str, ts: str) -> Escalation | None:
    """
    The escalation of a message: its own in a channel, or a page to one person.

    Of a message with several pages the first.
    """
    of_channel = (
        select(Escalation)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .where(Incident.team_id == team_id, Incident.channel_id == channel_id, Escalation.message_ts == ts)
    )
    of_page = (
        select(Escalation)
        .join(Page, col(Page.escalation_id) == Escalation.id)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .where(Incident.team_id == team_id, Page.channel_id == channel_id, Page.message_ts == ts)
        .order_by(col(Page.id))
    )
    return session.exec(of_channel).first() or session.exec(of_page).first()


def record_left_message(
    session: Session, escalation: Escalation, channel_id: str, message_ts: str, at: datetime
) -> None:
    """Keep the message in the channel that it leaves, to refresh it like the pages."""
    page = Page(
        escalation_id=escalation.key,
        user_id="",
        method=LEFT_BEHIND,
        ordinal=0,
        queued_at=at,
        outcome=SENT,
        channel_id=channel_id,
        message_ts=message_ts,
    )
    session.add(page)
    session.flush()


def find_pages_by_incident(session: Session, incident_id: int) -> list[Page]:
    """Pages of all its escalations, in the order of creation."""
    statement = (
        select(Page)
        .join(Escalation, col(Escalation.id) == Page.escalation_id)
        .where(Escalation.incident_id == incident_id)
        .order_by(col(Page.id))
    )
    return list(session.exec(statement))


def find_pages(session: Session, escalation_id: int) -> list[Page]:
    return list(session.exec(select(Page).where(Page.escalation_id == escalation_id).order_by(col(Page.id))))
