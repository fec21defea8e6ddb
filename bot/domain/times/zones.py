"""
Time zones: their names, their letters, and the conversion of ambiguous local times.

Zones come from the tzdata package, which is pinned: zone files of machines differ in age, and two replicas must
not disagree about an hour. `reset_tzpath` applies to the process.
"""

import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError, did_you_mean

zoneinfo.reset_tzpath(to=())

# Letters with one meaning everywhere, with a place to suggest to people who type them as a zone.
_UNMISTAKABLE = """
    PST -08:00 America/Los_Angeles    PDT -07:00 America/Los_Angeles    MST -07:00 America/Denver
    MDT -06:00 America/Denver         EST -05:00 America/New_York       EDT -04:00 America/New_York
    CDT -05:00 America/Chicago        ADT -03:00 America/Halifax        AKST -09:00 America/Anchorage
    AKDT -08:00 America/Anchorage     HST -10:00 Pacific/Honolulu       NST -03:30 America/St_Johns
    NDT -02:30 America/St_Johns       BRT -03:00 America/Sao_Paulo      ART -03:00 America/Argentina/Buenos_Aires
    WAT +01:00 Africa/Lagos           CAT +02:00 Africa/Maputo          SAST +02:00 Africa/Johannesburg
    EAT +03:00 Africa/Nairobi         WET +00:00 Europe/Lisbon          WEST +01:00 Europe/Lisbon
    CET +01:00 Europe/Paris           CEST +02:00 Europe/Paris          MEZ +01:00 Europe/Berlin
    MESZ +02:00 Europe/Berlin         MET +01:00 Europe/Paris           MEST +02:00 Europe/Paris
    EET +02:00 Europe/Athens          EEST +03:00 Europe/Athens         MSK +03:00 Europe/Moscow
    TRT +03:00 Europe/Istanbul        IDT +03:00 Asia/Jerusalem         PKT +05:00 Asia/Karachi
    NPT +05:45 Asia/Kathmandu         ICT +07:00 Asia/Bangkok           WIB +07:00 Asia/Jakarta
    WITA +08:00 Asia/Makassar         HKT +08:00 Asia/Hong_Kong         SGT +08:00 Asia/Singapore
    MYT +08:00 Asia/Kuala_Lumpur      PHT +08:00 Asia/Manila            JST +09:00 Asia/Tokyo
    KST +09:00 Asia/Seoul             AWST +08:00 Australia/Perth       ACST +09:30 Australia/Adelaide
    ACDT +10:30 Australia/Adelaide    AEST +10:00 Australia/Sydney      AEDT +11:00 Australia/Sydney
    NZST +12:00 Pacific/Auckland      NZDT +13:00 Pacific/Auckland      CHST +10:00 Pacific/Guam
"""

# Letters with several meanings, with the place of each: always asked about.
_SEVERAL = """
    CST -06:00 America/Chicago       CST +08:00 Asia/Shanghai         CST -05:00 America/Havana
    IST +05:30 Asia/Kolkata          IST +01:00 Europe/Dublin         IST +02:00 Asia/Jerusalem
    BST +01:00 Europe/London         BST +06:00 Asia/Dhaka            BST +11:00 Pacific/Bougainville
    AST -04:00 America/Halifax       AST +03:00 Asia/Riyadh
    GST +04:00 Asia/Dubai            GST -02:00 Atlantic/South_Georgia
    SST +08:00 Asia/Singapore        SST -11:00 Pacific/Pago_Pago
    WST +08:00 Australia/Perth       WST +13:00 Pacific/Apia
    ECT -05:00 America/Guayaquil     ECT -04:00 America/Martinique
    BDT +06:00 Asia/Dhaka            BDT +08:00 Asia/Brunei
    AMT -04:00 America/Manaus        AMT +04:00 Asia/Yerevan
"""

# `PT` is Pacific time in both halves of the year: a zone, not an offset.
_GENERIC = MappingProxyType(
    {"PT": "America/Los_Angeles", "MT": "America/Denver", "CT": "America/Chicago", "ET": "America/New_York"}
)


def _table(text: str) -> Mapping[str, tuple[tuple[timezone, str], ...]]:
    rows = text.split()
    table: dict[str, tuple[tuple[timezone, str], ...]] = {}
    for letters, offset, place in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        table[letters] = (*table.get(letters, ()), (fixed_offset(offset), place))
    return MappingProxyType(table)


def fixed_offset(text: str) -> timezone:
    """The zone of `+02:00`, `-0800`, `+2` or `−05:30`. Raises UserError if no place has it."""
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    minutes_east = (-1 if text[0] in "-−" else 1) * (hours * 60 + minutes)
    if minutes > 59 or not -12 * 60 <= minutes_east <= 14 * 60:
        msg = f"`{text}` is not an offset from UTC. Use `-12:00` to `+14:00`."
        raise UserError(msg)
    return timezone(timedelta(minutes=minutes_east))


UNAMBIGUOUS_LETTERS = _table(_UNMISTAKABLE)
AMBIGUOUS_LETTERS = _table(_SEVERAL)


@lru_cache(maxsize=1)
def zone_names() -> Mapping[str, str]:
    """The names of all zones by their casefolded form."""
    return MappingProxyType({name.casefold(): name for name in zoneinfo.available_timezones() if name != "Factory"})


@lru_cache(maxsize=1)
def _areas() -> frozenset[str]:
    return frozenset(name.split("/", maxsplit=1)[0] for name in zone_names() if "/" in name)


