"""
Comparison of a scenario's expected facts with the outcome.

The outcome is `incident.json` and the draft's Markdown alone, as a reader sees them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.languages import get_language
from bot.domain.status_page.publication import PublishedIncident
from bot.domain.terms import LANGUAGES, ActionKind, Kind
from bot.domain.text.duration_parser import read_duration
from bot.domain.text.durations import format_duration
from bot.scenario.model import Expected, ExpectedEscalation, ExpectedPublicPage, Scenario

ACTIONS_TAKEN = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.ACTION, Kind.ROLLBACK})
BESIDE_A_TIME = r"[0-9][:h.][0-9]{2}[^\n0-9]{0,6}"

LINK_ADDRESS = re.compile(r"\]\([^)]*\)|(?m:^\[\d+\]: .*$)")
REFERENCE = re.compile(r"\[\[\d+\]\]|(?<!\\)\[\d+\]")
PART_OF_A_LENGTH = re.compile(r"\d ?(?:d|j|h|giorn[oi]|días?|Tage?|dias?) $")
"""The end of a text before the rest of a length: `1d `, `2 Tage `."""

Json = Mapping[str, Any]


def find_differences(scenario: Scenario, record: Json, markdown: str, public_page: Json | None = None) -> list[str]:
    """
    Describe each wrong fact of `incident.json`: `duration: expected 2h 0m, found 1h 55m`.

    `public_page`: what `describe_public_page` says of the incident's public page, None if it has none.
    """
    outcome = _Outcome(scenario.expected, scenario.zone, record, markdown)
    lines = [line for check in CHECKS for line in check(outcome)]
    return [*lines, *_compare_public_page(scenario.expected.public_page, public_page or {})]


def describe_public_page(incident: PublishedIncident) -> dict[str, Any]:
    """Return the facts that readers of the public page see."""
    ended_at = incident.resolved_at
    return {
        "first_update": incident.announced_at.isoformat(),
        "resolved_update": ended_at.isoformat() if ended_at else None,
        "seconds": incident.announced_for.total_seconds() if incident.announced_for else None,
        "languages": list(incident.languages),
        "states": list(incident.states),
    }


def _compare_public_page(expected: ExpectedPublicPage | None, page: Json) -> Iterator[str]:
    if expected is None:
        return
    for name, at in (("first_update", expected.first_update), ("resolved_update", expected.resolved_update)):
        stated = page.get(name)
        if at is not None and (stated is None or datetime.fromisoformat(stated) != at):
            yield _describe_difference(f"public_page: {name}", at.isoformat(), stated)
    length = read_duration(expected.shown_duration) if expected.shown_duration else None
    if length is not None and page.get("seconds") != length.total_seconds():
        found = page.get("seconds")
        shown = format_duration(timedelta(seconds=found)) if found is not None else None
        yield _describe_difference("public_page: shown_duration", expected.shown_duration, shown)
    for name, wanted in (("languages", expected.languages), ("states", expected.states)):
        if wanted is not None and tuple(page.get(name, ())) != wanted:
            yield _describe_difference(f"public_page: {name}", ", ".join(wanted), ", ".join(page.get(name, ())))


class _Outcome:
    """The expected facts and the outcome."""

    def __init__(self, expected: Expected, zone: ZoneInfo, record: Json, markdown: str) -> None:
        self.expected, self.zone, self.record, self.markdown = expected, zone, record, markdown
        self.incident: Json = record["incident"]
        self.entries = [entry for entry in record["timeline"] if not entry.get("withdrawn_at")]
        self.actions: Sequence[Json] = record["actions"]

    def count_entries(self, kinds: frozenset[Kind]) -> int:
        return sum(not kinds.isdisjoint(entry["kinds"]) for entry in self.entries)


def _describe_difference(name: str, expected: object, found: object) -> str:
    return f"{name}: expected {expected}, found {_format_found(found)}"


def _format_found(value: object) -> object:
    return "nothing" if value is None or value in ("", []) else value


def _compare_times(outcome: _Outcome) -> Iterator[str]:
    expected = outcome.expected
    for name, wanted, key in (
        ("started", expected.started, "started_at"),
        ("resolved", expected.resolved, "ended_at"),
        ("identified", expected.identified, "identified_at"),
    ):
        stated = outcome.incident.get(key)
        if wanted is not None and (stated is None or datetime.fromisoformat(stated) != wanted):
            yield _describe_difference(name, wanted.isoformat(), stated)


def _compare_duration(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.duration
    if wanted is None:
        return
    length, seconds = read_duration(wanted), outcome.incident.get("duration_seconds")
    if length is None or seconds != length.total_seconds():
        start, end = outcome.incident.get("started_at"), outcome.incident.get("ended_at")
        found = format_duration(datetime.fromisoformat(end) - datetime.fromisoformat(start)) if start and end else None
        yield _describe_difference("duration", wanted, found)
    elif not _says_duration(outcome.markdown, _duration_forms(wanted, length)):
        yield f"duration: expected {wanted}, missing in the draft"


def _says_duration(markdown: str, forms: set[str]) -> bool:
    """Return whether the text has one of these lengths, outside links and longer ones."""
    text = LINK_ADDRESS.sub("", markdown)
    return any(
        not PART_OF_A_LENGTH.search(text[: match.start()][-20:])
        for form in forms
        for match in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)(?! \d+ ?(?:h|m|min)\b)", text)
    )


def _duration_forms(wanted: str, length: timedelta) -> set[str]:
    """Return the length as the scenario and the documents of each language write it."""
    return {wanted, *(get_language(code).format_duration(length) for code in LANGUAGES)}


def _compare_zone_label(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.zone_label
    if wanted and not re.search(rf"{BESIDE_A_TIME}\b{re.escape(wanted)}\b", outcome.markdown):
        yield f"zone_label: expected {wanted} beside the times of the draft, found beside none"


def _compare_detection(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.detected_by
    if wanted is None:
        return
    if wanted not in [alert["name"] for alert in outcome.record["alerts"]]:
        yield _describe_difference(
            "detected_by", wanted, ", ".join(alert["name"] for alert in outcome.record["alerts"])
        )
    elif wanted not in _detection_text(outcome.markdown, (outcome.incident.get("languages") or ["en"])[0]):
        yield f"detected_by: expected {wanted}, missing in the draft's detection"


def _detection_text(markdown: str, code: str) -> str:
    """Return the section about the detection, else the timeline's lines of that kind."""
    words = get_language(code).words
    under = _section_under(markdown, words["detection"])
    if under is not None:
        return under
    course = _section_under(markdown, words["timeline"]) or _section_under(markdown, words["overview"]) or ""
    return "\n".join(line for line in course.splitlines() if words["kind_detection"] in line)


