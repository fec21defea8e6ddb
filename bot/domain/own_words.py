"""
The sentences that Dogwatch itself writes into a record, in English, beside what people and monitors write.

A draft says each of them in its own language. So that it can tell them from what somebody wrote (or wrote instead, when
an entry was amended), what puts such a sentence together and what knows it again stand here side by side.
"""

import re

_AFFECTED = re.compile(r"(?P<percent>\d+(?:\.\d+)?)% of users affected")
_ENDED = " ended"
_MORE = re.compile(r"\nand (?P<count>\d+) more\Z")

REDACTED = "[redacted]"
"""What stands where words were removed on request."""


def leads(user_id: str) -> str:
    """What the entry says by which somebody became the incident commander."""
    return f"<@{user_id}> leads"


def users_affected(percent: float) -> str:
    """What an impact says that was stated as a figure alone; 20.0 is 20 %."""
    return f"{percent:.6g}% of users affected"


def percent_affected(text: str) -> float | None:
    """The figure, if the text is `users_affected` of it."""
    found = _AFFECTED.fullmatch(text)
    return float(found["percent"]) if found else None


def alert_ended(line: str) -> str:
    """What the entry of an alert's end says; `line` is the alert's own."""
    return f"{line}{_ENDED}"


def ended_alert(text: str) -> str | None:
    """The alert's own line, if the text is `alert_ended` of it."""
    return text.removesuffix(_ENDED) if text.endswith(_ENDED) else None


def and_more(lines: str, count: int) -> str:
    """The lines of the alerts that are named, and how many are not."""
    return f"{lines}\nand {count} more" if count > 0 else lines


def named_and_more(text: str) -> tuple[str, int]:
    """The lines of the alerts that are named, and how many the text says are not: mostly 0."""
    found = _MORE.search(text)
    return (text[: found.start()], int(found["count"])) if found else (text, 0)
