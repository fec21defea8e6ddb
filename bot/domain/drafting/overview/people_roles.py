"""Roles in the place of names, for drafts that name nobody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.domain.drafting.annotations import role_label
from bot.domain.incidents.roles import LEAD
from bot.domain.languages import Language
from bot.domain.record.model import RoleAssignment


class RoleNames(Mapping[str, str]):
    """
    By user id the role of a person: the one held at a time, or else the last one.

    The lead goes before other roles. People without a role are responders, and are not told apart.
    """

    def __init__(self, assignments: Sequence[RoleAssignment], language: Language) -> None:
        self.responder = language.format_message("responder")
        self._held: dict[str, list[tuple[RoleAssignment, str]]] = {}
        for each in sorted(assignments, key=lambda each: each.role != LEAD):
            named = (each, role_label(each.role, each.label, language))
            self._held.setdefault(each.person, []).append(named)

    def find(self, person: str, at: datetime | None) -> str:
        """The role that a person held then; without a time the last one."""
        held = self._held.get(person)
        if not held:
            return self.responder
        if at is None:
            return max(held, key=lambda pair: pair[0].since)[1]
        return next((name for each, name in held if _was_held(each, at)), self.responder)

    def __getitem__(self, person: str) -> str:
        return self.find(person, None)

    def __contains__(self, person: object) -> bool:
        """True for everybody: nobody is shown by an id."""
        return isinstance(person, str)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _was_held(assignment: RoleAssignment, at: datetime) -> bool:
    return assignment.since <= at and (assignment.until is None or at < assignment.until)
