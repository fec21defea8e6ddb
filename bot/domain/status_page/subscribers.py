"""Subscribers of the status page: their wishes, their webhooks, their notices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from bot.domain.status_page.components import ComponentState, TextByLanguage
from bot.domain.status_page.page import choose_text
from bot.domain.text.network_address import is_public, read_ip
from bot.lazy_dataclass import dataclass

LONGEST_WEBHOOK = 1_000
"""Characters of a webhook's address."""


class SubscriberKind(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"


class SignUpProblem(StrEnum):
    """Reason why a sign-up is refused; the key of its words is `subscribe_` and the value."""

    NO_ADDRESS = "no_address"
    WEBHOOK_HTTPS = "webhook_https"
    WEBHOOK_UNUSABLE = "webhook_unusable"
    WEBHOOK_PRIVATE = "webhook_private"
    TOO_MANY = "too_many"


class SignUpRefused(Exception):
    """The form cannot be taken. `problem` says why, for a page in the reader's language."""

    def __init__(self, problem: SignUpProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)


class NoticeKind(StrEnum):
    """
    Reason of a notice.

    An update is new, as is a maintenance that is announced. A translation adds a language to what was published before;
    a correction changes words of an update, a change anything of a maintenance. A reminder is for its start and end.
    """

    UPDATE = "update"
    TRANSLATION = "translation"
    CORRECTION = "correction"
    CHANGE = "change"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Language and components that a subscriber chose. No components: all of them."""

    language: str
    components: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class ComponentNotice:
    """A component in a notice. `state` None: a maintenance, which names its components only."""

    names: TextByLanguage
    state: ComponentState | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """
    One publication as subscribers are told of it.

    `path`: that of its page below a language. `label` and `missing` are keys of words: its state, and the words where
    it has no text. `changed`: languages that are new with this notice. `concerns` None: everybody.
    """

    kind: NoticeKind
    public_id: str
    path: str
    label: str
    state: str
    at: datetime
    titles: TextByLanguage
    texts: TextByLanguage
    missing: str = ""
    changed: tuple[str, ...] = ()
    components: Mapping[str, ComponentNotice] = field(default_factory=dict)
    concerns: frozenset[str] | None = None
    period: tuple[datetime, datetime] | None = None
    """From when to when a maintenance is planned."""


def is_for(notice: Notice, wishes: Wishes, order: Sequence[str]) -> bool:
    """
    Return whether a subscriber gets the notice. `order`: the languages of the page.

    An update goes to everybody, a translation to the readers of its language, a correction to those who read the
    corrected text.
    """
    if not _concerns(notice.concerns, wishes.components):
        return False
    match notice.kind:
        case NoticeKind.TRANSLATION:
            return wishes.language in notice.changed
        case NoticeKind.CORRECTION:
            shown = choose_text(notice.texts, wishes.language, order)[1]
            return shown in notice.changed or wishes.language in notice.changed
    return True


def _concerns(concerned: frozenset[str] | None, wanted: frozenset[str]) -> bool:
    return concerned is None or not wanted or bool(concerned & wanted)


def find_concerned(named: Sequence[Collection[str]]) -> frozenset[str] | None:
    """
    The components that an incident concerns. `named`: those of each update, in order.

    None is everybody: an incident that began without a component may concern any of them, up to its end.
    """
    if not named or not named[0]:
        return None
    return frozenset(key for each in named for key in each)


def check_webhook(text: str, private_hosts: Collection[str]) -> str:
    """
    The address of a webhook, checked as far as that needs no network.

    Raises SignUpRefused unless it begins with https:// and leads out of private networks. A host of `private_hosts` may
    be in one, and may use http://.
    """
    address = text.strip()
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    is_allowed = host is not None and host in private_hosts
    if not host or parts.scheme not in ({"https", "http"} if is_allowed else {"https"}):
        raise SignUpRefused(SignUpProblem.WEBHOOK_HTTPS)
    is_plain = address.isascii() and address.isprintable() and " " not in address
    if len(address) > LONGEST_WEBHOOK or parts.username is not None or not is_plain:
        raise SignUpRefused(SignUpProblem.WEBHOOK_UNUSABLE)
    if not is_allowed and is_private_address(host):
        raise SignUpRefused(SignUpProblem.WEBHOOK_PRIVATE)
    return address


def is_private_address(host: str) -> bool:
    """
    True for an IP address that is not public, also one inside an IPv6 address.

    A name is checked by the addresses that it resolves to.
    """
    address = read_ip(host)
    if address is None:
        return host.rstrip(".").casefold() == "localhost"
    return not is_public(address)
