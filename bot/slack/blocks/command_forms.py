"""
Commands as forms, made of the same table that reads what is typed: a field for each value that a command takes.

So a form asks for nothing that cannot be typed, and leaves nothing out. What words a form has beyond the table's stand
in WORDS; a command without any gets a form all the same. Block ids are the names that the table gives to the values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.command.help import what_it_takes
from bot.command.table import LANGUAGES, Command, Option, Positional, Value
from bot.config import Settings
from bot.domain.languages import language
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import (
    Choice,
    boxes_field,
    date_field,
    modal,
    multi_field,
    person_field,
    select_field,
    text_field,
)
from bot.slack.blocks.limits import Block
from bot.slack.blocks.modals import INCIDENT, PERSON, TEAM, TEXT, View

Asked = Option | Positional


@dataclass(frozen=True, slots=True)
class Words:
    """How a form puts it. `labels`, `hints` and `examples` by the value's name in the table, `text` for the text."""

    title: str
    submit: str
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    examples: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


OF_TEXT = {"lang": "Language of the text"}
FOLLOW_UP = {"owner": "Who does it?", "due": "Until when?", "symptom": "Which symptom does it answer?", **OF_TEXT}
WORDS: Mapping[str, Words] = {
    "show": Words("Everything about it", "Show"),
    "timeline": Words("The timeline", "Show"),
    "catchup": Words("Catch me up", "Show"),
    "ack": Words("Acknowledge the page", "Acknowledge"),
    "cannot": Words("I can't come", "Next please", {"text": "Why?"}, {"text": "Also after you acknowledged."}),
    "moretime": Words("More time", "Wait with it", {"minutes": "How many minutes?"}, {"minutes": "Nothing chosen: 5."}),
    "unack": Words(
        "Not acknowledged", "Take it back", {"text": "Why?"}, {"text": "The escalation goes on where it was."}
    ),
    "reassign": Words("Hand it over", "Page them", {"text": "Anything they should know?"}),
    "note": Words("Add to the timeline", "Add"),
    "status": Words("Change the status", "Change"),
    "severity": Words("Change the severity", "Change"),
    "edit": Words("Edit the details", "Save"),
    "escalate": Words("Escalate", "Page them"),
    "role": Words("Roles", "Save"),
    "handover": Words(
        "Hand over",
        "Hand over",
        {"role": "Which role?", "person": "To whom?", "text": "Anything they should know?"},
        {"role": "Nothing chosen: the lead."},
    ),
    "merge": Words("Merge it", "Merge"),
    "resolve": Words("Resolve the incident", "Resolve"),
    "cancel": Words("Cancel the incident", "Cancel it"),
    "vendor": Words(
        "What a vendor said",
        "Record",
        {
            "vendor": "Which vendor?",
            "what": "What happened?",
            "case": "Their case reference",
            "at": "When?",
            "text": "What did they say?",
        },
        {"what": "Nothing chosen: only the case reference is recorded.", "at": f"Empty: now. {modals.A_TIME}"},
        {"case": "CS-123"},
    ),
    "impact": Words(
        "The impact",
        "Record",
        {
            "text": "What did it do to whom?",
            "users": "Share of users",
            "started": "When did it begin?",
            "ended": "When did it end?",
            **OF_TEXT,
        },
        examples={"users": "20%"},
    ),
    "cause": Words("The cause", "Record", {"text": "What caused it?", **OF_TEXT}),
    "improve": Words("What to improve", "Note it", {"text": "What should become better?", **FOLLOW_UP}),
    "task": Words("A task", "Note it", {"text": "What is to be done?", **FOLLOW_UP}),
    "update": Words(
        "What the public was told",
        "Record",
        {"state": "What was said of it?", "text": "In which words?", "lang": "Languages", "at": "When?"},
    ),
    "lead": Words(
        "Who leads",
        "Give the lead",
        {"person": "Who?", "text": "Anything they should know?"},
        {"person": "Nobody chosen: you take the lead.", "text": "Write nobody alone to give the lead up."},
    ),
    "private": Words("Make it private", "Show how"),
    "redact": Words(
        "Redact",
        "Redact for ever",
        {"what": "A link to the message, or an entry", "text": "Why?"},
        {
            "what": "Like entry-12. Its words are removed everywhere, for ever.",
            "text": "It stands in the words' place.",
        },
    ),
    "reopen": Words("Open it again", "Reopen", {"text": "Why?"}, {"text": "Its end is taken back."}),
    "postmortem": Words(
        "The postmortem draft",
        "Write it",
        {"template": "Its form", "lang": "Its languages"},
        {"template": "Empty: as the incident has it.", "lang": "Empty: as the incident has them."},
    ),
    "drill": Words(
        "Practise",
        "Begin",
        {"text": "Which one?", "speed": "How many times as fast?"},
        {"text": "A scenario, or an incident like INC-7. Empty: which there are.", "speed": "Empty: as it happened."},
        {"speed": "10"},
    ),
    "mute": Words(
        "Do not page",
        "Mute",
        {"person": "Whom?", "until": "Until when?", "text": "Why?"},
        {
            "person": "Nobody chosen: you. Somebody else is told, by whom and why.",
            "until": "Needed. Like 18:00, in 8 hours, tomorrow 09:00.",
        },
    ),
    "unmute": Words(
        "Page again", "Unmute", {"person": "Whom?", "text": "Anything else"}, {"person": "Nobody chosen: you."}
    ),
    "maintenance": Words(
        "Maintenance",
        "Plan it",
        {"service": "Of which service?", "from": "From when on?", "to": "Until when?", "text": "Why?", "end": "And"},
        {
            "service": "Empty, with nothing else: which there are.",
            "from": "Empty: from now on.",
            "to": "Like 18:00, in 2 hours, tomorrow 09:00.",
        },
    ),
    "find": Words(
        "Find an incident",
        "Search",
        {"text": "Words", "drills": "And"},
        {"text": "In titles, references, services and timelines. All of them have to be there."},
    ),
}
ONE_LANGUAGE = frozenset({"impact", "cause", "improve", "task"})
"""Commands of which a text is in one language: they read the first that is named."""
TEMPLATE, VENDOR = "template", "vendor"


