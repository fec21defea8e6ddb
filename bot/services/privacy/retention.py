"""
What goes when its time is over, by `[retention]`: what would, and what a run deleted.

Never an entry, a time, an escalation, a draft or their words: they are the record.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services.channel.transcript import written_at
from bot.services.workspace.actor import Origin
from bot.store.incidents import incidents
from bot.store.shared import audit
from bot.store.shared.idempotency import KEPT as DELIVERIES_KEPT
from bot.store.upkeep import retention

DONE_ROWS_KEPT = timedelta(days=7)
"""How long what Slack was told stays in the outbox: long enough to see what happened on a day."""


@dataclass(frozen=True, slots=True)
class Due:
    """
    What would go of one kind. `kept` None: it is kept for ever, and `count` is 0.

    `oldest` and `newest` are the times of what would go; `incidents` is how many have some of it.
    """

    what: str
    kept: timedelta | None
    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """From before when transcripts and loose alerts go; None: never."""

    transcripts: datetime | None
    alerts: datetime | None


def bounds(settings: Settings, now: datetime) -> Bounds:
    def before(days: int | None) -> datetime | None:
        return None if days is None else now - timedelta(days=days)

    return Bounds(before(settings.retention.transcripts_days), before(settings.retention.payloads_days))


def as_ts(moment: datetime) -> str:
    """The `ts` that a message written at that moment would have."""
    return f"{int(moment.timestamp())}.{moment.microsecond:06d}"


def preview(session: Session, settings: Settings, now: datetime) -> list[Due]:
    """What a run would delete at this moment, kind by kind."""
    at = bounds(settings, now)
    sent = retention.count_sent(session, now - DONE_ROWS_KEPT)
    deliveries = retention.count_deliveries(session, now)
    return [
        _messages(session, at.transcripts, now),
        _alerts(session, at.alerts, now),
        Due("sent", DONE_ROWS_KEPT, sent.count, sent.oldest, sent.newest),
        Due("deliveries", DELIVERIES_KEPT, deliveries.count, deliveries.oldest, deliveries.newest),
    ]


def _messages(session: Session, before: datetime | None, now: datetime) -> Due:
    if before is None:
        return Due("messages", None)
    found = retention.count_messages(session, before, as_ts(before))
    oldest, newest = (written_at(ts) if ts else None for ts in (found.oldest, found.newest))
    return Due("messages", now - before, found.count, oldest, newest, found.incidents)


def _alerts(session: Session, before: datetime | None, now: datetime) -> Due:
    if before is None:
        return Due("alerts", None)
    found = retention.count_alerts(session, before)
    return Due("alerts", now - before, found.count, found.oldest, found.newest)


def note(session: Session, at: datetime, origin: Origin, messages: int, alerts: int) -> None:
    """Say in the audit what a run deleted."""
    installation = incidents.installation(session)
    if installation is not None and (messages or alerts):
        audit.note(
            session,
            at=at,
            team_id=installation.team_id,
            what="deleted by retention",
            origin=origin,
            messages=messages,
            alerts=alerts,
        )
