"""
Contact methods, written as `slack`, `email`, `ntfy`, `webhook` or `pagerduty:NAME`.

NAME is a service of the configuration.
"""

import re
from email.utils import parseaddr
from enum import StrEnum

from bot.lazy_dataclass import dataclass

LONGEST_ADDRESS = 254
"""Longest e-mail address, in characters: RFC 5321."""
MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class ContactMethodKind(StrEnum):
    """Carrier of a page, without the name of a service behind it."""

    SLACK = "slack"
    EMAIL = "email"
    NTFY = "ntfy"
    WEBHOOK = "webhook"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    APPRISE = "apprise"


SERVICE_KINDS = (ContactMethodKind.PAGERDUTY, ContactMethodKind.OPSGENIE, ContactMethodKind.WEBHOOK)
"""Kinds that a policy may target: they page whoever is on call there."""
RINGING_KINDS = (ContactMethodKind.PAGERDUTY, ContactMethodKind.OPSGENIE)
"""Kinds that keep paging until they learn of an acknowledgement."""
LABELS = {
    ContactMethodKind.SLACK: "Slack",
    ContactMethodKind.EMAIL: "E-mail",
    ContactMethodKind.NTFY: "ntfy",
    ContactMethodKind.WEBHOOK: "Webhook",
    ContactMethodKind.PAGERDUTY: "PagerDuty",
    ContactMethodKind.OPSGENIE: "Opsgenie",
    ContactMethodKind.APPRISE: "Apprise",
}


@dataclass(frozen=True, slots=True)
class ContactMethod:
    """`service`: the name in the configuration; empty where the kind has none."""

    kind: ContactMethodKind
    service: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.service}" if self.service else self.kind.value


def parse_contact_method(text: str) -> ContactMethod | None:
    """Parse `pagerduty:payments` of a row or a policy; None if the kind is unknown."""
    kind, _, service = text.partition(":")
    return ContactMethod(ContactMethodKind(kind), service) if kind in set(ContactMethodKind) else None


def rings_until_answered(text: str) -> bool:
    """True if it keeps paging until it learns of an acknowledgement."""
    method = parse_contact_method(text)
    return method is not None and method.kind in RINGING_KINDS


def contact_method_label(text: str) -> str:
    """Label for people, as far as that needs no configuration: `PagerDuty payments`."""
    method = parse_contact_method(text)
    if method is None:
        return text
    if method.kind is ContactMethodKind.APPRISE and method.service:
        return method.service
    return f"{LABELS[method.kind]} {method.service}".strip()


def is_mail_address(text: str) -> bool:
    """True for a plain mailbox, without a name, quotation marks or a route."""
    return len(text) <= LONGEST_ADDRESS and MAIL_ADDRESS.fullmatch(text) is not None


def split_mailbox(text: str) -> tuple[str, str]:
    """Name and address of `Dogwatch <dogwatch@example.com>`; the name may be empty."""
    return parseaddr(text)


def mask_mail_address(address: str) -> str:
    """Address as others may see it: `o…@example.com`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"


def mask_ending(address: str) -> str:
    """The last characters of a number or an address."""
    return f"…{address[-2:]}" if len(address) > 4 else "…"
