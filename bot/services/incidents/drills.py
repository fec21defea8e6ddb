"""
Scripted drills: replay a scenario or a past incident in a practice channel.

The bot posts every line itself, marked as practice and never in people's names. The lines still to come are in the
database, in the timer of the next line, so a restart loses none.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.terms import MARKS, AlertStatus, Kind, Severity, SourceKind
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.services import outbox
from bot.services.incidents.declare import Declaration, declare_incident
from bot.services.outbox.timer_payloads import DrillTimer
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

if TYPE_CHECKING:
    from bot.scenario import library, model
else:
    library, model = LazyModule("bot.scenario.library"), LazyModule("bot.scenario.model")

DRILL_TIMER = "tell the next line of a drill"
FIRST_LINE_DELAY = timedelta(seconds=20)
"""Delay of the first line: people have to find the channel."""
LONGEST_PAUSE = timedelta(minutes=30)
"""Longest pause between two lines, before the speed."""
MAX_SPEED = 1_000.0
"""Largest `speed:`, as a factor."""

DrillLine = dict[str, Any]
"""
One line as JSON in a timer: `after` (seconds since the line before), `what`, `text` or `entry`.

`what` is `alert`, `message` or `vendor`. `entry` is the id of the past incident's entry that holds the text: a text
that is deleted there meanwhile is not posted.
"""


@dataclass(frozen=True, slots=True)
class DrillScenario:
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class DrillScript:
    """A drill to run. `name` is the scenario's, or the past incident's reference."""

    name: str
    title: str
    severity: Severity | None
    services: tuple[str, ...]
    lines: tuple[DrillLine, ...]


def list_scenarios(settings: Settings) -> list[DrillScenario]:
    """Scenarios that can be played. Invalid files are left out; `dogwatch check` names them."""
    found = []
    for name, path in sorted(library.list_scenario_files(settings.drill_folders).items()):
        try:
            found.append(DrillScenario(name, library.load_scenario(path).title))
        except UserError:
            continue
    return found


def script_from_scenario(settings: Settings, name: str) -> DrillScript:
    """Raises UserError for an unknown scenario, and for one without alerts and messages."""
    scenario = library.find_scenario(settings.drill_folders, name)
    lines = tuple(_add_pauses(list(_outside_events(scenario))))
    if not lines:
        raise UserError(f"The scenario `{name}` has no alert and no message. Choose another.")
    word = (scenario.severity or "").casefold()
    return DrillScript(name, scenario.title, settings.severity_words().get(word), scenario.services, lines)


def _outside_events(scenario: "model.Scenario") -> Iterator[tuple[datetime, DrillLine]]:
    """Alerts, messages and vendor statuses. What people would type is left to the participants."""
    for step in scenario.steps:
        if (line := _line_from_step(step)) is not None:
            yield step.at, line


def _line_from_step(step: "model.Step") -> DrillLine | None:
    match step.action:
        case model.Alert(status=status, labels=labels, annotations=annotations):
            name, summary = labels.get("alertname", "An alert"), annotations.get("summary", "")
            text = f"{name}: {summary}" if summary and summary != name else name
            return {"what": "alert", "text": text, "over": status is AlertStatus.RESOLVED}
        case model.Message(text=text):
            return {"what": "message", "text": text}
        case model.VendorStatus(vendor=vendor, state=state, text=text):
            return {"what": "vendor", "text": f"{vendor} ({state}): {text}"}
        case _:
            return None


def script_from_incident(session: Session, incident: Incident) -> DrillScript:
    """
    The alerts and marked messages of a past incident.

    Raises UserError for an incident that is private, still open, or has no such entry.
    """
    if incident.is_private:
        raise UserError(f"{incident.reference} is private. A drill would show it to people outside it.")
    if incident.is_open:
        raise StateError(f"{incident.reference} is still open. Practise it once it is over.")
    events: list[tuple[datetime, DrillLine]] = [
        (entry.happened_at, {"what": _line_kind(entry), "entry": entry.key})
        for entry in timeline.read_entries(session, incident.key, with_withdrawn=False)
        if entry.happened_at is not None and entry.text and _is_playable(entry)
    ]
    lines = tuple(_add_pauses(events))
    if not lines:
        raise UserError(
            f"The timeline of {incident.reference} has no alert and no message to replay. Choose another incident."
        )
    return DrillScript(incident.reference, incident.title, Severity(incident.severity), tuple(incident.services), lines)


def _line_kind(entry: timeline.TimelineEntry) -> str:
    return "alert" if entry.source == SourceKind.ALERT else "message"


def _is_playable(entry: timeline.TimelineEntry) -> bool:
    """True for alerts and for findings that people marked, false for changes to the record."""
    if entry.source == SourceKind.ALERT:
        return entry.has(Kind.DETECTION)
    return any(kind in MARKS for kind in map(Kind, entry.kinds))


def _add_pauses(events: Sequence[tuple[datetime, DrillLine]]) -> Iterator[DrillLine]:
    """Sort by time and give each line its distance from the one before."""
    before: datetime | None = None
    for at, line in sorted(events, key=lambda each: each[0]):
        pause = min(at - before, LONGEST_PAUSE) if before is not None else FIRST_LINE_DELAY
        before = at
        yield {**line, "after": pause.total_seconds()}


def parse_speed(text: str | None) -> float:
    """Read `10` or `10x`. Raises UserError for anything but a number from 0.1 to 1,000."""
    try:
        speed = float((text or "1").casefold().removesuffix("x").replace(",", "."))
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= MAX_SPEED:
        raise UserError(f"`speed:{text}` is not a speed. Write a factor, like `speed:10`.")
    return speed


def start_drill(session: Session, settings: Settings, actor: Actor, script: DrillScript, speed: float) -> Incident:
    """Declare the drill incident and schedule its first line. Only the starter is invited."""
    drill = declare_incident(
        session,
        settings,
        actor,
        Declaration(
            title=script.title, severity=script.severity, services=script.services, is_drill=True, drill_of=script.name
        ),
    )
    outbox.post_event(
        session, drill, "drill began", actor.at, by=actor.user_id, script=script.name, lines=len(script.lines)
    )
    _schedule_next_line(session, drill, list(script.lines), speed, actor.at)
    return drill


def _schedule_next_line(
    session: Session, drill: Incident, lines: Sequence[DrillLine], speed: float, at: datetime
) -> None:
    due = at + timedelta(seconds=float(lines[0]["after"]) / speed)
    timers.set_timer(session, drill_timer_key(drill), due, DRILL_TIMER, DrillTimer(drill.key, tuple(lines), speed))


def drill_timer_key(drill: Incident) -> str:
    return f"drill:{drill.key}"


def play_due_lines(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """Timer: post the lines that are due. A drill that is over posts nothing."""
    payload = DrillTimer.from_json(timer.details)
    drill, lines = incidents.lock(session, payload.incident_id), list(payload.lines)
    if not drill.is_open or not lines:
        return
    _post_line(session, drill, lines.pop(0), at)
    while lines and not lines[0]["after"]:
        _post_line(session, drill, lines.pop(0), at)
    if lines:
        _schedule_next_line(session, drill, lines, payload.speed, at)
    else:
        outbox.post_event(session, drill, "drill told", at)


def _post_line(session: Session, drill: Incident, line: DrillLine, at: datetime) -> None:
    text = _line_text(session, line)
    if not text:
        return
    entry_id = None
    if line["what"] == "alert":
        kind = Kind.ALERT_RESOLVED if line.get("over") else Kind.DETECTION
        actor = Actor(drill.team_id, None, at, Origin.TIMER)
        entry = record_entry(session, drill, [kind], f"Practice: {text}", actor)
        entry_id = entry.key
        refresh_milestones(session, drill)
        outbox.refresh_card(session, drill, at)
    content = {"told_of": line["entry"]} if "entry" in line else {"text": text}
    outbox.post_event(
        session, drill, "practice", at, entry_id=entry_id, what=line["what"], over=bool(line.get("over")), **content
    )


def _line_text(session: Session, line: DrillLine) -> str:
    """
    The line's own text, or the present text of the past incident's entry.

    Empty for an entry that was withdrawn or redacted, or whose incident has become private.
    """
    if "entry" not in line:
        return str(line["text"])
    entry = timeline.get(session, int(line["entry"]))
    if entry is None or entry.withdrawn_at is not None or incidents.get(session, entry.incident_id).is_private:
        return ""
    return entry.text
