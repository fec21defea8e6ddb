"""Addresses in texts: web links, hosts, mail. Only those of public hosts stay."""

import re
from collections.abc import Callable, Iterable, Iterator

from bot.domain.record.model import Record
from bot.domain.text.links import split_url

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*+://[^\s<>|\"]++", re.IGNORECASE)
_MAIL = re.compile(r"(?:mailto[:])?[\w.+-]++@[\w-]++(?:\.[\w-]++)++", re.IGNORECASE)
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/[^\s)]*)?(?![\w.])")
_HOST = re.compile(r"(?<![\w@./-])(?:[\w-]++\.)+[^\W\d_]{2,}(?::\d+)?(?:/[^\s<>|)]*)?")
# Each run of signs is read once, whether or not an address follows.
_SCHEMES = re.compile(r"[a-z0-9+.-]++(?P<is_address>(?=://[^\s<>|\"]))?", re.IGNORECASE)
_SCHEME_START = re.compile(r"\b[a-z]", re.IGNORECASE)
_MAILBOXES = re.compile(r"[\w.+-]++(?P<is_address>(?=@[\w-]++\.[\w-]))?")
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_TRAILING = ".,;:!?…'’)]}»”*_~`"
"""Signs at the end of an address that belong to the sentence."""
INTERNAL_ENDINGS = (".internal", ".local", ".corp", ".lan", ".intranet", ".svc", ".home", ".localdomain")
HOST_PARTS = 3
"""A bare host with so many parts is one; `Node.js` is none."""


def record_hosts(record: Record) -> frozenset[str]:
    """Hosts of all links to sources."""
    groups = (record.entries, record.alerts, record.escalations, record.actions, record.impacts, record.causes)
    sources = [each.source for group in groups for each in group]
    links = [source.link for source in sources] + [record.incident.channel_link]
    return frozenset(host for link in links if link and (host := host_of(link)))


def host_of(address: str) -> str:
    """The host in lower case; empty if there is none."""
    parts = split_url(address if "://" in address else f"//{address}")
    return (parts.hostname or "") if parts else ""


def trim_address(found: str) -> str:
    return found.rstrip(_TRAILING)


def replace_addresses(text: str, change: Callable[[str], str]) -> str:
    """The text with what can be an address changed, in time that grows with its length."""
    parts, place = [], 0
    for start, end in _find_addresses(text):
        parts += [text[place:start], change(text[start:end])]
        place = end
    return "".join([*parts, text[place:]])


def _find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of anything that can be an address; of two at one place the first form."""
    forms = [
        (_URL, _starts_of_urls(text)),
        (_MAIL, _starts_of_mail(text)),
        (_IP, lambda place: _first_start(_IP, text, place)),
        (_HOST, lambda place: _first_start(_HOST, text, place)),
    ]
    starts = [find_start(0) for _, find_start in forms]
    while (start := min(starts)) < len(text):
        found = forms[starts.index(start)][0].match(text, start)
        place = found.end() if found else start + 1
        if found:
            yield found.span()
        starts = [
            known if known >= place else find_start(place) for known, (_, find_start) in zip(starts, forms, strict=True)
        ]


def _first_start(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.search(text, place)
    return found.start() if found else len(text)


def _starts_of_urls(text: str) -> Callable[[int], int]:
    """
    A search for the first link from a place on, for places that grow.

    It answers with the text's length if there is none.
    """
    runs = [found.span() for found in _SCHEMES.finditer(text) if found["is_address"] is not None]
    runs.reverse()

    def find_start(place: int) -> int:
        while runs:
            first, end = runs[-1]
            found = _SCHEME_START.search(text, max(first, place), end) if place < end else None
            if found:
                return found.start()
            runs.pop()
        return len(text)

    return find_start


def _starts_of_mail(text: str) -> Callable[[int], int]:
    """A search for the first mail address, like that for links."""
    runs = [found.span() for found in _MAILBOXES.finditer(text) if found["is_address"] is not None]
    runs.reverse()

    def find_start(place: int) -> int:
        while runs and runs[-1][1] <= place:
            runs.pop()
        if not runs:
            return len(text)
        first = runs[-1][0]
        prefix = first - len("mailto:")
        return prefix if prefix >= place and _MAILTO.match(text, prefix) else max(first, place)

    return find_start


class AddressPolicy:
    """Decides which addresses stay."""

    def __init__(self, public: Iterable[str], internal: Iterable[str]) -> None:
        self._public = tuple(each.lower().lstrip(".") for each in public)
        self._internal = frozenset(internal)

    def is_public(self, address: str) -> bool:
        """Return whether it is a link to a public host, without a user name in it."""
        return "@" not in address and _is_below(host_of(address), self._public)

    def is_address(self, found: str) -> bool:
        """Return whether a bare text with dots is an address; links, mail and numbers always are."""
        if "://" in found or "@" in found or _IP.fullmatch(found):
            return True
        host = host_of(found)
        is_known = _is_below(host, (*self._internal, *self._public)) or host.endswith(INTERNAL_ENDINGS)
        return is_known or len(host.split(".")) >= HOST_PARTS


def _is_below(host: str, known: Iterable[str]) -> bool:
    return bool(host) and any(host == each or host.endswith(f".{each}") for each in known)
