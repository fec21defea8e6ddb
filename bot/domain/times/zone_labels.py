"""The zone that a text names behind its clock time: letters, an offset, or a place."""

import re
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError, did_you_mean
from bot.domain.times.days import names_day, year_named
from bot.domain.times.vocabulary import DAYS_AWAY, LAST, MONTHS, NEXT, THIS, WEEKDAYS, any_of
from bot.domain.times.zones import fixed_offset, is_zone_shaped, zone_names, zones_of_letters

_NO_LETTERS = any_of(
    word
    for words in (
        MONTHS,
        WEEKDAYS,
        DAYS_AWAY,
        LAST,
        NEXT,
        THIS,
        (
            "on",
            "at",
            "ago",
            "fa",
            "le",
            "il",
            "el",
            "am",
            "den",
            "del",
            "du",
            "vom",
            "em",
            "no",
            "na",
            "do",
            "de",
            "dia",
            "circa",
            "ca",
        ),
    )
    for word in words
    if word.isalpha() and len(word) <= 5
)

# One pattern, to be put into larger ones: every group's name stands once.
ZONE = rf"""(?:
    (?P<offset_glued>[+\-−]\d{{2}}(?::?\d{{2}})?)
  | \ \(?(?P<offset_apart>[+\-−]\d{{2}}:?\d{{2}})\)?
  | \ ?\(?(?P<offset_named>(?:UTC|GMT)\ ?[+\-−]\d{{1,2}}(?::?\d{{2}})?)\)?
  | \ \(?(?P<zone>[A-Za-z_]+/[\w+\-/]+)\)?
  | \ ?\(?(?!(?:{_NO_LETTERS})\b)(?P<letters>[A-Za-z]{{2,5}}|z)\)?
)?"""


def zones_in(
    match: re.Match[str], text: str, *, now: datetime, own: ZoneInfo, strict: bool
) -> tuple[tzinfo, ...] | None:
    """
    The zones that the groups of ZONE can mean to people in the zone `own`, which it is if they name none.

    None: that word is no zone, where other words may follow (`strict`). Raises UserError for a zone that is none.
    """
    offset = match["offset_glued"] or match["offset_apart"] or match["offset_named"]
    if offset:
        if match["offset_glued"] and offset[0] in "-−" and match["hour"] and not names_day(match):
            raise UserError(
                f"`{text}` looks like a span of two times: type the first of them alone. "
                f"If `{offset}` is an offset from UTC, put a blank before it."
            )
        return (fixed_offset(re.sub(r"(?i)UTC|GMT|\ ", "", offset)),)
    if match["zone"]:
        return _place(match["zone"], strict=strict)
    letters = match["letters"]
    if not letters:
        return (own,)
    if strict and letters.islower():
        return None
    zones = zones_of_letters(letters, own, year_named(match) or now.year)
    if not zones and not strict:
        raise UserError(
            f"I do not know the time zone `{letters}`. Leave it out for the incident's zone, or write an offset "
            "(`14:05 +02:00`) or a place (`14:05 Europe/Paris`)."
        )
    return zones or None


def _place(text: str, *, strict: bool) -> tuple[tzinfo, ...] | None:
    name = zone_names().get(text.casefold())
    if name is not None:
        return (ZoneInfo(name),)
    if strict and not is_zone_shaped(text):
        return None
    raise UserError(f"`{text}` is not a time zone I know.{did_you_mean(text, list(zone_names().values()))}")
