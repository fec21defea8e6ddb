"""User groups of the workspace, as Slack names them."""

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class UserGroup:
    """`handle` is without `@`, `name` is the title."""

    id: str
    handle: str
    name: str
