"""`[policies.NAME]`: who is paged one after the other."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.config.sections import Section
from bot.domain.errors import UserError
from bot.domain.escalation import Target, target_of


def _target(value: object) -> Target:
    if isinstance(value, Target):
        return value
    try:
        return target_of(str(value))
    except UserError as problem:
        raise ValueError(f"This {problem.message}.") from None


TargetText = Annotated[Target, BeforeValidator(_target)]
Minutes = Annotated[int, Field(ge=1, le=1440)]


class LevelSection(Section):
    """`[[policies.NAME.levels]]`. `wait`: minutes until the next level is paged."""

    targets: Annotated[tuple[TargetText, ...], Field(min_length=1, max_length=20, strict=False)]
    wait: Minutes = 5
    acknowledge: Literal["any", "all"] = "any"


class AtEndSection(Section):
    """`[policies.NAME.at_end]`: once nobody answered. `announce`: in the incidents channel."""

    announce: bool = True
    page: Annotated[tuple[TargetText, ...], Field(max_length=20, strict=False)] = ()


class PolicySection(Section):
    """`[policies.NAME]`. `repeat`: how often all levels are begun anew."""

    levels: Annotated[tuple[LevelSection, ...], Field(min_length=1, max_length=20, strict=False)]
    repeat: Annotated[int, Field(ge=0, le=20)] = 0
    at_end: AtEndSection = AtEndSection()

    @property
    def every_target(self) -> tuple[Target, ...]:
        """Whom it calls at any level, and at the end."""
        return (*(target for each in self.levels for target in each.targets), *self.at_end.page)
