"""The header of a scenario as slash commands."""

import re
from collections.abc import Iterator

from bot.domain.terms import AlertStatus
from bot.scenario.model import Action, Alert, Scenario, SlashCommand

DEFAULT_PERSON = "oncall"
START_COMMAND = re.compile(r"/incident\s+(?:start|declare|new|open)\b", re.IGNORECASE)


def opens_incident(action: Action) -> bool:
    """Return whether the action may open the scenario's incident."""
    is_firing = isinstance(action, Alert) and action.status is AlertStatus.FIRING
    return is_firing or (isinstance(action, SlashCommand) and START_COMMAND.match(action.text) is not None)


def add_header_options(scenario: Scenario, start: str) -> str:
    """Return the command that opens the incident, with the missing options of the header."""
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
    """Return the person of the first action by a person, or a default person."""
    return next((who for step in scenario.steps if (who := getattr(step.action, "who", None))), DEFAULT_PERSON)


def header_edits(scenario: Scenario, *, is_started: bool) -> Iterator[str]:
    """
    Yield the `/incident edit` commands for the header.

    `is_started`: a command opened the incident, with its own options. Each title in a language is one command.
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
    options = " ".join(f"{key}:{quote_value(value)}" for key, value in given if value)
    if options:
        yield f"/incident edit {options}"
    for code in languages:
        yield f"/incident edit lang:{code} title:{quote_value(scenario.titles[code])}"
    if len(languages) > 0:
        yield f"/incident edit lang:{','.join(languages)}"


def quote_value(value: str) -> str:
    """Quote a text with quotes that it does not contain."""
    if '"' in value or "“" in value or "”" in value:
        return f"«{value}»"
    return f'"{value}"'