def is_zone_shaped(text: str) -> bool:
    """Return whether `text` has the form of a zone: `Europe/Pariss` has, `api/v1` has not."""
    return "/" in text and text.split("/", maxsplit=1)[0].casefold() in _areas()


def read_zone(text: str) -> ZoneInfo:
    """
    Parse a zone: `Europe/Paris`, `UTC`, or a city that ends one name only (`paris`).

    Raises UserError for letters and offsets: they apply for half a year, and an incident may span the change.
    """
    typed = "_".join(text.split())
    if typed.upper() in {"UTC", "GMT", "Z", "ZULU"}:
        return ZoneInfo("UTC")
    place = _place_for_letters(typed.upper())
    if place is not None:
        msg = f"`{text}` is an offset, not a time zone. Name a place instead, for example `{place}`."
        raise UserError(msg)
    names = zone_names()
    name = names.get(typed.casefold())
    cities = {names[key] for key in names if key.rpartition("/")[2] == typed.casefold() and "/" in key}
    if name is None and len(cities) == 1:
        name = cities.pop()
    if name is None:
        shown = text if len(text) <= 60 else text[:59] + "…"
        near = did_you_mean(typed, list(names.values())) or _suggest_city(typed)
        raise UserError(f"`{shown}` is not a known time zone.{near} Write one like `Europe/Paris` or `UTC`.")
    return ZoneInfo(name)


def _place_for_letters(letters: str) -> str | None:
    if letters in _GENERIC:
        return _GENERIC[letters]
    readings = UNAMBIGUOUS_LETTERS.get(letters) or AMBIGUOUS_LETTERS.get(letters)
    return readings[0][1] if readings else None


def _suggest_city(typed: str) -> str:
    """A suggestion for a misspelt city without its area, like `pariss`."""
    by_city = {name.rpartition("/")[2]: name for name in sorted(zone_names().values()) if "/" in name}
    guess = did_you_mean(typed, list(by_city))
    city = re.search(r"`(.+)`", guess)
    return f" Did you mean `{by_city[city[1]]}`?" if city else ""


def zones_of_letters(letters: str, zone: ZoneInfo, year: int) -> tuple[tzinfo, ...]:
    """
    The meanings of `letters` to people in `zone`, around `year`; several are to ask about.

    The zone's own letters come first: in Kolkata `IST` is clear. Letters are a fixed offset in both halves of the year:
    `PST` in July is an hour off the clocks of Los Angeles.
    """
    upper = letters.upper()
    own = _own_letters(zone, year).get(upper)
    if own:
        return own
    if upper in {"UTC", "GMT", "Z"}:
        return (UTC,)
    if upper in _GENERIC:
        return (ZoneInfo(_GENERIC[upper]),)
    return tuple(offset for offset, _ in UNAMBIGUOUS_LETTERS.get(upper) or AMBIGUOUS_LETTERS.get(upper) or ())


def places_of_letters(letters: str) -> Mapping[tzinfo, str]:
    """The well-known place of each meaning of ambiguous letters."""
    return dict(AMBIGUOUS_LETTERS.get(letters.upper(), ()))


@lru_cache(maxsize=256)
def _own_letters(zone: ZoneInfo, year: int) -> Mapping[str, tuple[timezone, ...]]:
    """The zone's letters from the year before to the year after, each with its offsets."""
    found: dict[str, tuple[timezone, ...]] = {}
    day = datetime(year - 1, 1, 1, tzinfo=UTC)
    while day.year <= year + 1:
        local = day.astimezone(zone)
        name, offset = (local.tzname() or "").upper(), timezone(_whole_minutes(local))
        if _is_letters(name) and offset not in found.get(name, ()):
            found[name] = (*found.get(name, ()), offset)
        day += timedelta(days=7)
    return MappingProxyType(found)


def instants_at(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The instants (UTC) of a naive local time: two when clocks are set back, or none."""
    both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(at for at in both if at.astimezone(zone).replace(tzinfo=None) == local))


def instants_around_gap(local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants of a skipped local time, by the offsets before and after the change."""
    first, second = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def zone_label(at: datetime, zone: tzinfo) -> str:
    """The label after a time: the zone's letters (`PST`) if it has any, else `UTC+05:30`."""
    local = at.astimezone(zone)
    name = local.tzname() or ""
    return name if _is_letters(name) else f"UTC{offset_label(local)}"


def full_zone_label(at: datetime, zone: tzinfo) -> str:
    """
    The label of a full time.

    Letters that several zones use have their offset too: `IST, UTC+05:30`.
    """
    label = zone_label(at, zone)
    if label not in AMBIGUOUS_LETTERS:
        return label
    return f"{label}, UTC{offset_label(at.astimezone(zone))}"


def offset_label(local: datetime) -> str:
    """The offset of an aware time, as `+05:30`; seconds (before about 1970) are left out."""
    minutes = int(_whole_minutes(local).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _whole_minutes(local: datetime) -> timedelta:
    seconds = (local.utcoffset() or timedelta()).total_seconds()
    return timedelta(minutes=int(seconds / 60))


def _is_letters(name: str) -> bool:
    return name.isascii() and name.isalpha()


def known_zone(name: str | None) -> ZoneInfo | None:
    """The zone of this name, as Slack gives it; None if it is unknown here."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # raised by ZoneInfo for unknown zones
        return None
