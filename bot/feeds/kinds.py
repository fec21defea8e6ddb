"""The kinds of feeds in one table, and how an answer's kind is recognised."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from bot.domain.vendor_status.look import Look
from bot.feeds.clouds import aws, azure, google_cloud
from bot.feeds.entries import generic, histories
from bot.feeds.entries.document import Document
from bot.feeds.json_reader import Reading
from bot.feeds.pages import (
    adyen,
    better_stack,
    cachet,
    checkly,
    instatus,
    openstatus,
    paypal,
    slack,
    status_io,
    statuspage,
    upptime,
)
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class JsonKind:
    """A kind whose answer is JSON."""

    recognize: Callable[[object], bool]
    parse: Callable[[object, Reading], Look]


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind whose answer is Atom or RSS."""

    recognize: Callable[[Document], bool]
    parse: Callable[[Document, Reading], Look]


JSON_KINDS: Mapping[str, JsonKind] = {
    instatus.NAME: JsonKind(instatus.recognize, instatus.parse),
    statuspage.NAME: JsonKind(statuspage.recognize, statuspage.parse),
    openstatus.NAME: JsonKind(openstatus.recognize, openstatus.parse),
    google_cloud.NAME: JsonKind(google_cloud.recognize, google_cloud.parse),
    aws.NAME: JsonKind(aws.recognize, aws.parse),
    slack.NAME: JsonKind(slack.recognize, slack.parse),
    better_stack.NAME: JsonKind(better_stack.recognize, better_stack.parse),
    cachet.NAME: JsonKind(cachet.recognize, cachet.parse),
    status_io.NAME: JsonKind(status_io.recognize, status_io.parse),
    upptime.NAME: JsonKind(upptime.recognize, upptime.parse),
    checkly.NAME: JsonKind(checkly.recognize, checkly.parse),
    adyen.NAME: JsonKind(adyen.recognize, adyen.parse),
    paypal.NAME: JsonKind(paypal.recognize, paypal.parse),
}
"""In the order in which they are tried."""

ENTRY_KINDS: Mapping[str, EntryKind] = {
    azure.NAME: EntryKind(azure.recognize_feed, azure.parse_entries),
    aws.FEED: EntryKind(aws.recognize_feed, aws.parse_entries),
    histories.INCIDENT_IO: EntryKind(histories.recognize_incident_io, histories.parse_incident_io),
    histories.OPENSTATUS: EntryKind(histories.recognize_openstatus, histories.parse_openstatus),
    histories.INSTATUS: EntryKind(histories.recognize_instatus, histories.parse_instatus),
    histories.STATUSPAGE: EntryKind(histories.recognize_statuspage, histories.parse_statuspage),
    histories.CACHET: EntryKind(histories.recognize_cachet, histories.parse_cachet),
    generic.NAME: EntryKind(lambda _: True, generic.parse_entries),
}
"""In the order in which they are tried; the last one takes any."""

KINDS = (*JSON_KINDS, *(name for name in ENTRY_KINDS if name not in JSON_KINDS))

_ADDRESSES: tuple[tuple[str, str], ...] = (
    (r"status\.cloud\.google\.com/.*\.json", google_cloud.NAME),
    (r"health\.aws\.amazon\.com/public/currentevents", aws.NAME),
    (r"status\.aws\.amazon\.com/rss/.*", aws.FEED),
    (r"(?:rssfeed\.azure\.status\.microsoft|azure\.status\.microsoft|status\.azure\.com)/.*feed/?", azure.NAME),
    (r"(?:www\.)?slack-status\.com/api/.*", slack.NAME),
    (r"status\.adyen\.com/.*|[^/]+/api/incident-messages/.*", adyen.NAME),
    (r"(?:www\.)?paypal-status\.com/.*", paypal.NAME),
    (r"[^/]*\.hostedstatus\.com/.*", status_io.NAME),
    (r"[^/]+/.*/history/summary\.json|api\.github\.com/repos/.*/issues", upptime.NAME),
    (r"[^/]+/api/v2/.*\.json", statuspage.NAME),
    (r"[^/]+/history\.(?:atom|rss)", histories.STATUSPAGE),
    (r"[^/]+/index\.json", better_stack.NAME),
    (r"[^/]+/(?:summary|v2/components)\.json", instatus.NAME),
    (r"[^/]+/feed/json", openstatus.NAME),
    (r"[^/]+/feed/(?:rss|atom)", histories.OPENSTATUS),
    (r"[^/]+/api/(?:incidents|components)", cachet.NAME),
)
USUAL_PATHS = (
    "/api/v2/summary.json",
    "/summary.json",
    "/index.json",
    "/feed/json",
    "/history.atom",
    "/api/incidents",
    "/rss",
)
"""Where the products keep their feeds; the most frequent first."""


def kind_of_json(value: object) -> str | None:
    """The kind of a decoded answer; None if it has the shape of none, or is an empty list."""
    return next((name for name, each in JSON_KINDS.items() if each.recognize(value)), None)


def kind_of_document(document: Document) -> str:
    """The kind of an Atom or RSS document."""
    return next(name for name, each in ENTRY_KINDS.items() if each.recognize(document))


def kind_of_address(address: str) -> str | None:
    """The kind that an address means; None for an address that any product can have."""
    parts = urlsplit(address)
    place = f"{(parts.hostname or '').casefold()}{parts.path}"
    return next((kind for pattern, kind in _ADDRESSES if re.fullmatch(pattern, place)), None)
