"""Requirements configured for a severity or status, and whether they are met."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from bot.domain.incidents.roles import LEAD, Role
from bot.lazy_dataclass import dataclass


class Requirement(StrEnum):
    """A field that can be required. Roles are required by their names."""

    IMPACT = "impact"
    USERS = "users"
    CAUSE = "cause"
    RESOLUTION = "resolution"
    UPDATE = "update"
    SERVICES = "services"
    CATEGORY = "category"
    RESPONSIBILITY = "responsibility"
    REFERENCE = "reference"
    IMPROVEMENT = "improvement"


WORDING: Mapping[Requirement, tuple[str, str]] = {
    Requirement.IMPACT: ("impact", "impact TEXT"),
    Requirement.USERS: ("affected users", "impact users:20%"),
    Requirement.CAUSE: ("cause", "cause TEXT"),
    Requirement.RESOLUTION: ("resolution", "note kind:fixed TEXT"),
    Requirement.UPDATE: ("public update", "update STATE TEXT"),
    Requirement.SERVICES: ("affected services", "edit service:NAME"),
    Requirement.CATEGORY: ("category", "edit category:TEXT"),
    Requirement.RESPONSIBILITY: ("responsible company or team", "edit responsibility:TEXT"),
    Requirement.REFERENCE: ("ID in another system", "edit ref:TEXT"),
    Requirement.IMPROVEMENT: ("improvement", "improve TEXT"),
}
"""Description for people, and the command that meets it."""


@dataclass(frozen=True, slots=True)
class RequirementStatus:
    """
    A requirement and whether it is met.

    `by` is the severity or status as people see it, `how` the command that meets it.
    """

    by: str
    what: str
    how: str
    is_met: bool


def check_requirements(
    by: str, demands: Sequence[str], roles: Mapping[str, Role], met: Collection[str]
) -> tuple[RequirementStatus, ...]:
    """Check each requirement once, in order. `met` are those that the record has."""
    found = []
    for name in dict.fromkeys(demands):
        if name in set(Requirement):
            what, how = WORDING[Requirement(name)]
        else:
            label = roles[name].label if name in roles else name
            what, how = label, "lead" if name == LEAD else f"role {name} @USER"
        found.append(RequirementStatus(by, what, how, name in met))
    return tuple(found)


def unmet_values(demands: Sequence[RequirementStatus]) -> dict[str, object]:
    """Unmet requirements as the values of a channel message; empty if all are met."""
    left = [each for each in demands if not each.is_met]
    return {"asks": [[each.what, each.how] for each in left], "asks_by": left[0].by} if left else {}


def format_unmet(demands: Sequence[RequirementStatus]) -> str:
    """`SEV1 asks for: impact (`/incident impact TEXT`), …`; empty if all are met."""
    open_ones = [each for each in demands if not each.is_met]
    if not open_ones:
        return ""
    return f"{open_ones[0].by} asks for: {', '.join(f'{each.what} (`/incident {each.how}`)' for each in open_ones)}."