def callback_of(command: Command) -> str:
    return f"do_{command.name}"


def words_of(command: Command) -> Words:
    return WORDS.get(command.name) or Words(command.name.capitalize(), "Do it")


def values_of(command: Command) -> list[Asked]:
    """What a command takes beside its text, each name once: an owner may stand in two places of a line."""
    asked: list[Asked] = [*command.positionals, *command.options]
    return list({each.name: each for each in asked}.values())


def is_form(command: Command) -> bool:
    """Whether there is anything to fill in. Else the command is a button."""
    return bool(command.options or command.positionals or command.text != "none")


def form(
    command: Command,
    settings: Settings,
    carried: Mapping[str, object],
    *,
    initial: Mapping[str, str] = MappingProxyType({}),
    incidents: Sequence[Choice] = (),
) -> View:
    """`initial`: what the fields hold at first. `incidents`: those that a field for one offers; else it is typed."""
    words = words_of(command)
    asked = values_of(command)
    needed = [each for each in asked if isinstance(each, Positional) and each.required]
    fields = [block for each in needed for block in _fields(command, each, settings, words, incidents, initial)]
    if command.text != "none":
        fields.append(_text(command, words, initial.get(TEXT, "")))
    others = sorted((each for each in asked if each not in needed), key=lambda each: each.kind is Value.LANGUAGES)
    fields += [block for each in others for block in _fields(command, each, settings, words, incidents, initial)]
    return modal(callback_of(command), words.title, words.submit, fields, carried)


def _text(command: Command, words: Words, initial: str) -> Block:
    return text_field(
        TEXT,
        words.labels.get(TEXT, "Text"),
        initial=initial,
        hint=words.hints.get(TEXT, ""),
        example=words.examples.get(TEXT, ""),
        is_long=True,
        is_optional=command.text != "required",
    )


