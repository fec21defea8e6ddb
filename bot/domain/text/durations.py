"""How long something took, as it is shown: `1h 45m`. Reading one: `durations_read`."""

from datetime import datetime, timedelta

from bot.domain.text.duration_parser import read_duration

__all__ = ["between", "duration_parts", "read_duration", "show_duration"]


def show_duration(length: timedelta) -> str:
    """
    `45s`, `13m`, `2h 0m`, `1d 2h 5m`: as English documents, `incident.json` and the bot's own messages have it.

    Documents in other languages write the same parts with the symbols that are usual there (`1 h 45 min`).
    """
    return " ".join(f"{amount}{unit}" for unit, amount in duration_parts(length))


def duration_parts(length: timedelta) -> tuple[tuple[str, int], ...]:
    """
    The units `d`, `h`, `m` and `s` of a length, each with its amount, from large to small.

    What is smaller than the last of them is left out, never rounded up. Seconds are there under a minute only. From an
    hour on the minutes always stand, also as 0, and from a day on the hours too, so that a reader never wonders whether
    they were left out. Days are 24 hours: weeks and months are not used. A negative length is 0 seconds: its two ends
    contradict each other, and a draft has to be made all the same.
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


def between(start: datetime, end: datetime) -> timedelta:
    """
    How long from `start` to `end`, as their printed minutes say: from 3:34 to 3:37 is 3 minutes, whatever the seconds.

    A document that shows minutes must not contradict them. Under a minute it is the exact length.
    """
    exact = end - start
    if abs(exact) < timedelta(minutes=1):
        return exact
    return end.replace(second=0, microsecond=0) - start.replace(second=0, microsecond=0)