def _section_under(markdown: str, heading: str) -> str | None:
    """Return the text below the first heading that begins so; None without such a heading."""
    match = re.search(rf"^#+ {re.escape(heading)}\b.*\n((?:(?!#).*\n?)*)", markdown, re.MULTILINE)
    return match[1] if match else None


def _compare_impact(outcome: _Outcome) -> Iterator[str]:
    wanted = outcome.expected.impact
    if wanted is None:
        return
    impact = outcome.incident.get("impact") or {}
    texts = [each["text"] for each in impact.get("texts", [])]
    if wanted.text and not any(wanted.text in text for text in texts):
        yield _describe_difference("impact: text", wanted.text, " / ".join(texts))
    for key, number in (("percent_of_users", wanted.percent_of_users), ("count_of_users", wanted.count_of_users)):
        if number is not None and impact.get(key) != number:
            yield _describe_difference(f"impact: {key}", f"{number:.15g}", impact.get(key))


def _compare_languages(outcome: _Outcome) -> Iterator[str]:
    """Compare the languages of the documents, in order."""
    wanted = outcome.expected.languages
    documents = re.split(r"^(?=# )", outcome.markdown, flags=re.MULTILINE)[1:]
    found = tuple(code for document in documents if (code := detect_language(document)))
    if wanted is not None and found != wanted:
        yield _describe_difference("languages", ", ".join(wanted), ", ".join(found))


def detect_language(document: str) -> str | None:
    """Return the language of most of a document's headings and labels; None if of none."""
    marked = re.findall(r"^#+ (.+)$|\*\*(.+?)\*\*", document.replace("\\", ""), re.MULTILINE)
    labels = {re.sub(r"(?:\s*\([^()]*\))?[\s:]*$", "", heading or label) for heading, label in marked}
    counts = {code: len(labels & set(get_language(code).words.values())) for code in LANGUAGES}
    return max(LANGUAGES, key=lambda code: counts[code]) if any(counts.values()) else None


