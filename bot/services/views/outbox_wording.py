"""
The outbox in words: what a row does, what holds it up, and what became of it.

Rows are told of by their kind and the number of their incident, never by what they say: an operator need not be in
every private incident.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.slack_app.api_errors import Refusal, explained
from bot.domain.text.durations import show_duration
from bot.services.outbox import What
from bot.store.outbox import State
from bot.store.outbox.inspection import ClosedGate, Waiting

IN_WORDS = {
    What.CREATE_CHANNEL: "Open the channel",
    What.INVITE: "Invite people",
    What.PIN_CARD: "Pin the card",
    What.SAY: "Post what happened",
    What.PAGE: "Page somebody",
    What.PAGE_BY_MEANS: "Page somebody outside Slack",
    What.STAND_DOWN: "Tell a paging service to stop",
    What.DRAFT: "Post the postmortem draft",
    What.WHISPER: "Answer one person",
    What.DIRECT: "Write to somebody directly",
    What.PAGE_TEST: "Try somebody's pages",
    What.PAGE_BUNDLE: "Page somebody for several incidents",
    What.TEST_BY_MEANS: "Try somebody's pages outside Slack",
    What.ASK_FOR_SIGN: "Ask somebody whether they are still on it",
    What.NUDGE: "Remind people of what is due",
    What.BRIEF: "Brief somebody on their role",
    What.FETCH_MESSAGE: "Read a message that was marked",
    What.LEARN_PERSON: "Look up a name",
    What.CARD: "Update the card",
    What.ANNOUNCEMENT: "Update the announcement",
    What.TOPIC: "Set the topic",
    What.FOLLOWUPS: "Update the list of actions",
    What.ALERTS: "Show how the alerts stand",
    What.QUESTIONS: "Ask for what is missing",
    What.VENDOR_CASE: "Ask for a vendor's case reference",
    What.FINDINGS: "Say what to check in the record",
    What.ESCALATION: "Show the call for help",
    What.HOME: "Show somebody's App Home",
    What.CONFIRM: "Confirm a mark",
    What.LOOK: "Look for what was missed",
    What.UNSAY: "Edit an older message",
    What.DELETE_FILE: "Delete a draft or a picture",
    What.BOOKMARKS: "Set the channel's bookmarks",
    What.CANVAS: "Put the draft into the canvas",
    What.NOTICE: "Say what Dogwatch may not do",
    What.DUTY_CHANGED: "Tell somebody of a change of who is on call",
    What.SHIFT_CHANGED: "Hand over at a change of shift",
    What.SHIFTS_DRAWN: "Draw who is on call",
}
FAILED = (State.FAILED, State.DEAD)
BY_MEANS = (What.PAGE_BY_MEANS, What.STAND_DOWN)
"""What Slack has no part in."""
RATE_LIMITED = "ratelimited"
OF_ONE_PERSON = ("dm", "home", "means")
"""Lanes that are named after whoever they are for."""
NO_INCIDENT = "no incident"


@dataclass(frozen=True, slots=True)
class Told:
    """A row as people read it, wherever they do. `refusal`: what Slack said, None if it said nothing yet."""

    act: str
    about: str
    lane: str
    why: str
    refusal: Refusal | None
    is_refusal_news: bool
    """False where `why` says all of it: Slack only asked to wait."""
    since: str
    tries: str
    next_at: datetime | None
    holder: str | None
    """The worker that has it, and until when in `held_until`."""
    held_until: datetime | None

    @property
    def remark(self) -> str:
        return self.refusal.sentence if self.refusal and self.is_refusal_news else ""


def told(row: Waiting, now: datetime) -> Told:
    has_failed = row.state in FAILED
    is_held = bool(row.owner and row.lease_until and not has_failed)
    return Told(
        act=act_of(row.what),
        about=row.reference or NO_INCIDENT,
        lane=lane_of(row.lane),
        why=why(row, now),
        refusal=explained(row.error) if row.error or has_failed else None,
        is_refusal_news=has_failed or row.error not in {None, RATE_LIMITED},
        since=f"asked for {ago(row.since, now)}",
        tries=times(row.attempts) if row.attempts else "not tried yet",
        next_at=None if has_failed else row.not_before,
        holder=row.owner[:8] if row.owner and is_held else None,
        held_until=row.lease_until if is_held else None,
    )


def act_of(what: str) -> str:
    """What a row does, in words; of a kind that another release wrote, its name."""
    return IN_WORDS[What(what)] if what in set(What) else what


def lane_of(lane: str) -> str:
    """A lane's name without whom it is for: who is written to in a private incident is nobody else's business."""
    kind, _, whose = lane.partition(":")
    return kind if kind in OF_ONE_PERSON else f"{kind}:{whose}" if whose else kind


def why(row: Waiting, now: datetime) -> str:
    """What holds a row up, or what became of it; the nearest reason only."""
    match row.state:
        case State.FAILED:
            return "it was refused" if row.what in BY_MEANS else "Slack refused it"
        case State.DEAD:
            return f"given up after {times(row.attempts)}"
        case State.RUNNING if row.lease_until is not None and row.lease_until < now:
            return "its worker is gone: another one asks Slack whether it arrived"
    if not row.is_lane_open:
        return "its channel is not open yet"
    if row.state == State.RUNNING:
        return "being sent now" if row.attempts < 2 else f"being sent, for the {ordinal(row.attempts)} time"
    return _held_up_by(row, now) if row.is_first else "one before it goes first"


def _held_up_by(row: Waiting, now: datetime) -> str:
    who = "the means" if row.what in BY_MEANS else "Slack"
    due = max(row.not_before, row.lane_due_at or row.not_before)
    wait = max(0, round((due - now).total_seconds()))
    soon = f"{wait} s" if wait < 120 else show_duration(due - now)
    if row.error == RATE_LIMITED and wait:
        return f"Slack asked to wait; tried again in {soon}"
    if row.state == State.UNKNOWN:
        again = "it is sent again" if row.what in BY_MEANS else "Slack is asked whether it arrived"
        return f"its answer was lost: {again}" + (f", in {soon}" if wait else "")
    if row.error:
        return f"{who} did not take it; tried again {f'in {soon}' if wait else 'now'}"
    return f"its turn is in {soon}, at the rate that Slack allows" if wait else "it is next"


def gate_in_words(gate: ClosedGate) -> str:
    """Which calls a gate holds back, without to whom."""
    method, _, place = gate.key.partition(":")
    where = {"dm": " to one person", "digest": " in the incidents channel", "incident": f" in {gate.reference}"}
    return method + where.get(place.partition(":")[0], "")


def begun(words: str) -> str:
    """As the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in {11, 12, 13} else 0, "th")
    return f"{number}{ending}"


def times(number: int) -> str:
    return "one try" if number == 1 else f"{number} tries"


def ago(moment: datetime, now: datetime) -> str:
    return f"{show_duration(now - moment)} ago"
