"""Names of the figures and how each is computed, for the pages Figures and History."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.incidents.statistics import NO_VALUE, Axis, Figure
from bot.lazy_dataclass import dataclass
from bot.services.web_pages.history.samples import OTHER_CAUSE


@dataclass(frozen=True, slots=True)
class FigureText:
    """`case` is the noun of what is counted."""

    title: str
    method: str
    case: str = "incident"


FIGURES: Mapping[Figure, FigureText] = MappingProxyType(
    {
        Figure.INCIDENTS: FigureText(
            "Incidents", "Incidents by the month of their declaration, in the zone of the incident."
        ),
        Figure.DETECT: FigureText(
            "Time to detect",
            "From the start of the impact to the detection. Left out: incidents whose start is known by their alert "
            "or declaration alone.",
        ),
        Figure.ACKNOWLEDGE: FigureText(
            "Time to acknowledge",
            "From the first page of an escalation to its first acknowledgement, by the month of that page: the same as "
            "in “dogwatch figures”. Escalations without an acknowledgement are counted and have no time.",
            "escalation",
        ),
        Figure.IDENTIFY: FigureText(
            "Time to identify", "From the detection to the status identified, or to the first recorded cause."
        ),
        Figure.MITIGATE: FigureText(
            "Time to mitigate", "From the detection to the status monitoring, or to the last fix before the resolution."
        ),
        Figure.RESOLVE: FigureText("Time to resolve", "From the detection to the resolution."),
        Figure.FIRST_UPDATE: FigureText(
            "Delay of the first public update",
            "From the start of the impact to the first public status update. Left out: incidents without one.",
        ),
        Figure.PAGES: FigureText("Pages", "Pages that were sent.", "page"),
        Figure.OUT_OF_HOURS: FigureText("Pages out of hours", "Pages outside working hours.", "page"),
        Figure.NIGHTS: FigureText("Pages at night", "Pages between 22:00 and 07:00.", "page"),
        Figure.FOLLOW_UPS: FigureText(
            "Open follow-ups", "Tasks and improvements that are not done, by the time since they were recorded.", "item"
        ),
    }
)

AXES: Mapping[Axis, str] = MappingProxyType(
    {
        Axis.MONTH: "Month",
        Axis.SEVERITY: "Severity",
        Axis.SERVICE: "Service",
        Axis.CATEGORY: "Category",
        Axis.CAUSE: "Cause",
        Axis.PERSON: "Person",
        Axis.AGE: "Age",
    }
)
LABELS: Mapping[Axis, Mapping[str, str]] = MappingProxyType(
    {
        Axis.SERVICE: {NO_VALUE: "none named"},
        Axis.CATEGORY: {NO_VALUE: "none set"},
        Axis.CAUSE: {NO_VALUE: "not recorded", OTHER_CAUSE: "in other words"},
        Axis.PERSON: {NO_VALUE: "nobody"},
        Axis.AGE: {
            "under-7-days": "under 7 days",
            "7-to-28-days": "7 to 28 days",
            "28-to-90-days": "28 to 90 days",
            "over-90-days": "over 90 days",
        },
    }
)


def value_label(axis: Axis, value: str, names: Mapping[str, str], severities: Mapping[str, str]) -> str:
    """A value of an axis as people read it. `names` are those of people, by id."""
    known = {Axis.PERSON: names, Axis.SEVERITY: severities}.get(axis, {})
    return known.get(value) or LABELS.get(axis, {}).get(value, value)
