"""Addresses in texts: web links, hosts, mail. Only those of public hosts stay."""

import re
from collections.abc import Iterable

from bot.domain.record.model import Record
from bot.domain.text.links import split_url

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s<>|\"]+")
_MAIL = re.compile(r"(?:mailto[:])?[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/[^\s)]*)?(?![\w.])")
_HOST = re.compile(r"(?<![\w@./-])(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:/[^\s<>|)]*)?")
ADDRESS = re.compile("|".join(f"(?:{each.pattern})" for each in (_URL, _MAIL, _IP, _HOST)), re.IGNORECASE)
"""Anything that can be an address, the longest form first."""
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
