"""What a severity or a status asks for, by the workspace's own rules, and whether the record has it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.incidents.roles import LEAD, Role


class Demand(StrEnum):
    """What can be asked for besides a role, whose name stands for itself."""

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


WORDING: Mapping[Demand, tuple[str, str]] = {
    Demand.IMPACT: ("what the impact is", "impact TEXT"),
    Demand.USERS: ("how many users it hits", "impact users:20%"),
    Demand.CAUSE: ("what caused it", "cause TEXT"),
    Demand.RESOLUTION: ("how it was resolved", "note kind:fixed TEXT"),
    Demand.UPDATE: ("what the public was told", "update STATE TEXT"),
    Demand.SERVICES: ("which services it is about", "edit service:NAME"),
    Demand.CATEGORY: ("its category", "edit category:TEXT"),
    Demand.RESPONSIBILITY: ("who answers for it", "edit responsibility:TEXT"),
    Demand.REFERENCE: ("its reference elsewhere", "edit ref:TEXT"),
    Demand.IMPROVEMENT: ("what should become better", "improve TEXT"),
}
"""What people read, and what they type to meet it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked for. `by` is the severity or status as people see it; `how` what is typed to meet it."""

    by: str
    what: str
    how: str
    is_met: bool


def asked(by: str, demands: Sequence[str], roles: Mapping[str, Role], met: Collection[str]) -> tuple[Asked, ...]:
    """Each of the demands once, in their order; `met` are those that the record has."""
    found = []
    for name in dict.fromkeys(demands):
        if name in set(Demand):
            what, how = WORDING[Demand(name)]
        else:
            label = roles[name].label if name in roles else name
            what, how = f"somebody as {label}", "lead" if name == LEAD else f"role {name} @USER"
        found.append(Asked(by, what, how, name in met))
    return tuple(found)


def open_ones(demands: Sequence[Asked]) -> dict[str, object]:
    """Those that are not met, as the values of a line in the channel; empty if all are."""
    left = [each for each in demands if not each.is_met]
    return {"asks": [[each.what, each.how] for each in left], "asks_by": left[0].by} if left else {}


def in_words(demands: Sequence[Asked]) -> str:
    """`SEV1 asks for: what the impact is (`/incident impact TEXT`), …`, of those that are not met; empty if all are."""
    open_ones = [each for each in demands if not each.is_met]
    if not open_ones:
        return ""
    return f"{open_ones[0].by} asks for: {', '.join(f'{each.what} (`/incident {each.how}`)' for each in open_ones)}."
