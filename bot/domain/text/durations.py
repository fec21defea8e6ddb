"""Durations as they are shown: `1h 45m`."""

from datetime import datetime, timedelta


def format_duration(length: timedelta) -> str:
    """
    `45s`, `13m`, `2h 0m`, `1d 2h 5m`: as in English documents and `incident.json`.

    Documents in other languages write the same parts with the symbols that are usual there (`1 h 45 min`).
    """
    return " ".join(f"{amount}{unit}" for unit, amount in duration_parts(length))


def duration_parts(length: timedelta) -> tuple[tuple[str, int], ...]:
    """
    The units `d`, `h`, `m` and `s` of a duration, each with its amount, from large to small.

    The rest is cut off, never rounded up. Seconds are given under a minute only. Minutes are always given from an hour
    on, also as 0, and hours from a day on, so that no unit seems to be left out. A day is 24 hours; weeks and months
    are not used. A negative duration is 0 seconds: its two ends contradict each other, and a draft is still needed.
    """
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return (("s", seconds),)
    minutes = seconds // 60
    if minutes < 60:
        return (("m", minutes),)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return (("h", hours), ("m", minutes))
    days, hours = divmod(hours, 24)
    return (("d", days), ("h", hours), ("m", minutes))


def duration_between(start: datetime, end: datetime) -> timedelta:
    """
    The duration by the printed minutes: 3 minutes from 3:34 to 3:37, whatever the seconds.

    A document that shows minutes must not contradict them. Under a minute it is the exact duration.
    """
    exact = end - start
    if abs(exact) < timedelta(minutes=1):
        return exact
    return to_minute(end) - to_minute(start)


def to_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
