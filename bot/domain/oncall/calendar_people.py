"""The guests of an event of an iCalendar file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bot.domain.oncall.calendar_matching import MAIL, Guest
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = LazyModule("icalendar")

ROOMS = ("RESOURCE", "ROOM")
MAX_NAME = 200
"""Characters of a guest's name."""


def read_guests(component: Any) -> Iterator[Guest]:
    for each in as_list(component.get("ATTENDEE")):
        if isinstance(each, icalendar.vCalAddress):
            has_declined = str(each.params.get("PARTSTAT", "")).upper() == "DECLINED"
            if not has_declined and str(each.params.get("CUTYPE", "")).upper() not in ROOMS:
                mail = _guest_email(each)
                name = " ".join(str(each.params.get("CN", "")).split())[:MAX_NAME]
                if name or mail:
                    yield Guest("" if name == mail else name, mail)


def _guest_email(guest: "icalendar.vCalAddress") -> str:
    """E-mail address, or empty. RFC 7986 6.2: EMAIL is set if the value is no mailto address."""
    if email := str(guest.params.get("EMAIL", "")).strip():
        return email
    scheme, _, rest = str(guest).partition(":")
    if scheme.lower() == "mailto":
        return rest
    return scheme if MAIL.fullmatch(scheme) and not rest else ""


def as_list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
