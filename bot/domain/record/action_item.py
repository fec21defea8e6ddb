"""Owners that the words of an action item name: "owner: the label team"."""

import re

from bot.domain.text.lazy_pattern import LazyPattern

_MENTION = r"(?:<!subteam\^[^>]+>|<@[^>]+>|@[\w.-]*\w)"
_NAMES_OWNER = LazyPattern(
    rf"^\s*{_MENTION}|(?:^|[\s(]){_MENTION}[).:\s]*$|"
    r"\b(?:owner|owned by|assignee|assigned to|responsable|verantwortlich|zuständig|responsabile|responsável)\s?:?\s\w|"
    r"^\s*(?:the\s)?(?:[\w-]+\s)?team(?:\s(?:to|will|shall|should)\s|:)|"
    r"\b(?:se ne occup|se encarg|s['’]en (?:occup|charg))\w|"
    r"\bkümmer\w+ sich\b|\bcuida(?:rá)? disso\b|\btakes? care of (?:it|this)\b",
    re.IGNORECASE,
)


def names_owner(text: str) -> bool:
    """Return whether the words of a task say who owns it."""
    return _NAMES_OWNER.search(text) is not None
