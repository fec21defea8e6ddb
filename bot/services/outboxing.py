"""
The outbox as people see it: what waits and why, in words; tried again, or dropped.

Rows are told of by their kind and the number of their incident, never by what they say: an operator need not be in
every private incident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.domain.durations import show_duration
from bot.domain.errors import UserError
from bot.domain.refusals import Refusal, explained
from bot.services import tell
from bot.services.actor import Actor
from bot.services.people import MENTION
from bot.services.tell import What
from bot.store import audit, incidents, outbox, waiting
from bot.store.outbox import UNFINISHED, State
from bot.store.waiting import ClosedGate, ClosedLane, Waiting

SHOWN = 200
IN_WORDS = {
    What.CREATE_CHANNEL: "Open the channel",
    What.INVITE: "Invite people",
    What.PIN_CARD: "Pin the card",
    What.SAY: "Post what happened",
    What.PAGE: "Page somebody",
    What.DRAFT: "Post the postmortem draft",
    What.WHISPER: "Answer one person",
    What.FETCH_MESSAGE: "Read a message that was marked",
    What.LEARN_PERSON: "Look up a name",
    What.CARD: "Update the card",
    What.ANNOUNCEMENT: "Update the announcement",
    What.TOPIC: "Set the topic",
    What.FOLLOWUPS: "Update the list of actions",
    What.ALERTS: "Show how the alerts stand",
    What.QUESTIONS: "Ask for what is missing",
    What.FINDINGS: "Say what to check in the record",
    What.ESCALATION: "Show the call for help",
    What.CONFIRM: "Confirm a mark",
    What.LOOK: "Look for what was missed",
    What.UNSAY: "Take words back",
    What.DELETE_FILE: "Delete a draft",
}
FAILED = (State.FAILED, State.DEAD)
RATE_LIMITED = "ratelimited"


@dataclass(frozen=True, slots=True)
class Overview:
    """`rows` are at most SHOWN; `unfinished`, `refused` and `given_up` count all there are."""

    at: datetime
    rows: Sequence[Waiting]
    unfinished: int
    refused: int
    given_up: int
    closed_lanes: Sequence[ClosedLane]
    closed_gates: Sequence[ClosedGate]


@dataclass(frozen=True, slots=True)
class Problem:
    """A step of an incident that was not done."""

    act: str
    refusal: Refusal
    whom: Sequence[str] = ()
    """The people it is about, as mentions."""

    @property
    def sentence(self) -> str:
        about = f" ({', '.join(self.whom)})" if self.whom else ""
        return f"{self.act}{about}: {self.refusal.sentence}"


def overview(session: Session, now: datetime, *, limit: int | None = SHOWN) -> Overview:
    """What failed, then what waits, the oldest first. `limit` None: all of it."""
    most = 1_000_000 if limit is None else limit
    failed = waiting.waiting(session, most, FAILED)
    return Overview(
        at=now,
        rows=[*failed, *waiting.waiting(session, max(0, most - len(failed)), UNFINISHED)],
        unfinished=waiting.how_many(session),
        refused=waiting.how_many(session, [State.FAILED]),
        given_up=waiting.how_many(session, [State.DEAD]),
        closed_lanes=waiting.closed_lanes(session),
        closed_gates=waiting.closed_gates(session, now),
    )


def act_of(what: str) -> str:
    """What a row does, in words; of a kind that another release wrote, its name."""
    return IN_WORDS[What(what)] if what in set(What) else what


def lane_of(lane: str) -> str:
    """A lane's name without whom it is for: who is written to in a private incident is nobody else's business."""
    kind, _, whose = lane.partition(":")
    return "dm" if kind == "dm" else f"{kind}:{whose}" if whose else kind


def why(row: Waiting, now: datetime) -> str:
    """What holds a row up, or what became of it; the nearest reason only."""
    match row.state:
        case State.FAILED:
            return "Slack refused it"
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
    due = max(row.not_before, row.lane_due_at or row.not_before)
    wait = max(0, round((due - now).total_seconds()))
    soon = f"{wait} s" if wait < 120 else show_duration(due - now)
    if row.error == RATE_LIMITED and wait:
        return f"Slack asked to wait; tried again in {soon}"
    if row.state == State.UNKNOWN:
        return "its answer was lost: Slack is asked whether it arrived" + (f", in {soon}" if wait else "")
    if row.error:
        return f"Slack did not take it; tried again in {soon}" if wait else "Slack did not take it; tried again now"
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


def problems(session: Session, incident_id: int) -> list[Problem]:
    """What could not be done for an incident, each thing once, in the order in which it failed."""
    found: dict[str, Problem] = {}
    for row in outbox.problems_of(session, incident_id):
        whom = [f"<@{user}>" for user in dict.fromkeys(MENTION.findall(row.error or ""))]
        problem = Problem(act_of(row.what), explained(row.error), whom)
        found.setdefault(problem.sentence, problem)
    return list(found.values())


def retry(session: Session, keys: Sequence[int], actor: Actor) -> list[int]:
    """
    Put rows that were refused or given up back to wait. Returns those that were; the others are none such.

    The card says what failed until it is shown again: it is.
    """
    done, of_incidents = [], set()
    for key in keys:
        if not outbox.retry(session, key, actor.at):
            continue
        done.append(key)
        of_incidents.add(_noted(session, key, "tried again", actor))
    _show(session, of_incidents, actor.at)
    return done


def retry_all(session: Session, actor: Actor) -> list[int]:
    return retry(session, waiting.failed_of(session), actor)


def retry_incident(session: Session, incident_id: int, actor: Actor) -> list[int]:
    """Raises UserError if nothing of the incident failed, or somebody else was faster."""
    done = retry(session, waiting.failed_of(session, incident_id), actor)
    if not done:
        raise UserError("There is nothing to try again: somebody else has, or it was done meanwhile.")
    return done


def drop(session: Session, keys: Sequence[int], actor: Actor) -> list[int]:
    """Give rows up for good. Returns those that were; one that is being sent, or was done, is left alone."""
    done, of_incidents = [], set()
    for key in keys:
        if not outbox.drop(session, key, actor.at):
            continue
        done.append(key)
        of_incidents.add(_noted(session, key, "dropped", actor))
    _show(session, of_incidents, actor.at)
    return done


def _noted(session: Session, key: int, what: str, actor: Actor) -> int | None:
    row = outbox.get(session, key)
    audit.note(
        session, at=actor.at, team_id=row.team_id, what=f"outbox {what}", origin=actor.origin, who=actor.user_id,
        incident_id=row.incident_id, row=key, kind=row.what,
    )  # fmt: skip
    return row.incident_id


def _show(session: Session, of_incidents: set[int | None], at: datetime) -> None:
    """The cards without what is tried again. Without a channel there is no card, only the announcement."""
    for incident_id in sorted(each for each in of_incidents if each is not None):
        incident = incidents.get(session, incident_id)
        if incident.channel_id is None:
            tell.show_announcement(session, incident, at)
        else:
            tell.show_card(session, incident, at)
