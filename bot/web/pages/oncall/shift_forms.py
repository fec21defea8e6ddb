"""Forms that change the on-call schedules."""

from typing import Any

from bot.domain.errors import InvalidField, InvalidFields, UserError
from bot.lazy_dataclass import dataclass
from bot.services.web_pages.oncall_change import ShiftForm


@dataclass(frozen=True, slots=True)
class ChangeField:
    """A field of a form. `kind`: type of its input, or `person` for one that suggests names."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    is_required: bool = False


TIME = "datetime-local"
REASON = ChangeField("reason", "Reason", "optional")
FORMS = (
    (
        "take",
        "Take a shift",
        (
            ChangeField("starts", "Start", "default: now", TIME),
            ChangeField("ends", "End", "default: end of the shift", TIME),
            ChangeField("instead", "Instead of", "if several people are on call", "person"),
            REASON,
        ),
    ),
    (
        "give",
        "Give a shift",
        (
            ChangeField("person", "To", "", "person", is_required=True),
            ChangeField("starts", "Start", "default: your next shift", TIME),
            ChangeField("ends", "End", "default: its end", TIME),
            REASON,
        ),
    ),
    (
        "swap",
        "Swap shifts",
        (
            ChangeField("person", "With", "", "person", is_required=True),
            ChangeField("starts", "Your shift at", "default: your next one", TIME),
            ChangeField("theirs", "Their shift at", "default: their next one", TIME),
            REASON,
        ),
    ),
    (
        "override",
        "Set an override",
        (
            ChangeField("person", "Person on call", "", "person", is_required=True),
            ChangeField("instead", "Instead of", "default: everybody", "person"),
            ChangeField("starts", "Start", "", TIME, is_required=True),
            ChangeField("ends", "End", "", TIME, is_required=True),
            REASON,
        ),
    ),
)
"""Act, title and fields of each form."""


def find_wrong_fields(problem: UserError | None) -> frozenset[str]:
    match problem:
        case InvalidFields():
            return frozenset(problem.by_field)
        case InvalidField():
            return frozenset({problem.field})
        case _:
            return frozenset()


def form_values(schedule: str, typed: ShiftForm, wrong: frozenset[str]) -> list[dict[str, Any]]:
    """The forms of a schedule; the one that was refused is open, with what was typed."""
    return [
        {
            "act": act,
            "title": title,
            "is_open": (is_typed := (typed.act, typed.schedule) == (act, schedule)),
            "fields": [
                {
                    "field": field,
                    "value": getattr(typed, field.name) if is_typed else "",
                    "is_wrong": is_typed and field.name in wrong,
                }
                for field in fields
            ],
        }
        for act, title, fields in FORMS
    ]
