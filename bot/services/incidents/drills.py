"""
Drills by a script: a scenario, or a past incident, told anew at its own pace in a channel for practice.

The bot tells it all itself, marked as practice: what monitors said, and what people wrote, never in their names. What
is still to come is in the database, in the timer of the next line, so that a restart loses nothing of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import MARKS, AlertStatus, Kind, Severity, SourceKind
from bot.scenario.library import opened, shelf, take
from bot.scenario.model import Alert, Say, Scenario, Step, VendorStatus
from bot.services import outbox as tell
from bot.services.incidents import lifecycle as course
from bot.services.incidents.lifecycle import Declaration
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

PLAY = "tell the next line of a drill"
FIRST = timedelta(seconds=20)
"""How long after its start the first line comes: people have to find the channel."""
LONGEST_PAUSE = timedelta(minutes=30)
"""Nobody practises waiting through a night; longer pauses of what happened are cut to this, before the speed."""
FASTEST = 1_000.0

Line = dict[str, Any]
"""
As JSON in a timer: `after` (seconds since the line before), `what` (`alert`, `message`, `vendor`), and `text`, or in
its place the `entry` that holds it: what is deleted there meanwhile is told no more.
"""


@dataclass(frozen=True, slots=True)
class Offer:
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Script:
    """What is practised. `name` is the scenario's, or the past incident's reference."""

    name: str
    title: str
    severity: Severity | None
    services: tuple[str, ...]
    lines: tuple[Line, ...]


def offers(settings: Settings) -> list[Offer]:
    """The scenarios that can be played. A file that is none is left out; `dogwatch check` names it."""
    found = []
    for name, path in sorted(shelf(settings.drill_folders).items()):
        try:
            found.append(Offer(name, opened(path).title))
        except UserError:
            continue
    return found


def of_scenario(settings: Settings, name: str) -> Script:
    """Raises UserError for a scenario that is not there, or that nothing can be told of."""
    scenario = take(settings.drill_folders, name)
    lines = tuple(_told(list(_heard(scenario))))
    if not lines:
        raise UserError(f"Nothing can be told of the scenario `{name}`: it has no alert and no message.")
    word = (scenario.severity or "").casefold()
    return Script(name, scenario.title, settings.severity_words().get(word), scenario.services, lines)


def _heard(scenario: Scenario) -> Iterator[tuple[datetime, Line]]:
    """What came from outside the people who practise: what they would type is theirs to find."""
    for step in scenario.steps:
        if (line := _line_of(step)) is not None:
            yield step.at, line


def _line_of(step: Step) -> Line | None:
    match step.act:
        case Alert(status=status, labels=labels, annotations=annotations):
            name, summary = labels.get("alertname", "An alert"), annotations.get("summary", "")
            said = f"{name}: {summary}" if summary and summary != name else name
            return {"what": "alert", "text": said, "over": status is AlertStatus.RESOLVED}
        case Say(text=text):
            return {"what": "message", "text": text}
        case VendorStatus(vendor=vendor, state=state, text=text):
            return {"what": "vendor", "text": f"{vendor} ({state}): {text}"}
        case _:
            return None


def of_incident(session: Session, incident: Incident) -> Script:
    """A past incident's alerts and marked messages. Raises UserError for one that cannot be practised."""
    if incident.is_private:
        raise UserError(f"{incident.reference} is private: a drill would show it to people who are not in it.")
    if incident.is_open:
        raise UserError(f"{incident.reference} is still open. Practise it once it is over.")
    told: list[tuple[datetime, Line]] = [
        (entry.happened_at, {"what": _kind_of(entry), "entry": entry.key})
        for entry in store_timeline.in_order(session, incident.key, with_withdrawn=False)
        if entry.happened_at is not None and entry.text and _is_told(entry)
    ]
    lines = tuple(_told(told))
    if not lines:
        raise UserError(f"The timeline of {incident.reference} holds no alert and no message that could be told.")
    return Script(incident.reference, incident.title, Severity(incident.severity), tuple(incident.services), lines)


