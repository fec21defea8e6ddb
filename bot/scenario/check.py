"""
Whether the facts that a scenario expects hold.

Looked for in `incident.json` and in the draft's Markdown alone, as somebody would who knows nothing of the bot.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.languages import TABLES, language
from bot.domain.terms import ActionKind, Kind
from bot.domain.text.durations import read_duration, show_duration
from bot.scenario.model import Expected, ExpectedEscalation, Scenario

ACTIONS_TAKEN = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.ACTION, Kind.ROLLBACK})
BESIDE_A_TIME = r"[0-9][:h.][0-9]{2}[^\n0-9]{0,6}"

Json = Mapping[str, Any]


def differences(scenario: Scenario, record: Json, markdown: str) -> list[str]:
    """Each fact that does not hold, as one line: `duration: expected 2h 0m, found 1h 55m`. `record`: incident.json."""
    outcome = _Outcome(scenario.expected, scenario.zone, record, markdown)
    return [line for check in CHECKS for line in check(outcome)]


def not_compared(scenario: Scenario) -> list[str]:
    """What the scenario expects and nobody looked at, as one line each."""
    return [f"{key}: not compared" for key in scenario.expected.not_compared]


class _Outcome:
    """What was expected, and what came out."""

    def __init__(self, expected: Expected, zone: ZoneInfo, record: Json, markdown: str) -> None:
        self.expected, self.zone, self.record, self.markdown = expected, zone, record, markdown
        self.incident: Json = record["incident"]
        self.entries = [entry for entry in record["timeline"] if not entry.get("withdrawn_at")]
        self.actions: Sequence[Json] = record["actions"]

    def of_kinds(self, kinds: frozenset[Kind]) -> int:
        return sum(not kinds.isdisjoint(entry["kinds"]) for entry in self.entries)


def _differs(name: str, expected: object, found: object) -> str:
    return f"{name}: expected {expected}, found {_shown(found)}"


def _shown(value: object) -> object:
    return "nothing" if value is None or value in ("", []) else value


def _times(outcome: _Outcome) -> Iterator[str]:
    expected = outcome.expected
    for name, wanted, key in (
        ("started", expected.started, "started_at"),
        ("resolved", expected.resolved, "ended_at"),
        ("identified", expected.identified, "identified_at"),
    ):
        stated = outcome.incident.get(key)
        if wanted is not None and (stated is None or datetime.fromisoformat(stated) != wanted):
            yield _differs(name, wanted.isoformat(), stated)


def _duration(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.duration
    if wanted is None:
        return
    length, seconds = read_duration(wanted), outcome.incident.get("duration_seconds")
    if length is None or seconds != length.total_seconds():
        start, end = outcome.incident.get("started_at"), outcome.incident.get("ended_at")
        found = show_duration(datetime.fromisoformat(end) - datetime.fromisoformat(start)) if start and end else None
        yield _differs("duration", wanted, found)
    elif not any(re.search(rf"(?<!\w){re.escape(said)}(?!\w)", outcome.markdown) for said in _said(wanted, length)):
        yield f"duration: expected {wanted}, which the draft does not say"


def _said(wanted: str, length: timedelta) -> set[str]:
    """The length as the scenario has it, and as documents of each language write it: `13m`, `13 min`."""
    return {wanted, *(language(code).length(length) for code in TABLES)}


def _zone_label(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.zone_label
    if wanted and not re.search(rf"{BESIDE_A_TIME}\b{re.escape(wanted)}\b", outcome.markdown):
        yield f"zone_label: expected {wanted} beside the times of the draft, and it stands beside none"


def _detected_by(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.detected_by
    if wanted is None:
        return
    if wanted not in [alert["name"] for alert in outcome.record["alerts"]]:
        yield _differs("detected_by", wanted, ", ".join(alert["name"] for alert in outcome.record["alerts"]))
    elif wanted not in _detection(outcome.markdown, (outcome.incident.get("languages") or ["en"])[0]):
        yield f"detected_by: expected {wanted}, which the draft's detection does not name"


def _detection(markdown: str, code: str) -> str:
    """What stands under the heading of the detection; in a draft without one, the timeline's lines of that name."""
    words = language(code).words
    under = _under(markdown, words["detection"])
    if under is not None:
        return under
    course = _under(markdown, words["timeline"]) or _under(markdown, words["overview"]) or ""
    return "\n".join(line for line in course.splitlines() if words["kind_detection"] in line)


def _under(markdown: str, heading: str) -> str | None:
    """The text below the first heading that begins so, up to the next heading. None if there is no such heading."""
    match = re.search(rf"^#+ {re.escape(heading)}\b.*\n((?:(?!#).*\n?)*)", markdown, re.MULTILINE)
    return match[1] if match else None


