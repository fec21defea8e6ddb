"""A block of a postmortem on the pages: its address, its names, the difference of its texts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.text_changes import TextChange, compare_texts
from bot.domain.times import format_time
from bot.services.postmortem.document.versions import Version

BLOCK = "block"
"""Query with the block that a page is about."""
RETURN = re.compile(r"return to version (?P<number>\d+)")
"""The act of a return, as it is recorded; 0: to the record's text."""
VERBS = {
    "edit": "edited",
    "add": "added",
    "remove": "removed",
    "put back": "put back",
    "move up": "moved up",
    "move down": "moved down",
    "keep text": "kept the text of",
    "take record": "took the record's text of",
    "replace the other text": "chose the text of",
    "edit in the canvas": "edited in the canvas",
    "add in the canvas": "added in the canvas",
    "remove in the canvas": "removed in the canvas",
}


def block_query(block_id: BlockId) -> str:
    return urlencode({BLOCK: str(block_id)})


def block_anchor(block_id: BlockId) -> str:
    return f"{block_id.section}-{block_id.key}-{block_id.language}"


SECTION_NAMES = {
    "also_stated": "In other languages",
    "chain": "Escalation steps",
    "course": "Actions and notes",
    "dated_updates": "Public updates",
    "got_lucky": "Where we got lucky",
    "outcome": "Fixes and resolution",
    "particulars": "Details",
    "public_window": "First and last public update",
    "updates": "Public updates",
    "whereabouts": "Channel",
    "window": "Start and end of the impact",
}
"""Sections whose name in a template tells a reader too little."""


def section_name(section: str) -> str:
    """`course` as `Actions and notes`; `went_well` as `Went well`."""
    return SECTION_NAMES.get(section) or section.replace("_", " ").capitalize()


def editing_words(names: Sequence[str]) -> str:
    """`ana is editing`; empty for nobody."""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} editing" if names else ""


def act_words(act: str) -> str:
    """`edit` as `edited`, before the name of the section."""
    returned = RETURN.fullmatch(act)
    if returned is None:
        return VERBS.get(act, act)
    version = f"version {returned['number']}" if returned["number"] != "0" else "the record's text"
    return f"returned to {version} of"


def text_differences(before: str | None, after: str | None) -> list[TextChange]:
    return list(compare_texts(before or "", after or ""))


def version_values(history: Iterable[Version], zone: ZoneInfo) -> Sequence[Mapping[str, Any]]:
    """Versions for a template. The newest has nothing to return to."""
    return [
        {
            "number": each.number,
            "act": act_words(each.act),
            "section": section_name(each.block_id.section),
            "key": each.block_id.key,
            "language": each.block_id.language,
            "query": block_query(each.block_id),
            "by": each.by,
            "at": format_time(each.at, zone),
            "changes": each.changes,
        }
        for each in history
    ]
