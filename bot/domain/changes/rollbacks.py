"""The change that a recorded rollback took back."""

import re
from collections.abc import Sequence

from bot.domain.changes.change import Change

MAX_TEXT = 4_000
"""Characters of a text that are read."""
MAX_TARGET = 100
"""Characters before a name in which the words of a target are looked for."""
_TARGET = re.compile(r"\b(?:to|vers|auf|zu|alla|para|hacia)\s+(?:[\w.-]+\s+)?\Z", re.IGNORECASE)
"""Words before the version that a rollback restores: "back to v41", "back to version v41"."""
SHORTEST_NAME = 3
"""Characters of a version or a title that can be looked for in a text."""


def find_rolled_back(text: str, changes: Sequence[Change], cause_ids: frozenset[int]) -> Change | None:
    """
    The change that a rollback with this text took back; None if several come into question.

    That is the only one whose version or title it names, or else the cause. The only change on record counts if the
    text names its kind ("rolled back the deployment"). A version after "to" is the one that was restored.
    """
    named = [each for each in changes if _names(text, each.version) or _names(text, each.title)]
    causes = [each for each in changes if each.change_id in cause_ids]
    lone = changes if len(changes) == 1 and changes[0].kind.value in text.casefold() else ()
    return next((found[0] for found in (named, causes, lone) if len(found) == 1), None)


def _names(text: str, name: str) -> bool:
    """True if the name is in the text as words of its own, and not as what was restored."""
    if len(name) < SHORTEST_NAME:
        return False
    found = re.finditer(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text[:MAX_TEXT], re.IGNORECASE)
    return any(not _TARGET.search(text, max(0, each.start() - MAX_TARGET), each.start()) for each in found)