def _compare_timeline_times(outcome: _Outcome) -> Iterator[str]:
    """Look for the expected times, in order; others may be between them."""
    wanted = outcome.expected.timeline_times
    if wanted is None:
        return
    found = [_entry_time(entry, outcome.zone) for entry in outcome.entries]
    ahead = iter(found)
    for place, time in enumerate(wanted, 1):
        if time not in ahead:
            listed = ", ".join(each or "no time" for each in found)
            yield f"timeline_times: number {place}, {time or 'no time'}, is missing or out of order among {listed}"
            return


def _entry_time(entry: Json, zone: ZoneInfo) -> str | None:
    at = entry.get("happened_at")
    return f"{datetime.fromisoformat(at).astimezone(zone):%H:%M}" if at else None


def _compare_counts(outcome: _Outcome) -> Iterator[str]:
    expected = outcome.expected
    taken = outcome.count_entries(ACTIONS_TAKEN)
    if expected.actions_taken is not None and taken < expected.actions_taken:
        yield _describe_difference("actions_taken", f"at least {expected.actions_taken}", str(taken))
    kinds = [action["kind"] for action in outcome.actions]
    for name, wanted, found in (
        ("misleading_paths", expected.misleading_paths, outcome.count_entries(frozenset({Kind.MISLEADING_PATH}))),
        ("improvements", expected.improvements, kinds.count(ActionKind.IMPROVEMENT)),
        ("tasks", expected.tasks, kinds.count(ActionKind.TASK)),
        ("symptom_table", expected.symptom_table, sum(bool(action.get("symptom")) for action in outcome.actions)),
    ):
        if wanted is not None and found != wanted:
            yield _describe_difference(name, wanted, str(found))


def _compare_escalations(outcome: _Outcome) -> Iterator[str]:
    """Look for the expected escalations, in order; others may be between them."""
    ahead = iter(outcome.record["escalations"])
    for wanted in outcome.expected.escalations or ():
        name = f"escalations: {wanted.to}"
        found = next((each for each in ahead if each["target"].removeprefix("@") == wanted.to), None)
        if found is None:
            targets = [each["target"] for each in outcome.record["escalations"]]
            yield f"{name} is missing or out of order among {', '.join(targets) or 'none'}"
            return
        yield from _compare_escalation(name, wanted, found)


def _compare_escalation(name: str, wanted: ExpectedEscalation, found: Json) -> Iterator[str]:
    if wanted.external is not None and bool(found["external"]) != wanted.external:
        yield _describe_difference(f"{name}: external", _yes_or_no(wanted.external), _yes_or_no(not wanted.external))
    if wanted.acknowledged is not None and (found["acknowledged_at"] is not None) != wanted.acknowledged:
        yield _describe_difference(
            f"{name}: acknowledged", _yes_or_no(wanted.acknowledged), _yes_or_no(not wanted.acknowledged)
        )


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _compare_conclusion(outcome: _Outcome) -> Iterator[str]:
    """Check whether the (first) document ends with the conclusion of the record."""
    if outcome.expected.conclusion is None:
        return
    stated = _split_words(outcome.incident.get("conclusion") or "")
    first = outcome.markdown.partition("\n---\n")[0]
    ends = bool(stated) and _split_words(first.strip().rpartition("\n")[2]) == stated
    if ends != outcome.expected.conclusion:
        yield _describe_difference("conclusion", _yes_or_no(outcome.expected.conclusion), _yes_or_no(ends))


def _compare_findings(outcome: _Outcome) -> Iterator[str]:
    """Look for the expected codes."""
    found = list(dict.fromkeys(finding["code"] for finding in outcome.record["findings"]))
    for code in outcome.expected.findings or ():
        if code not in found:
            yield f"findings: {code} is missing among {', '.join(found) or 'none'}"


def _split_words(text: str) -> list[str]:
    """Return the words of a text, without references to sources."""
    return re.findall(r"\w+", REFERENCE.sub("", LINK_ADDRESS.sub("]", text)))


CHECKS: tuple[Callable[[_Outcome], Iterator[str]], ...] = (
    _compare_times,
    _compare_duration,
    _compare_zone_label,
    _compare_detection,
    _compare_impact,
    _compare_languages,
    _compare_timeline_times,
    _compare_counts,
    _compare_escalations,
    _compare_conclusion,
    _compare_findings,
)
