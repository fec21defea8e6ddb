"""Outcome of an outbox row whose effect failed."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session
from structlog import get_logger

from bot.domain.slack_app.api_errors import explain_error
from bot.services.channel.channel_changes import on_archived_refusal
from bot.services.outbox import OutboxKind, card_target, refresh_card, urgency_of
from bot.services.outbox.payloads import EventPayload, payload_of
from bot.slack.api.errors import RateLimited, SlackApiError, SlackError, TokenRejected, Unreachable
from bot.slack.api.rate_limits import POST_MESSAGE, gate_name
from bot.slack.delivery.effects import destination_of
from bot.slack.delivery.effects.context import EffectContext, NotReady, UnknownOutboxKind
from bot.store import outbox
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents import incidents, timeline
from bot.store.outbox import Claim, Failure, LostLease, OutboxRow, Outcome, Retry

log = get_logger(__name__)

MAX_DEFECTS = 5
"""Attempts of a row that fails by a defect of ours."""
GIVE_UP_AFTER = timedelta(hours=24)
MIN_ATTEMPTS = 10
"""Also of a row that an operator retries after GIVE_UP_AFTER."""
ARCHIVED, UNKNOWN_CHANNEL = "is_archived", "channel_not_found"
SETTLE_TIME = timedelta(minutes=1)
"""Slack may not know a new channel everywhere yet."""
REFUSED_FOR = timedelta(days=1)
"""Age up to which a refused card is taken as still refused."""
TOKEN_PAUSE = timedelta(seconds=30)
UNKNOWN_KIND_PAUSE = timedelta(seconds=5)
MAX_DELAY = timedelta(seconds=60)
MAX_PAGE_DELAY = timedelta(seconds=5)
"""Pages are urgent, however long Slack has been unreachable."""


def retry_delay(kind: str, failures: int) -> timedelta:
    """1 s, 2 s, 4 s, … for consecutive failures, up to MAX_DELAY; pages up to MAX_PAGE_DELAY."""
    longest = MAX_PAGE_DELAY if urgency_of(kind) == "pages" else MAX_DELAY
    return min(timedelta(seconds=2 ** min(failures - 1, 6)), longest)


def failure_outcome(claim: Claim, problem: Exception, now: datetime) -> Outcome:
    row = claim.row
    match problem:
        case NotReady():
            return Retry(now + timedelta(seconds=1), "the workspace is not known yet", is_unknown=claim.is_unknown)
        case UnknownOutboxKind():
            return _unknown_kind(claim, now)
        case RateLimited():
            gates = (gate_name(problem.method, destination_of(row) if problem.method == POST_MESSAGE else None),)
            at = now + timedelta(seconds=problem.seconds)
            return Retry(at, "ratelimited", is_unknown=claim.is_unknown, blocks=gates)
        case TokenRejected():
            log.error("bot token rejected", error=problem.error)
            return Retry(now + TOKEN_PAUSE, problem.error, is_unknown=claim.is_unknown)
        case SlackApiError():
            log.warning(
                "call refused by Slack", what=row.kind, lane=row.lane, method=problem.method, error=str(problem)
            )
            return outbox.Rejected(str(problem))
        case Unreachable():
            return _unreachable(claim, problem, now)
        case DatabaseUnavailable() | LostLease():
            at = now + retry_delay(row.kind, row.unanswered_attempts + 1)
            return Retry(at, str(problem), is_unknown=True, failure=Failure.DATABASE_UNREACHABLE)
    return _defect(row, problem, now)


def _unknown_kind(claim: Claim, now: datetime) -> Outcome:
    """Leave the row to a replica of the later release, which runs during an upgrade."""
    row, error = claim.row, "a later release queued it, and none of its replicas took it"
    if now - row.created_at > GIVE_UP_AFTER:
        return outbox.Rejected(error, is_dead=True)
    log.warning("outbox row left to a replica of a later release", what=row.kind, lane=row.lane)
    return Retry(now + UNKNOWN_KIND_PAUSE, error, is_unknown=claim.is_unknown)


def _unreachable(claim: Claim, problem: Unreachable, now: datetime) -> Outcome:
    row = claim.row
    unanswered_attempts = row.unanswered_attempts + 1
    if unanswered_attempts >= MIN_ATTEMPTS and now - (row.first_attempt_at or now) > GIVE_UP_AFTER:
        return outbox.Rejected(str(problem), is_dead=True)
    log.warning("call unanswered by Slack", what=row.kind, lane=row.lane, problem=str(problem))
    is_unknown = problem.maybe_done or claim.is_unknown
    at = now + retry_delay(row.kind, unanswered_attempts)
    return Retry(at, str(problem), is_unknown=is_unknown, failure=Failure.SLACK_UNREACHABLE)


def _defect(row: OutboxRow, problem: Exception, now: datetime) -> Outcome:
    log.error("outbox row failed", what=row.kind, lane=row.lane, exc_info=problem)
    error, defects = f"{type(problem).__name__}: {problem}", row.defects + 1
    if defects >= MAX_DEFECTS:
        return outbox.Rejected(error, is_dead=True)
    return Retry(now + retry_delay(row.kind, defects), error, is_unknown=True, failure=Failure.DEFECT)


async def is_channel_lost(context: EffectContext, row: OutboxRow, outcome: outbox.Rejected) -> bool:
    """
    Whether the incident's channel was deleted, or the bot was removed from a private one.

    The refused call may have been about another channel: Slack is asked once more.
    """
    if not _is_about_channel(row) or _error_code(outcome) != UNKNOWN_CHANNEL:
        return False
    try:
        channel_id = await context.database.read(_find_settled_channel, row, context.now() - SETTLE_TIME)
        if channel_id is not None:
            await context.gateway.call("conversations.info", channel=channel_id)
    except SlackApiError as problem:
        return problem.error == UNKNOWN_CHANNEL
    except (SlackError, DatabaseUnavailable):  # the next refusal tells
        return False
    return False


def _find_settled_channel(session: Session, row: OutboxRow, before: datetime) -> str | None:
    """The incident's channel; None if it was created since `before`, or is known to be closed."""
    incident = incidents.get(session, row.incident_id or 0)
    created_at = outbox.find_done_at(session, incident.key, OutboxKind.CREATE_CHANNEL)
    is_new = created_at is not None and created_at > before
    return None if is_new or incident.archived_at is not None else incident.channel_id


