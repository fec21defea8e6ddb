"""What stands above a scenario's steps, as somebody would type it."""

import re
from collections.abc import Iterator

from bot.domain.terms import AlertStatus
from bot.scenario.model import Act, Alert, Scenario, Typed

SOMEBODY = "oncall"
START = re.compile(r"/incident\s+(?:start|declare|new|open)\b", re.IGNORECASE)


def opens(act: Act) -> bool:
    """Whether it may be what opens the scenario's incident."""
    is_firing = isinstance(act, Alert) and act.status is AlertStatus.FIRING
    return is_firing or (isinstance(act, Typed) and START.match(act.text) is not None)


def with_head(scenario: Scenario, start: str) -> str:
    """The command that opens the incident, with what the head of the scenario says and it does not."""
    options = (
        ("sev|severity", "sev", scenario.severity),
        ("service|services", "service", ", ".join(scenario.services)),
        ("ref|reference", "ref", scenario.reference),
        ("tz|zone", "tz", scenario.zone.key),
    )
    for names, key, value in options:
        if value and not re.search(rf"(?<!\S)(?:--)?(?:{names})[:=]", start, re.IGNORECASE):
            start += f' {key}:"{value}"' if " " in value else f" {key}:{value}"
    return start


def first_person(scenario: Scenario) -> str:
    """Who does the first thing that a person does. Where only monitors act, somebody of the workspace."""
    return next((who for step in scenario.steps if (who := getattr(step.act, "who", None))), SOMEBODY)


def head_edits(scenario: Scenario, *, is_started: bool) -> Iterator[str]:
    """
    `/incident edit` for what stands above the steps. `is_started`: the command that opened the incident holds its part.

    Titles that have a language are given one by one, each in a line of its own.
    """
    languages = tuple(code for code in scenario.titles if code)
    started = (
        ()
        if is_started
        else (
            ("title", scenario.titles.get("")),
            ("service", ", ".join(scenario.services)),
            ("ref", scenario.reference),
            ("tz", scenario.zone.key),
        )
    )
    given = (
        *started,
        ("category", scenario.category),
        ("responsibility", scenario.responsibility),
        ("template", scenario.template),
    )
    options = " ".join(f"{key}:{quoted(value)}" for key, value in given if value)
    if options:
        yield f"/incident edit {options}"
    for code in languages:
        yield f"/incident edit lang:{code} title:{quoted(scenario.titles[code])}"
    if len(languages) > 0:
        yield f"/incident edit lang:{','.join(languages)}"


def quoted(value: str) -> str:
    """In quotes that the text does not hold itself."""
    if '"' in value or "“" in value or "”" in value:
        return f"«{value}»"
    return f'"{value}"'
