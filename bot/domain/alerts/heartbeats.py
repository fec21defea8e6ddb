"""Heartbeats: signs of life of jobs. Their silence is an alert, which the next beat ends."""

from datetime import datetime, timedelta

from bot.domain.alerts.events import AlertEvent, group_key
from bot.domain.terms import AlertStatus, Precision
from bot.domain.text.normalize import to_one_line
from bot.lazy_dataclass import dataclass

SOURCE = "heartbeat"
"""Source of these alerts."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A job that has to report at least once in `every`, with `grace` for delays."""

    name: str
    every: timedelta
    grace: timedelta
    service: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """State of a heartbeat. Dogwatch was last down from `down_since` to `down_until`."""

    last_beat_at: datetime
    down_since: datetime | None = None
    down_until: datetime | None = None


def find_deadline(heartbeat: Heartbeat, pulse: Pulse) -> datetime:
    """Time from which on silence is an alert. After our own downtime the job has one grace more."""
    deadline = pulse.last_beat_at + heartbeat.every + heartbeat.grace
    return max(deadline, pulse.down_until + heartbeat.grace) if pulse.down_until else deadline


def silence_alert(heartbeat: Heartbeat, pulse: Pulse) -> AlertEvent:
    """The alert of a beat that is missing: it begins when the beat was due."""
    due_at = pulse.last_beat_at + heartbeat.every
    return _alert(heartbeat, AlertStatus.FIRING, due_at, None, _describe(heartbeat, pulse))


def return_alert(heartbeat: Heartbeat, due_at: datetime, *, at: datetime) -> AlertEvent:
    """The end of the alert that began at `due_at`."""
    return _alert(heartbeat, AlertStatus.RESOLVED, due_at, max(at, due_at), "")


def _alert(
    heartbeat: Heartbeat, status: AlertStatus, starts_at: datetime, ends_at: datetime | None, description: str
) -> AlertEvent:
    labels = {"alertname": heartbeat.name, "service": heartbeat.service, "severity": heartbeat.severity}
    texts = {"summary": f"No heartbeat from {to_one_line(heartbeat.name, 80)}", "description": description}
    return AlertEvent(
        source=SOURCE,
        fingerprint=heartbeat.name,
        status=status,
        labels={name: text for name, text in labels.items() if text},
        annotations={name: text for name, text in texts.items() if text},
        starts_at=starts_at,
        starts_at_precision=Precision.EXACT,
        ends_at=ends_at,
        group=group_key(SOURCE, stated=heartbeat.name, service=None, name=heartbeat.name),
        occurrence=starts_at.isoformat(),
    )


def _describe(heartbeat: Heartbeat, pulse: Pulse) -> str:
    told = f"Last beat: {_time(pulse.last_beat_at)}. Expected every {_length(heartbeat.every)}."
    if pulse.down_since is None or pulse.down_until is None or pulse.down_until <= pulse.last_beat_at:
        return told
    down = f"from {_time(pulse.down_since)} to {_time(pulse.down_until)}"
    return f"{told} Dogwatch was down {down} and may have missed a beat."


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _length(length: timedelta) -> str:
    """`1 h 30 min`."""
    minutes = int(length.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
