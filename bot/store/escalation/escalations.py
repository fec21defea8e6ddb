"""Escalations, and each page by each means."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, and_, bindparam, or_, text
from sqlmodel import Field, Session, SQLModel, col, select

from bot.store.database.tables import JSON_COLUMN
from bot.store.incidents.incidents import OPEN, Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Sight

SENT = "sent"
"""The outcome of a page, or of a test of one, that went out."""
NOT_NEEDED = "not needed any more"
"""The outcome of a page that was not sent because somebody had answered, or the incident had ended."""


OPTIONAL_JSON: Any = JSON(none_as_null=True)
FROM_NOUGHT: dict[str, Any] = {"server_default": "0"}
"""Of a column that the release before does not write: it counts from nought."""


class Escalation(SQLModel, table=True):
    """
    A call for help. `target_id` is a Slack id (person, group) or the name in the configuration (team, vendor).

    `members` are the people asked, as ids, taken from the configuration when the page went out.
    """

    __tablename__ = "escalation"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    entry_id: int | None = Field(default=None, foreign_key="timeline_entry.id")
    target_kind: str
    target_id: str
    target_name: str
    is_external: bool = False
    reason: str
    asked_by: str | None = None
    asked_at: datetime
    paged_at: datetime | None = None
    precision: str
    members: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    declined_by: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    reminders: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledgement_entry_id: int | None = None
    gave_up_at: datetime | None = None
    message_ts: str | None = None
    working_hours: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Of those who were called, as they were then; None where nobody had said."""
    policy_name: str | None = None
    policy: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """The policy as it was when this began (`bot.domain.escalation.Policy.as_json`); None: from the release before."""
    level: int = Field(default=0, nullable=True, sa_column_kwargs=FROM_NOUGHT)
    """The level that was paged last, 1 being the first; 0: none yet."""
    round: int = Field(default=0, nullable=True, sa_column_kwargs=FROM_NOUGHT)
    """How often the whole policy was begun anew."""
    steps: list[dict[str, Any]] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """Each level that was paged, the first one first (`bot.domain.escalation.Called.as_json`)."""
    level_paged_at: datetime | None = None
    next_step_at: datetime | None = None
    """When the next level is due; None where nothing more comes by itself."""
    more_time_until: datetime | None = None
    answers: list[dict[str, Any]] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """
    Each acknowledgement: `by`, `at` (ISO 8601), `means`, `level`, `withdrawn_at` (ISO 8601, or None while it stands).
    """
    started_by: str | None = None
    """`person`, `policy` or `handover`; None: by a person, in the release before."""
    follows_id: int | None = None
    """The escalation that this one goes on from."""
    quiet_asked_at: datetime | None = None
    """When whoever acknowledged was asked for a sign of life; None where they were not, or gave one."""
    quiet_steps: int = Field(default=0, nullable=True, sa_column_kwargs=FROM_NOUGHT)
    sign_at: datetime | None = None
    """When whoever acknowledged last did something in the channel that is kept nowhere else."""
    case_reference: str | None = None
    """A vendor's own name for the case."""
    case_asked_at: datetime | None = None
    case_asked: int = Field(default=0, nullable=True, sa_column_kwargs=FROM_NOUGHT)
    """How often it was asked for."""
    case_ts: str | None = None
    """Where the question for it stands."""
    first_answer_at: datetime | None = None
    first_answer_entry_id: int | None = None
    fixed_at: datetime | None = None
    fixed_entry_id: int | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the escalation was never stored")
        return self.id

    @property
    def was_only_recorded(self) -> bool:
        """
        Somebody said, with a time, that they had been called: nobody is paged by it. Whom it calls by itself has a
        policy; of a vendor, and of what the release before wrote, the two times tell.
        """
        if self.is_external or self.started_by is None:
            return self.paged_at != self.asked_at
        return self.policy is None

    @property
    def pages_people(self) -> bool:
        """Whether levels are paged at all: not for a vendor, nor where it was only recorded."""
        return not self.is_external and not self.was_only_recorded