def _kind_of(entry: store_timeline.TimelineEntry) -> str:
    return "alert" if entry.source == SourceKind.ALERT else "message"


def _is_told(entry: store_timeline.TimelineEntry) -> bool:
    """What monitors said, and what people found out and wrote; not what they did to the record."""
    if entry.source == SourceKind.ALERT:
        return entry.has(Kind.DETECTION)
    return any(kind in MARKS for kind in map(Kind, entry.kinds))


def _told(heard: Sequence[tuple[datetime, Line]]) -> Iterator[Line]:
    """In order of their times, each with its distance from the one before."""
    before: datetime | None = None
    for at, line in sorted(heard, key=lambda each: each[0]):
        pause = min(at - before, LONGEST_PAUSE) if before is not None else FIRST
        before = at
        yield {**line, "after": pause.total_seconds()}


def speed_of(text: str | None) -> float:
    """`10` and `10x` are ten times as fast. Raises UserError for what is none between 0.1 and 1,000."""
    try:
        speed = float((text or "1").casefold().removesuffix("x").replace(",", "."))
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= FASTEST:
        raise UserError(f"`speed:{text}` is no speed. Write how many times as fast it goes, like `speed:10`.")
    return speed


def start(session: Session, settings: Settings, actor: Actor, script: Script, speed: float) -> Incident:
    """Open the drill's channel for whoever starts it; others join by themselves. The first line follows soon."""
    drill = course.declare(
        session,
        settings,
        actor,
        Declaration(
            title=script.title, severity=script.severity, services=script.services, is_drill=True, drill_of=script.name
        ),
    )
    tell.say(session, drill, "drill began", actor.at, by=actor.user_id, script=script.name, lines=len(script.lines))
    _wait(session, drill, list(script.lines), speed, actor.at)
    return drill


def _wait(session: Session, drill: Incident, lines: Sequence[Line], speed: float, at: datetime) -> None:
    due = at + timedelta(seconds=float(lines[0]["after"]) / speed)
    timers.set_timer(session, timer_of(drill), due, PLAY, incident_id=drill.key, lines=list(lines), speed=speed)


def timer_of(drill: Incident) -> str:
    return f"drill:{drill.key}"


def play(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """The timer's work: tell what is due. A drill that is over tells no more."""
    drill = incidents.lock(session, int(timer.details["incident_id"]))
    lines, speed = list(timer.details["lines"]), float(timer.details["speed"])
    if not drill.is_open or not lines:
        return
    _tell(session, drill, lines.pop(0), at)
    while lines and not lines[0]["after"]:
        _tell(session, drill, lines.pop(0), at)
    if lines:
        _wait(session, drill, lines, speed, at)
    else:
        tell.say(session, drill, "drill told", at)


def _tell(session: Session, drill: Incident, line: Line, at: datetime) -> None:
    text = _text_of(session, line)
    if not text:
        return
    entry_id = None
    if line["what"] == "alert":
        kind = Kind.ALERT_RESOLVED if line.get("over") else Kind.DETECTION
        actor = Actor(drill.team_id, None, at, Origin.TIMER)
        entry = timeline.record(session, drill, [kind], f"Practice: {text}", actor)
        entry_id = entry.key
        milestones.refresh(session, drill)
        tell.show_card(session, drill, at)
    said = {"told_of": line["entry"]} if "entry" in line else {"text": text}
    tell.say(session, drill, "practice", at, entry_id=entry_id, what=line["what"], over=bool(line.get("over")), **said)


def _text_of(session: Session, line: Line) -> str:
    """
    Its own text, or what the past incident's entry says now; nothing for one that was taken off or redacted, or whose
    incident has become private since.
    """
    if "entry" not in line:
        return str(line["text"])
    entry = store_timeline.get(session, int(line["entry"]))
    if entry is None or entry.withdrawn_at is not None or incidents.get(session, entry.incident_id).is_private:
        return ""
    return entry.text
