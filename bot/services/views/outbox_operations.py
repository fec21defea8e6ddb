"""
What operators see of the outbox and do with it: what waits and what failed; tried again, or dropped.

The words for it are in `outbox_words`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.slack_app.api_errors import Refusal, explained
from bot.domain.slack_app.scopes import Lack, is_lack
from bot.services import outbox as tell
from bot.services.outbox import What
from bot.services.views.outbox_wording import FAILED, act_of
from bot.services.workspace import missing_permissions as notices
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import MENTION
from bot.store import outbox
from bot.store.incidents import incidents
from bot.store.outbox import UNFINISHED, State
from bot.store.outbox import inspection as waiting
from bot.store.outbox.inspection import ClosedGate, ClosedLane, Waiting
from bot.store.outbox.locking import hold
from bot.store.shared import audit

SHOWN = 200
TOLD_ONCE = frozenset({What.PIN_CARD})
"""What an incident does well without. That the app may not do it is told once, and not on every card."""


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
    lacks: Sequence[Lack] = ()
    """What the app may not do, or the workspace does not have, as far as is known."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The rows that were named and dropped, and those that went `along` because they could never go without them."""

    rows: Sequence[int]
    along: Sequence[int]


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
        lacks=notices.standing(session),
    )


def problems(session: Session, incident_id: int) -> list[Problem]:
    """What could not be done for an incident, each thing once, in the order in which it failed."""
    found: dict[str, Problem] = {}
    for row in outbox.problems_of(session, incident_id):
        if row.what in TOLD_ONCE and is_lack(row.error):
            continue
        whom = [f"<@{user}>" for user in dict.fromkeys(MENTION.findall(row.error or ""))]
        problem = Problem(act_of(row.what), explained(row.error), whom)
        found.setdefault(problem.sentence, problem)
    return list(found.values())


def retry(session: Session, keys: Collection[int], actor: Actor) -> list[int]:
    """
    Put rows that were refused or given up back to wait. Returns those that were; the others are none such.

    The card says what failed until it is shown again: it is.
    """
    hold(session, keys, What.CREATE_CHANNEL)
    return _act(session, keys, actor, outbox.retry, "tried again")


def retry_all(session: Session, actor: Actor) -> list[int]:
    return retry(session, waiting.failed_of(session), actor)


def retry_incident(session: Session, incident_id: int, actor: Actor) -> list[int]:
    """Raises UserError if nothing of the incident failed, or somebody else was faster."""
    done = retry(session, waiting.failed_of(session, incident_id), actor)
    if not done:
        raise UserError("There is nothing to try again: somebody else has, or it was done meanwhile.")
    return done


def drop(session: Session, keys: Collection[int], actor: Actor) -> Dropped:
    """
    Give rows up for good; one that is being sent, or was done, is left alone.

    What waits for a channel goes with the row that was to open it: nothing else would ever let it go.
    """
    behind = hold(session, keys, What.CREATE_CHANNEL)
    done = _act(session, keys, actor, outbox.drop, "dropped")
    along = _act(session, set(behind) - set(keys), actor, outbox.drop, "dropped")
    return Dropped(done, along)


def _act(
    session: Session, keys: Collection[int], actor: Actor, act: Callable[[Session, int, datetime], bool], what: str
) -> list[int]:
    """Do it with each row that it can be done with, write that down, and show the incidents anew. All are held."""
    done = [key for key in sorted(set(keys)) if act(session, key, actor.at)]
    _show(session, {_noted(session, key, what, actor) for key in done}, actor.at)
    return done


def _noted(session: Session, key: int, what: str, actor: Actor) -> int | None:
    row = outbox.get(session, key)
    audit.note(
        session,
        at=actor.at,
        team_id=row.team_id,
        what=f"outbox {what}",
        origin=actor.origin,
        who=actor.user_id,
        incident_id=row.incident_id,
        row=key,
        kind=row.what,
    )
    return row.incident_id


def _show(session: Session, of_incidents: set[int | None], at: datetime) -> None:
    """The cards without what is tried again. Without a channel there is no card, only the announcement."""
    for incident_id in sorted(each for each in of_incidents if each is not None):
        incident = incidents.get(session, incident_id)
        if incident.channel_id is None:
            tell.show_announcement(session, incident, at)
        else:
            tell.show_card(session, incident, at)
