"""`[policies.NAME]`: escalation policies."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.config.sections import Section
from bot.config.sections.fields import ListOf
from bot.domain import escalation
from bot.domain.errors import UserError
from bot.domain.escalation import Target
from bot.domain.terms import UserId
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Invitees:
    """People and Slack user groups to invite to an incident's channel."""

    users: tuple[UserId, ...] = ()
    usergroups: tuple[str, ...] = ()


def _parse_target(value: object) -> Target:
    if isinstance(value, Target):
        return value
    try:
        return escalation.parse_target(str(value))
    except UserError as problem:
        raise ValueError(f"This {problem.message}.") from None


TargetText = Annotated[Target, BeforeValidator(_parse_target)]


class LevelSection(Section):
    """`[[policies.NAME.levels]]`. `wait`: minutes until the next level is paged."""

    targets: Annotated[ListOf[TargetText], Field(min_length=1, max_length=20)]
    wait: Annotated[int, Field(ge=1, le=1440)] = 5
    acknowledge: Literal["any", "all"] = "any"


class AtEndSection(Section):
    """`[policies.NAME.at_end]`: after the last level. `announce`: in the incidents channel."""

    announce: bool = True
    page: Annotated[ListOf[TargetText], Field(max_length=20)] = ()


class PolicySection(Section):
    """`[policies.NAME]`. `repeat`: how often all levels are paged again."""

    levels: Annotated[ListOf[LevelSection], Field(min_length=1, max_length=20)]
    repeat: Annotated[int, Field(ge=0, le=20)] = 0
    at_end: AtEndSection = AtEndSection()

    @property
    def every_target(self) -> tuple[Target, ...]:
        """The targets of all levels, and those at the end."""
        return (*(target for each in self.levels for target in each.targets), *self.at_end.page)