def have_paged_people() -> ColumnElement[bool]:
    """`Escalation.pages_people`, as a condition."""
    of_before = and_(col(Escalation.started_by).is_(None), col(Escalation.paged_at) == Escalation.asked_at)
    return and_(col(Escalation.is_external).is_(False), or_(col(Escalation.policy).is_not(None), of_before))


class Page(SQLModel, table=True):
    """One attempt to reach one person by one means. `outcome` is empty until the sender knows it."""

    __tablename__ = "page"
    __table_args__ = (
        Index("ix_page_message", "channel_id", "message_ts"),
        Index("ix_page_person", "user_id", "means", "queued_at"),
        Index(
            "ix_page_bundle",
            "bundle_key",
            sqlite_where=text("bundle_key IS NOT NULL"),
            postgresql_where=text("bundle_key IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    escalation_id: int = Field(foreign_key="escalation.id", index=True)
    user_id: str
    means: str
    ordinal: int
    queued_at: datetime
    sent_at: datetime | None = None
    outcome: str = ""
    channel_id: str | None = None
    message_ts: str | None = None
    """Where it stands in Slack."""
    level: int = Field(default=1, nullable=True, sa_column_kwargs={"server_default": "1"})
    round: int = Field(default=0, nullable=True, sa_column_kwargs=FROM_NOUGHT)
    contact_id: int | None = None
    """The person's means that it goes by (`bot.store.escalation.contacts`); None: Slack, as they set none."""
    due_at: datetime | None = None
    skipped: str | None = None
    """Why it was not sent on purpose (the person is muted, …); None where it was to be sent."""
    external_ref: str | None = None
    """What the means calls it: PagerDuty's dedup_key, Opsgenie's alias, an e-mail's Message-ID."""
    link_used_at: datetime | None = None
    """When the one-time link in it was used."""
    bundle_key: str | None = None
    """What goes out in one message with it; None where it goes alone."""
    out_of_hours: bool | None = None
    """Whether it was outside the person's working hours; None where nobody has said when they work."""
    late_seconds: int | None = None
    """How long after its level was due it was written, where the bot was not there in time."""


def get(session: Session, escalation_id: int) -> Escalation | None:
    return session.get(Escalation, escalation_id)


HELD_AT_ONCE = "held escalations"
SEVERAL_HELD = (
    select(Escalation)
    .where(col(Escalation.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Escalation.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def hold(session: Session, escalation_ids: Collection[int]) -> list[Escalation]:
    """Lock several, in one order, for a transaction that is about them all: `lock` finds them held."""
    found = list(session.exec(SEVERAL_HELD, params={"ids": sorted(set(escalation_ids))}))
    session.info[HELD_AT_ONCE] = {escalation.key: escalation for escalation in found}
    return found


def lock(session: Session, escalation_id: int) -> Escalation | None:
    held: Escalation | None = session.info.get(HELD_AT_ONCE, {}).get(escalation_id)
    if held is not None:
        return held
    statement = select(Escalation).where(Escalation.id == escalation_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def of_message(session: Session, team_id: str, channel_id: str, ts: str) -> Escalation | None:
    """
    The escalation that a message of the bot is about: its own message in a channel, or a page to one person. Of a
    message with several pages the first.
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


def move(session: Session, back: timedelta) -> None:
    """The clock was set back: what is due next is as far off as it was."""
    waiting = select(Escalation).where(col(Escalation.next_step_at).is_not(None)).order_by(col(Escalation.id))
    for row in session.exec(waiting.with_for_update().execution_options(populate_existing=True)):
        row.next_step_at = row.next_step_at - back if row.next_step_at else None
        row.more_time_until = row.more_time_until - back if row.more_time_until else None
        session.add(row)


def of_incident(session: Session, incident_id: int) -> list[Escalation]:
    statement = select(Escalation).where(Escalation.incident_id == incident_id).order_by(col(Escalation.id))
    return list(session.exec(statement))


BESIDE = "escalations of several incidents"


def read_beside(session: Session, incident_ids: Collection[int]) -> None:
    """For a transaction that is about very many: what `beside` and `is_called_off` look at is read at once."""
    statement = (
        select(Escalation, TimelineEntry)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(col(Escalation.incident_id).in_(sorted(set(incident_ids))))
        .order_by(col(Escalation.id))
    )
    found = session.exec(statement).all()
    known: dict[int, list[Escalation]] = {}
    for row, _ in found:
        known.setdefault(row.incident_id, []).append(row)
    session.info[BESIDE] = (known, [entry for _, entry in found])  # held: the session forgets what nobody holds


def beside(session: Session, escalation: Escalation) -> list[Escalation]:
    """All of its incident, itself among them."""
    known: dict[int, list[Escalation]] = session.info.get(BESIDE, ({}, []))[0]
    return known.get(escalation.incident_id) or of_incident(session, escalation.incident_id)


def unanswered(session: Session, incident_id: int) -> list[Escalation]:
    """
    Those that nobody acknowledged and nobody called off, the newest first. A vendor who answered when nobody knows, or
    fixed it without a word before, is waited for no more.
    """
    statement = (
        select(Escalation)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            Escalation.incident_id == incident_id,
            col(Escalation.acknowledged_at).is_(None),
            col(Escalation.first_answer_entry_id).is_(None),
            col(Escalation.fixed_entry_id).is_(None),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )
    return list(session.exec(statement))


def waiting_in(session: Session, sight: Sight) -> list[tuple[Escalation, Incident]]:
    """Pages of open incidents that are seen which nobody acknowledged and nobody called off, the newest first."""
    statement = (
        select(Escalation, Incident)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            sight.condition,
            col(Incident.status).in_(OPEN),
            col(Escalation.acknowledged_at).is_(None),
            col(Escalation.is_external).is_(False),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )
    return list(session.exec(statement))


def is_called_off(session: Session, escalation: Escalation) -> bool:
    """Whether somebody took its entry off the timeline."""
    entry = session.get(TimelineEntry, escalation.entry_id) if escalation.entry_id else None
    return entry is not None and entry.withdrawn_at is not None


def went_on_in(session: Session, escalation: Escalation) -> Escalation | None:
    """The one that somebody was handed it in; None where it goes on here, or that one was called off."""
    later = [each for each in of_incident(session, escalation.incident_id) if each.follows_id == escalation.key]
    standing = [each for each in later if not each.is_external and not is_called_off(session, each)]
    return standing[-1] if standing else None


LEFT_BEHIND = "left behind"
"""The means of a page that is none: the escalation's message in the channel of an incident that was merged."""


def leave_behind(session: Session, escalation: Escalation, channel_id: str, message_ts: str, at: datetime) -> None:
    """Its message stays in the channel that it leaves, and is shown anew as the pages are."""
    page = Page(
        escalation_id=escalation.key,
        user_id="",
        means=LEFT_BEHIND,
        ordinal=0,
        queued_at=at,
        outcome=SENT,
        channel_id=channel_id,
        message_ts=message_ts,
    )
    session.add(page)
    session.flush()


def pages_of_incident(session: Session, incident_id: int) -> list[Page]:
    """Those of all its escalations, each in the order in which they were written."""
    statement = (
        select(Page)
        .join(Escalation, col(Escalation.id) == Page.escalation_id)
        .where(Escalation.incident_id == incident_id)
        .order_by(col(Page.id))
    )
    return list(session.exec(statement))


def pages_of(session: Session, escalation_id: int) -> list[Page]:
    return list(session.exec(select(Page).where(Page.escalation_id == escalation_id).order_by(col(Page.id))))