def _impact(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.impact
    if wanted is None:
        return
    impact = outcome.incident.get("impact") or {}
    texts = [each["text"] for each in impact.get("texts", [])]
    if wanted.text and not any(wanted.text in text for text in texts):
        yield _differs("impact: text", wanted.text, " / ".join(texts))
    percent = impact.get("percent_of_users")
    if wanted.percent_of_users is not None and percent != wanted.percent_of_users:
        yield _differs("impact: percent_of_users", f"{wanted.percent_of_users:g}", percent)


def _languages(outcome: _Outcome) -> Iterator[str]:
    """These, in this order, and no other: one document after the other."""
    wanted = outcome.expected.languages
    documents = re.split(r"^(?=# )", outcome.markdown, flags=re.MULTILINE)[1:]
    found = tuple(code for document in documents if (code := spoken(document)))
    if wanted is not None and found != wanted:
        yield _differs("languages", ", ".join(wanted), ", ".join(found))


def spoken(document: str) -> str | None:
    """The language whose words a document has most of for its headings and labels; None if it has none of any."""
    marked = re.findall(r"^#+ (.+)$|\*\*(.+?)\*\*", document.replace("\\", ""), re.MULTILINE)
    labels = {re.sub(r"(?:\s*\([^()]*\))?[\s:]*$", "", heading or label) for heading, label in marked}
    counts = {code: len(labels & set(language(code).words.values())) for code in TABLES}
    return max(TABLES, key=lambda code: counts[code]) if any(counts.values()) else None


def _timeline_times(outcome: _Outcome) -> Iterator[str]:
    """The expected ones, in their order, among those found; others may stand between them."""
    wanted = outcome.expected.timeline_times
    if wanted is None:
        return
    found = [_clock(entry, outcome.zone) for entry in outcome.entries]
    ahead = iter(found)
    for place, time in enumerate(wanted, 1):
        if time not in ahead:
            said = ", ".join(each or "no time" for each in found)
            yield f"timeline_times: number {place}, {time or 'no time'}, is missing or out of order among {said}"
            return


def _clock(entry: Json, zone: ZoneInfo) -> str | None:
    at = entry.get("happened_at")
    return f"{datetime.fromisoformat(at).astimezone(zone):%H:%M}" if at else None


def _counts(outcome: _Outcome) -> Iterator[str]:
    expected = outcome.expected
    taken = outcome.of_kinds(ACTIONS_TAKEN)
    if expected.actions_taken is not None and taken < expected.actions_taken:
        yield _differs("actions_taken", f"at least {expected.actions_taken}", str(taken))
    kinds = [action["kind"] for action in outcome.actions]
    for name, wanted, found in (
        ("misleading_paths", expected.misleading_paths, outcome.of_kinds(frozenset({Kind.MISLEADING_PATH}))),
        ("improvements", expected.improvements, kinds.count(ActionKind.IMPROVEMENT)),
        ("tasks", expected.tasks, kinds.count(ActionKind.TASK)),
        ("symptom_table", expected.symptom_table, sum(bool(action.get("symptom")) for action in outcome.actions)),
    ):
        if wanted is not None and found != wanted:
            yield _differs(name, wanted, str(found))


def _escalations(outcome: _Outcome) -> Iterator[str]:
    """In this order, at least these."""
    ahead = iter(outcome.record["escalations"])
    for wanted in outcome.expected.escalations or ():
        name = f"escalations: {wanted.to}"
        found = next((each for each in ahead if each["target"].removeprefix("@") == wanted.to), None)
        if found is None:
            targets = [each["target"] for each in outcome.record["escalations"]]
            yield f"{name} is missing or out of order among {', '.join(targets) or 'none'}"
            return
        yield from _of_escalation(name, wanted, found)


def _of_escalation(name: str, wanted: ExpectedEscalation, found: Json) -> Iterator[str]:
    if wanted.external is not None and bool(found["external"]) != wanted.external:
        yield _differs(f"{name}: external", _yes(wanted.external), _yes(not wanted.external))
    if wanted.acknowledged is not None and (found["acknowledged_at"] is not None) != wanted.acknowledged:
        yield _differs(f"{name}: acknowledged", _yes(wanted.acknowledged), _yes(not wanted.acknowledged))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _conclusion(outcome: _Outcome) -> Iterator[str]:
    """The draft ends with the paragraph that the record holds; of several documents, the first one does."""
    if outcome.expected.conclusion is None:
        return
    stated = _words(outcome.incident.get("conclusion") or "")
    first = outcome.markdown.partition("\n---\n")[0]
    ends = bool(stated) and _words(first.strip().rpartition("\n")[2]) == stated
    if ends != outcome.expected.conclusion:
        yield _differs("conclusion", _yes(outcome.expected.conclusion), _yes(ends))


def _findings(outcome: _Outcome) -> Iterator[str]:
    """At least these codes."""
    found = list(dict.fromkeys(finding["code"] for finding in outcome.record["findings"]))
    for code in outcome.expected.findings or ():
        if code not in found:
            yield f"findings: {code} is missing among {', '.join(found) or 'none'}"


def _words(text: str) -> list[str]:
    """Letters and figures only, without the links to the sources."""
    return re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", text))


CHECKS: tuple[Callable[[_Outcome], Iterator[str]], ...] = (
    _times,
    _duration,
    _zone_label,
    _detected_by,
    _impact,
    _languages,
    _timeline_times,
    _counts,
    _escalations,
    _conclusion,
    _findings,
)