def _fields(
    command: Command,
    asked: Asked,
    settings: Settings,
    words: Words,
    incidents: Sequence[Choice],
    initial: Mapping[str, str],
) -> list[Block]:
    if asked.kind is Value.TARGET:
        return targets(settings)
    name, is_optional = asked.name, not (isinstance(asked, Positional) and asked.required)
    label = words.labels.get(name, name.capitalize())
    hint = words.hints.get(name, _hint(asked, is_labelled=name in words.labels))
    example = words.examples.get(name, "")
    choices = [*incidents] if asked.kind is Value.INCIDENT else _choices(asked, settings)
    match asked.kind:
        case Value.PERSON:
            return [person_field(name, label, hint=words.hints.get(name, ""))]
        case Value.DATE:
            return [date_field(name, label)]
        case Value.FLAG:
            return [boxes_field(name, label, [Choice("yes", (asked.about if isinstance(asked, Option) else name))])]
        case Value.LANGUAGES if command.name not in ONE_LANGUAGE:
            return [multi_field(name, label, choices, hint=words.hints.get(name, ""))]
        case _ if choices:
            chosen, hint = initial.get(name), words.hints.get(name, "")
            return [select_field(name, label, choices, chosen=chosen, hint=hint, is_optional=is_optional)]
        case _:
            return [text_field(name, label, hint=hint, example=example, is_optional=is_optional)]


def _hint(asked: Asked, *, is_labelled: bool) -> str:
    """What the table says of it, as `help` does, unless the label says it; a form shows backquotes as they are."""
    about = asked.about if isinstance(asked, Option) and not is_labelled else ""
    takes = modals.A_TIME if asked.kind is Value.TIME else what_it_takes(asked.kind, asked.choices)
    text = "; ".join(filter(None, [about, takes])).replace("`", "")
    return text[:1].upper() + text[1:]


def _choices(asked: Asked, settings: Settings) -> list[Choice]:
    """What can be chosen. Empty where it has to be written."""
    if asked.name == VENDOR:
        return [Choice(name, each.name or name) for name, each in sorted(settings.vendors.items())]
    if asked.name == TEMPLATE:
        return [Choice(name, name.capitalize()) for name in settings.template_names]
    if asked.choices and asked.kind is Value.STATUS:
        return [Choice(each, settings.status_name(each)) for each in asked.choices]
    if asked.choices and asked.kind is Value.WORD:
        return [Choice(each, each.capitalize()) for each in asked.choices]
    found = CHOICES.get(asked.kind)
    return list(found(settings)) if found else []


def languages(_settings: Settings) -> list[Choice]:
    english = language("en")
    return [Choice(code, english.name_of(code).capitalize()) for code in LANGUAGES]


CHOICES: Mapping[Value, Callable[[Settings], Sequence[Choice]]] = {
    Value.SEVERITY: modals.severities,
    Value.STATUS: modals.statuses,
    Value.LANGUAGES: languages,
    Value.ROLE: lambda settings: [Choice(name, role.label) for name, role in settings.role_table.items()],
    Value.KIND: lambda _settings: modals.kind_choices(),
}


def targets(settings: Settings) -> list[Block]:
    """Whom to call: a person, or whoever is on call, a team or a vendor of the configuration."""
    teams = [Choice(f"schedule:{name}", name, "whoever is on call") for name in sorted(settings.schedules)]
    teams += [Choice(f"@{name}", f"@{name}", "team") for name in sorted(settings.teams)]
    teams += [Choice(f"vendor:{name}", name, "vendor") for name in sorted(settings.vendors)]
    person = person_field(PERSON, "A person")
    return [person, select_field(TEAM, "Or a schedule, team or vendor", teams)] if teams else [person]


def incident_field(incidents: Sequence[Choice], chosen: str | None = None) -> Block:
    """Which incident a form from outside is about: one of those seen there, or typed where nobody knows them."""
    if incidents:
        return select_field(INCIDENT, "Incident", incidents, chosen=chosen, is_optional=False)
    return text_field(INCIDENT, "Incident", example="INC-7", is_optional=False)
