"""What a failure means for a row of the outbox, for all effects alike."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session
from structlog import get_logger

from bot.domain.slack_app.api_errors import explained
from bot.services import outbox as tell
from bot.services.channel import archiving as channels
from bot.services.outbox import What
from bot.slack.api.client import Away, Busy, Refused, TokenRefused
from bot.slack.api.rate_limits import POST, gate_of
from bot.slack.delivery.effects import place_of
from bot.slack.delivery.effects.context import NotReady, OfLaterRelease
from bot.store import outbox
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents import incidents
from bot.store.outbox import Again, Claim, Failure, LostLease, OutboxRow, Outcome

log = get_logger(__name__)

DEFECTS_FORGIVEN = 5
"""How often a row is tried whose failure is our own fault, before it is given up."""
GIVEN_UP_AFTER = timedelta(hours=24)
TRIES_BEFORE_THAT = 10
"""A row that an operator tries again after a day gets these, too."""
ARCHIVED = "is_archived"
REFUSED_FOR = timedelta(days=1)
"""How long a card that was refused is believed to be."""
TOKEN_PAUSE = timedelta(seconds=30)
LEFT_FOR = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
LONGEST_PAUSE_OF_PAGES = timedelta(seconds=5)
"""Somebody is needed: how soon they hear of it may not hang on how long nobody could be asked."""


def backoff(what: str, failures: int) -> timedelta:
    """1 s, 2 s, 4 s, … after the first, second, third failure in a row, and at most a minute; pages 5 s."""
    longest = LONGEST_PAUSE_OF_PAGES if tell.urgency_of(what) == "pages" else LONGEST_PAUSE
    return min(timedelta(seconds=2 ** min(failures - 1, 6)), longest)


def outcome_of(claim: Claim, problem: Exception, now: datetime) -> Outcome:
    """What becomes of a row that an effect left with this exception."""
    row = claim.row
    match problem:
        case NotReady():
            return Again(now + timedelta(seconds=1), "the workspace is not known yet", is_unknown=claim.is_unknown)
        case OfLaterRelease():
            return _left(claim, now)
        case Busy():
            gates = (gate_of(problem.method, place_of(row) if problem.method == POST else None),)
            at = now + timedelta(seconds=problem.seconds)
            return Again(at, "ratelimited", is_unknown=claim.is_unknown, blocks=gates)
        case TokenRefused():
            log.error("Slack does not accept the bot's token", error=problem.error)
            return Again(now + TOKEN_PAUSE, problem.error, is_unknown=claim.is_unknown)
        case Refused():
            log.warning("Slack refused", what=row.what, lane=row.lane, method=problem.method, error=str(problem))
            return outbox.Refused(str(problem))
        case Away():
            return _away(claim, problem, now)
        case DatabaseUnavailable() | LostLease():
            at = now + backoff(row.what, (row.silences or 0) + 1)
            return Again(at, str(problem), is_unknown=True, failure=Failure.DATABASE_AWAY)
    return _defect(row, problem, now)


def _left(claim: Claim, now: datetime) -> Outcome:
    """To a replica that knows it: while an upgrade goes on there is one, beside this one."""
    row, error = claim.row, "a later release queued it, and none of its replicas took it"
    if now - row.created_at > GIVEN_UP_AFTER:
        return outbox.Refused(error, is_dead=True)
    log.warning("a row is left to a replica of a later release", what=row.what, lane=row.lane)
    return Again(now + LEFT_FOR, error, is_unknown=claim.is_unknown)


def _away(claim: Claim, problem: Away, now: datetime) -> Outcome:
    row = claim.row
    silences = (row.silences or 0) + 1
    if silences >= TRIES_BEFORE_THAT and now - (row.first_attempt_at or now) > GIVEN_UP_AFTER:
        return outbox.Refused(str(problem), is_dead=True)
    log.warning("Slack is away", what=row.what, lane=row.lane, problem=str(problem))
    is_unknown = problem.maybe_done or claim.is_unknown
    at = now + backoff(row.what, silences)
    return Again(at, str(problem), is_unknown=is_unknown, failure=Failure.SLACK_AWAY)


def _defect(row: OutboxRow, problem: Exception, now: datetime) -> Outcome:
    log.error("a row of the outbox failed", what=row.what, lane=row.lane, exc_info=problem)
    error, defects = f"{type(problem).__name__}: {problem}", (row.defects or 0) + 1
    if defects >= DEFECTS_FORGIVEN:
        return outbox.Refused(error, is_dead=True)
    return Again(now + backoff(row.what, defects), error, is_unknown=True, failure=Failure.DEFECT)


def shown(row: OutboxRow, outcome: outbox.Refused, at: datetime) -> outbox.Refused:
    """
    The refusal, with the card edited where it says something new: there people see what could not be done.

    A card that was refused itself is not tried again for that: it shows all of it when somebody tries it again.
    """
    incident_id = row.incident_id
    if incident_id is None:
        return outcome
    if row.what == What.CARD:
        return replace(outcome, apply=partial(_learn_of_archiving, row, at)) if _is_archived(outcome) else outcome

    def apply(session: Session) -> None:
        if outcome.apply is not None:
            outcome.apply(session)
        if _is_archived(outcome):
            _learn_of_archiving(row, at, session)
        card = tell.card_target(incident_id)
        if outbox.is_news(session, row) and not outbox.is_refused(session, incident_id, card, at - REFUSED_FOR):
            tell.show_card(session, incidents.get(session, incident_id), at)

    return replace(outcome, apply=apply)


def _is_archived(outcome: outbox.Refused) -> bool:
    return explained(outcome.error).word == ARCHIVED


def _learn_of_archiving(row: OutboxRow, at: datetime, session: Session) -> None:
    """That the channel is archived is learned here, too: no event tells of what happened while the bot was down."""
    if row.incident_id is None or not place_of(row).startswith("incident:"):
        return
    by = (row.details.get("values") or {}).get("by")
    channels.found_archived(session, row.incident_id, row.details.get("channel_id"), at, by)