def with_card_refresh(
    row: OutboxRow, outcome: outbox.Rejected, at: datetime, *, is_lost: bool = False
) -> outbox.Rejected:
    """
    Add a refresh of the incident's card, which shows the failure, if it is a new one.

    A refused card is not refreshed: it shows all failures once it is retried. `is_lost`: see `is_channel_lost`.
    """
    incident_id = row.incident_id
    if incident_id is None:
        return outcome
    is_closed = is_lost or _error_code(outcome) == ARCHIVED
    if row.kind == OutboxKind.CARD:
        return replace(outcome, apply=partial(_record_archiving, row, at, is_lost)) if is_closed else outcome

    def apply(session: Session) -> None:
        if outcome.apply is not None:
            outcome.apply(session)
        if is_closed:
            _record_archiving(row, at, is_lost, session)
        card = card_target(incident_id)
        if outbox.is_first_failure(session, row) and not outbox.is_view_rejected(
            session, incident_id, card, at - REFUSED_FOR
        ):
            refresh_card(session, incidents.get(session, incident_id), at)

    return replace(outcome, apply=apply)


def _error_code(outcome: outbox.Rejected) -> str | None:
    return explain_error(outcome.error).error_code


def _is_about_channel(row: OutboxRow) -> bool:
    return row.incident_id is not None and destination_of(row).startswith("incident:")


def _record_archiving(row: OutboxRow, at: datetime, is_lost: bool, session: Session) -> None:
    """Record that the channel is archived or lost: events are missed while the bot is down."""
    if row.incident_id is None or not _is_about_channel(row):
        return
    posted_in = None if is_lost else getattr(payload_of(row), "channel_id", None)
    lines = [row, *outbox.find_unfinished(session, row.incident_id, OutboxKind.EVENT)]
    by = next(filter(None, (_find_actor(session, each) for each in lines)), None)
    on_archived_refusal(session, row.incident_id, posted_in, at, by, is_lost=is_lost)


def _find_actor(session: Session, row: OutboxRow) -> str | None:
    """The person whose action a line of the channel shows; None for every other row."""
    payload = payload_of(row)
    if not isinstance(payload, EventPayload) or payload.user_id:
        return None
    entry = timeline.get(session, payload.entry_id) if payload.entry_id else None
    return payload.values.get("by") or (entry.recorded_by if entry else None)
