"""Forms on an incident's page, made of the table of commands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from bot.command.forms.choices import parameter_choices, target_choices
from bot.command.forms.parameters import TEXT, Parameter, command_parameters, form_text, is_required, parameter_hint
from bot.command.forms.parser import CLEARED
from bot.command.forms.texts import DEFAULT_LABELS, FormText
from bot.command.groups import PHRASES
from bot.command.table import OF_LANGUAGE, Command, Option, Value
from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.services.web_pages.action_bar import ActionBar, value_version
from commands import COMMANDS, start

Values = dict[str, Any]

MAIN = ("note", "status", "severity", "lead", "role", "escalate", "ack", "task", "impact", "cause", "update", "resolve")
"""Commands of an open incident that the page shows first, in this order."""
MAIN_AFTERWARDS = ("note", "reopen", "task", "improve", "impact", "cause", "update", "postmortem")
MORE = ("edit", "improve", "handover", "reassign", "cannot", "moretime", "unack", "vendor", "merge", "cancel")
MORE_AFTERWARDS = ("edit", "role", "vendor")
BOTH = ("postmortem", "redact")
LABELS: Mapping[str, str] = {
    "note": "Note",
    "status": "Status",
    "severity": "Severity",
    "lead": "Lead",
    "role": "Role",
    "escalate": "Escalation",
    "ack": "Acknowledgement",
    "task": "Task",
    "impact": "Impact",
    "cause": "Cause",
    "update": "Public update",
    "resolve": "Resolution",
    "reopen": "Reopening",
    "improve": "Improvement",
    "postmortem": "Postmortem draft",
    "edit": "Details",
    "handover": "Handover of a role",
    "reassign": "Handover of a page",
    "cannot": "Declined page",
    "moretime": "More time",
    "unack": "Withdrawn acknowledgement",
    "vendor": "Vendor",
    "merge": "Merge",
    "cancel": "Cancellation",
    "redact": "Redaction",
}
"""Names of the forms by command."""
ON_PAGE: Mapping[str, Command] = {each.name: each for each in COMMANDS if each.name in LABELS}
DECLARE_FIRST = ("sev", "service", "at")
"""Fields of a declaration that come before the observation."""
PEOPLE_LIST, TARGETS_LIST, SERVICES_LIST = "people", "targets", "services"
"""Ids of the lists from which a browser completes an input."""
WIDGETS: Mapping[Value, str] = {
    Value.PERSON: PEOPLE_LIST,
    Value.OWNER: PEOPLE_LIST,
    Value.TARGET: TARGETS_LIST,
    Value.DATE: "date",
    Value.FLAG: "check",
}
PERSON_HINT = "A name with @, me, or a Slack user id."
TARGET_HINT = "A person with @, a @team, policy:NAME, schedule:NAME or vendor:NAME."


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A form that was sent and refused: what was entered, the reason, and the field it is about.

    `confirmation`: label of the button that does it all the same.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    confirmation: str = ""


NO_ATTEMPT = Attempt("")


def bar_values(settings: Settings, bar: ActionBar, attempt: Attempt = NO_ATTEMPT) -> Values:
    """Values of `web/incidents/actions.html.j2`."""
    main, more = (MAIN, MORE) if bar.is_open else (MAIN_AFTERWARDS, MORE_AFTERWARDS)
    more = tuple(name for name in (*more, *BOTH) if name not in main)
    if attempt.name and attempt.name not in {*main, *more}:
        main = (*main, attempt.name)  # the incident was resolved or reopened since the form was opened
    return {
        "main": [form_values(settings, bar, ON_PAGE[name], attempt) for name in main],
        "more": [form_values(settings, bar, ON_PAGE[name], attempt) for name in more],
        "is_more_open": attempt.name in more,
        "attempt": attempt,
        "answer": bar.answer,
        "waiting": bar.waiting,
        **list_values(settings, bar.people),
    }


def list_values(settings: Settings, people: Sequence[tuple[str, str]]) -> Values:
    """Lists from which a browser completes people and targets."""
    policies = [(f"policy:{name}", "policy, level by level") for name in sorted(settings.policies)]
    others = [(each.value, each.description) for each in target_choices(settings)]
    return {"people": people, "targets": [*policies, *others]}


def form_values(settings: Settings, bar: ActionBar, command: Command, attempt: Attempt) -> Values:
    given = attempt if attempt.name == command.name else NO_ATTEMPT
    present = bar.present.get(command.name, "")
    fields = field_values(settings, command, given)
    is_at_field = any(each["problem"] for each in fields)
    return {
        "name": command.name,
        "label": LABELS[command.name],
        "submit": PHRASES[command.name],
        "fields": fields,
        "is_open": bool(given.name),
        "problem": "" if is_at_field else given.problem,
        "confirmation": given.confirmation,
        "present": present,
        "seen": value_version(present) if command.name in bar.present else "",
    }


def field_values(settings: Settings, command: Command, given: Attempt) -> list[Values]:
    """The fields of a form in their order: what is required, the text, the rest, the language."""
    texts, parameters = form_text(command), command_parameters(command)
    needed = [each for each in parameters if is_required(each) or each.name in texts.required]
    others = sorted((each for each in parameters if each not in needed), key=lambda each: each.kind in OF_LANGUAGE)
    fields = [_parameter_field(settings, command, each, texts) for each in needed]
    if command.text != "none":
        fields.append(_text_field(command, texts))
    fields += [_parameter_field(settings, command, each, texts) for each in others]
    return [{**each, **_entered(each, given)} for each in fields]


def declare_fields(settings: Settings, given: Attempt) -> list[Values]:
    """Fields of the form that declares an incident."""
    title, *others = field_values(settings, start.COMMAND, given)
    severity = next(each for each in others if each["name"] == "sev")
    severity |= {} if given.name else {"value": settings.incidents.default_severity.value}
    service = next(each for each in others if each["name"] == "service")
    service["widget"] = SERVICES_LIST
    seen = {
        **_text_field(start.COMMAND, FormText("")),
        "name": start.SEEN,
        "label": "Observation",
        "hint": "The first entry of the timeline.",
    }
    return [
        {**title, "widget": "line", "is_required": True, "is_wide": True},
        *(each for each in others if each["name"] in DECLARE_FIRST),
        {**seen, **_entered(seen, given)},
        *(each for each in others if each["name"] not in DECLARE_FIRST),
    ]


def _entered(shown: Values, given: Attempt) -> Values:
    name = shown["name"]
    default = shown["choices"][0][0] if shown["choices"] and shown["is_required"] and not given.name else ""
    return {"value": given.fields.get(name, default), "problem": given.problems.get(name, "")}


def _text_field(command: Command, texts: FormText) -> Values:
    return {
        "name": TEXT,
        "widget": "area",
        "label": texts.labels.get(TEXT, "Text"),
        "hint": texts.hints.get(TEXT, ""),
        "example": texts.examples.get(TEXT, ""),
        "is_required": command.text == "required",
        "is_wide": True,
        "choices": [],
    }


def _parameter_field(settings: Settings, command: Command, parameter: Parameter, texts: FormText) -> Values:
    name, kind = parameter.name, parameter.kind
    choices = [] if kind in {Value.LANGUAGES, Value.FLAG} else parameter_choices(parameter, settings)
    required = is_required(parameter) or name in texts.required
    return {
        "name": name,
        "widget": "select" if choices else WIDGETS.get(kind, "line"),
        "label": texts.labels.get(name, DEFAULT_LABELS.get(name, name.capitalize())),
        "hint": _hint(command, parameter, texts, has_choices=bool(choices)),
        "example": texts.examples.get(name, ""),
        "is_required": required,
        "is_wide": False,
        "choices": [(each.value, each.text) for each in choices],
    }


def _hint(command: Command, parameter: Parameter, texts: FormText, *, has_choices: bool) -> str:
    return " ".join(_hint_parts(command, parameter, texts, has_choices=has_choices)).strip()


def _hint_parts(command: Command, parameter: Parameter, texts: FormText, *, has_choices: bool) -> Iterator[str]:
    own = texts.hints.get(parameter.name)
    match parameter.kind:
        case Value.PERSON | Value.OWNER:
            yield from (PERSON_HINT, own if own and parameter.kind is Value.PERSON else "")
        case Value.TARGET:
            yield TARGET_HINT
        case Value.FLAG:
            yield own or (parameter.about if isinstance(parameter, Option) else "")
        case Value.DATE:
            yield own or ""
        case _ if own is not None or has_choices:
            yield own or ""
        case _:
            yield parameter_hint(parameter, is_labelled=parameter.name in texts.labels)
    if parameter.kind is Value.TEXT and command.name == "edit":
        yield f"{CLEARED} clears it."
