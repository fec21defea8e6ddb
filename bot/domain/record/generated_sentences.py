"""
The sentences that Dogwatch itself writes into a record, in English, beside what people and monitors write.

A draft says each of them in its own language. So that it can tell them from what somebody wrote (or wrote instead, when
an entry was amended), what puts such a sentence together and what knows it again stand here side by side.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.incidents.roles import LEAD

_AFFECTED = re.compile(r"(?P<percent>\d+(?:\.\d+)?)% of users affected")
_ENDED = " ended"
_MORE = re.compile(r"\nand (?P<count>\d+) more\Z")

REDACTED = "[redacted]"
"""What stands where words were removed on request."""


def answered(target: str) -> str:
    """What the entry says by which an escalation was acknowledged, or a vendor answered."""
    return f"Escalation to {target} acknowledged"


def fixed_by(target: str) -> str:
    """What the entry says by which a vendor fixed it, where nobody said more."""
    return f"Fixed by {target}"


def leads(user_id: str) -> str:
    """What the entry says by which somebody became the incident commander."""
    return f"<@{user_id}> leads"


def role_given(role: str, label: str, user_id: str | None, before: str | None) -> str:
    """
    What the entry says by which a role came to somebody, or to nobody.

    `before` is who handed it over, or gave it up; None where it was given without.
    """
    if user_id is None:
        return f"<@{before}> gives up: {label}"
    if before is not None:
        return f"<@{before}> hands over to <@{user_id}>: {label}"
    return leads(user_id) if role == LEAD else f"{label}: <@{user_id}>"


def with_note(sentence: str, note: str) -> str:
    """A sentence of ours, with what somebody said to it."""
    return f"{sentence}. {note}" if note else sentence


def note_behind(sentence: str, text: str) -> str | None:
    """What somebody said to this sentence of ours (maybe nothing); None if the text is another."""
    if text == sentence:
        return ""
    return text.removeprefix(f"{sentence}. ") if text.startswith(f"{sentence}. ") else None


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


STORM = "Alert storm"
"""What the incident of a storm is called where no count stands behind it."""
SERVICES_LISTED = 5
"""How many services a count names."""
_NUMBER = r"\d{1,3}(?:,\d{3})*"
_OF = rf"(?: of (?:(?P<number>{_NUMBER}) services|(?P<service>.+?)))?"
_STORM = re.compile(rf"{STORM}: (?P<count>{_NUMBER}) alerts?{_OF}")
_MORE_ALERTS = re.compile(rf"(?P<count>{_NUMBER}) more alerts?{_OF} in one minute(?:: (?P<list>.+))?", re.DOTALL)
_ALERTS_ENDED = re.compile(rf"(?P<count>{_NUMBER}) alerts?{_OF} ended(?:: (?P<list>.+))?", re.DOTALL)
_BEGAN = re.compile(
    r"Alerts had opened (?P<count>\d+) incidents? within (?P<minutes>\d+) min \((?P<names>.+)\)\. "
    r"Further alerts are collected here\."
)
_GOES_ON = re.compile(
    r"The alert storm goes on: alerts had opened (?P<count>\d+) more incidents? within (?P<minutes>\d+) min "
    r"\((?P<names>.+)\)\. Further alerts are collected here again\."
)
_OVER = re.compile(r"The alert storm is over: no further alert for (?P<minutes>\d+) min\.")


@dataclass(frozen=True, slots=True)
class Counted:
    """
    Alerts that are only counted. `service` is the one that all are of, `services` how many there are otherwise (0: none
    is named); `listed` names some with their counts, as it stands.
    """

    count: int
    service: str | None = None
    services: int = 0
    listed: str = ""


def counted(services: Mapping[str | None, int]) -> Counted:
    """The counts by service, the largest first."""
    named = sorted(((name, count) for name, count in services.items() if name), key=lambda each: (-each[1], each[0]))
    total = sum(services.values())
    if len(named) == 1 and named[0][1] == total:
        return Counted(total, service=named[0][0])
    shown = ", ".join(f"{name} {count:,}" for name, count in named[:SERVICES_LISTED])
    return Counted(total, services=len(named), listed=shown + (", …" if len(named) > SERVICES_LISTED else ""))


def _of(told: Counted) -> str:
    if told.service:
        return f" of {told.service}"
    return f" of {told.services:,} services" if told.services > 1 else ""


def _alerts(count: int, word: str = "") -> str:
    return f"{count:,} {word}{'alert' if count == 1 else 'alerts'}"


def _with_list(text: str, told: Counted) -> str:
    return f"{text}: {told.listed}" if told.listed else text


def storm_title(told: Counted) -> str:
    """What the incident of a storm is called."""
    return f"{STORM}: {_alerts(told.count)}{_of(told)}"


def without_count(title: str) -> str:
    """The title as it stays: a storm's without its counts, any other as it is."""
    return STORM if _STORM.fullmatch(title) else title


def more_alerts(told: Counted) -> str:
    """What the entry says that counts alerts instead of naming them."""
    return _with_list(f"{_alerts(told.count, 'more ')}{_of(told)} in one minute", told)


def alerts_ended(told: Counted) -> str:
    """What the entry says that counts the ends of alerts."""
    return _with_list(f"{_alerts(told.count)}{_of(told)} ended", told)


def storm_began(references: Sequence[str], window: timedelta) -> str:
    """What the first entry of a storm's incident says."""
    noun = "incident" if len(references) == 1 else "incidents"
    return (
        f"Alerts had opened {len(references)} {noun} within {_minutes(window)} min ({', '.join(references)}). "
        "Further alerts are collected here."
    )


def storm_goes_on(references: Sequence[str], window: timedelta) -> str:
    """What an entry of a storm's incident says when alerts storm again."""
    noun = "incident" if len(references) == 1 else "incidents"
    return (
        f"The alert storm goes on: alerts had opened {len(references)} more {noun} within {_minutes(window)} min "
        f"({', '.join(references)}). Further alerts are collected here again."
    )


def storm_over(quiet: timedelta) -> str:
    return f"The alert storm is over: no further alert for {_minutes(quiet)} min."


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def read_storm_title(text: str) -> Counted | None:
    return _read(_STORM, text)


def read_more_alerts(text: str) -> Counted | None:
    return _read(_MORE_ALERTS, text)


def read_alerts_ended(text: str) -> Counted | None:
    return _read(_ALERTS_ENDED, text)


def _read(pattern: re.Pattern[str], text: str) -> Counted | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    groups = found.groupdict()
    services = int(groups["number"].replace(",", "")) if groups["number"] else 0
    return Counted(int(groups["count"].replace(",", "")), groups["service"], services, groups.get("list") or "")


def read_storm_began(text: str) -> tuple[int, timedelta, str] | None:
    """How many incidents there were, within what time, and their references."""
    return _read_opened(_BEGAN, text)


def read_storm_goes_on(text: str) -> tuple[int, timedelta, str] | None:
    """The same of a storm that goes on."""
    return _read_opened(_GOES_ON, text)


def _read_opened(pattern: re.Pattern[str], text: str) -> tuple[int, timedelta, str] | None:
    found = pattern.fullmatch(text)
    return (int(found["count"]), timedelta(minutes=int(found["minutes"])), found["names"]) if found else None


def read_storm_over(text: str) -> timedelta | None:
    found = _OVER.fullmatch(text)
    return timedelta(minutes=int(found["minutes"])) if found else None
