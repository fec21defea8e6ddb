"""The zone after a time of day in a text: letters, an offset, or a place."""

import re
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError, did_you_mean
from bot.domain.times.days import named_year, names_day
from bot.domain.times.vocabulary import (
    DAYS_AWAY,
    LAST_WORDS,
    MONTHS,
    NEXT_WORDS,
    THIS_WORDS,
    WEEKDAYS,
    alternatives,
    word_set,
)
from bot.domain.times.zones import fixed_offset, is_zone_shaped, zone_names, zones_of_letters

_NO_LETTERS = alternatives(
    word
    for words in (
        MONTHS,
        WEEKDAYS,
        DAYS_AWAY,
        LAST_WORDS,
        NEXT_WORDS,
        THIS_WORDS,
        word_set("on at ago fa le il el am den del du vom em no na do de dia circa ca"),
    )
    for word in words
    if word.isalpha() and len(word) <= 5
)

# A pattern, part of larger ones: each group name is used once.
ZONE_PATTERN = rf"""(?:
    (?P<offset_glued>[+\-−]\d{{2}}(?::?\d{{2}})?)
  | \ \(?(?P<offset_apart>[+\-−]\d{{2}}:?\d{{2}})\)?
  | \ ?\(?(?P<offset_named>(?:UTC|GMT)\ ?[+\-−]\d{{1,2}}(?::?\d{{2}})?)\)?
  | \ \([A-Z]{{2,5}},\ (?P<offset_beside>UTC[+\-−]\d{{2}}:\d{{2}})\)
  | \ \(?(?P<zone>[A-Za-z_]+/[\w+\-/]+)\)?
  | \ ?\(?(?!(?:{_NO_LETTERS})\b)(?P<letters>[A-Za-z]{{2,5}}|z)\)?
)?"""


def resolve_zones(
    match: re.Match[str], text: str, *, now: datetime, own: ZoneInfo, strict: bool
) -> tuple[tzinfo, ...] | None:
    """
    The meanings of the groups of ZONE_PATTERN to people in the zone `own`, the default.

    None for any other word where further words may follow (`strict`). Raises UserError for an unknown zone.
    """
    offset = match["offset_glued"] or match["offset_apart"] or match["offset_named"] or match["offset_beside"]
    if offset:
        if match["offset_glued"] and offset[0] in "-−" and match["hour"] and not names_day(match):
            raise UserError(
                f"`{text}` looks like two times. Type only the first. If `{offset}` is an offset from UTC, put a "
                "space before it."
            )
        return (fixed_offset(re.sub(r"(?i)UTC|GMT|\ ", "", offset)),)
    if match["zone"]:
        return _resolve_place(match["zone"], strict=strict)
    letters = match["letters"]
    if not letters:
        return (own,)
    if strict and letters.islower():
        return None
    zones = zones_of_letters(letters, own, named_year(match) or now.year)
    if not zones and not strict:
        raise UserError(
            f"`{letters}` is not a known time zone. Leave it out for the incident's zone, or write an offset (`14:05 "
            "+02:00`) or a place (`14:05 Europe/Paris`)."
        )
    return zones or None


def _resolve_place(text: str, *, strict: bool) -> tuple[tzinfo, ...] | None:
    name = zone_names().get(text.casefold())
    if name is not None:
        return (ZoneInfo(name),)
    if strict and not is_zone_shaped(text):
        return None
    raise UserError(f"`{text}` is not a known time zone.{did_you_mean(text, list(zone_names().values()))}")
