"""Options of the fields of a command's form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.command.forms.parameters import Parameter
from bot.command.table import Value
from bot.config import Settings
from bot.domain.languages import get_language
from bot.domain.terms import LANGUAGES, MARKS, Severity, Status
from bot.lazy_dataclass import dataclass

TEMPLATE, VENDOR = "template", "vendor"
SEVERITY_DESCRIPTIONS: Mapping[Severity, str] = {
    Severity.SEV1: "Most people cannot use it, or data is at risk",
    Severity.SEV2: "An important part is broken for many",
    Severity.SEV3: "Something is broken or slow; there is a way around it",
    Severity.SEV4: "No customer is affected",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    text: str
    description: str = ""


STATUS_CHOICES = (
    Choice(Status.INVESTIGATING, "Investigating", "The cause is not known"),
    Choice(Status.IDENTIFIED, "Identified", "The cause is known, a fix is on its way"),
    Choice(Status.MONITORING, "Monitoring", "A fix is in place, is it enough?"),
    Choice(Status.RESOLVED, "Resolved", "It is over; the postmortem draft follows"),
)


def severity_choices(settings: Settings) -> Sequence[Choice]:
    def label_of(severity: Severity) -> str:
        label = settings.severity_label(severity)
        return label if label == severity.value else f"{label} ({severity.value})"

    return [Choice(severity.value, label_of(severity), SEVERITY_DESCRIPTIONS[severity]) for severity in Severity]


def status_choices(settings: Settings) -> Sequence[Choice]:
    """Statuses under the names that the workspace gives them."""
    return [replace(each, text=settings.status_name(each.value)) for each in STATUS_CHOICES]


def kind_choices() -> Sequence[Choice]:
    return [Choice(kind.value, kind.capitalize()) for kind in MARKS]


def language_choices() -> list[Choice]:
    english = get_language("en")
    return [Choice(code, english.language_name(code).capitalize()) for code in LANGUAGES]


def target_choices(settings: Settings) -> list[Choice]:
    """Targets besides people: schedules, teams and vendors."""
    teams = [Choice(f"schedule:{name}", name, "the person on call") for name in sorted(settings.schedules)]
    teams += [Choice(f"@{name}", f"@{name}", "team") for name in sorted(settings.teams)]
    return [*teams, *(Choice(f"vendor:{name}", name, "vendor") for name in sorted(settings.vendors))]


def parameter_choices(parameter: Parameter, settings: Settings) -> list[Choice]:
    """Options of a parameter; empty if it is typed."""
    if parameter.name == VENDOR:
        return [Choice(name, each.name or name) for name, each in sorted(settings.vendors.items())]
    if parameter.name == TEMPLATE:
        return [Choice(name, name.capitalize()) for name in settings.template_names]
    if parameter.choices and parameter.kind is Value.STATUS:
        return [Choice(each, settings.status_name(each)) for each in parameter.choices]
    if parameter.choices and parameter.kind is Value.WORD:
        return [Choice(each, each.capitalize()) for each in parameter.choices]
    found = CHOICES_BY_KIND.get(parameter.kind)
    return list(found(settings)) if found else []


CHOICES_BY_KIND: Mapping[Value, Callable[[Settings], Sequence[Choice]]] = {
    Value.SEVERITY: severity_choices,
    Value.STATUS: status_choices,
    Value.LANGUAGE: lambda _settings: language_choices(),
    Value.LANGUAGES: lambda _settings: language_choices(),
    Value.ROLE: lambda settings: [Choice(name, role.label) for name, role in settings.role_table.items()],
    Value.KIND: lambda _settings: kind_choices(),
}
