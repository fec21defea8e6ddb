"""
By what a person or a service can be paged: `slack`, `email`, `webhook`, `pagerduty:NAME`, `opsgenie:NAME`,
`apprise:NAME`, where NAME is one of the configuration.
"""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

LONGEST_ADDRESS = 254
"""Characters of an e-mail address: RFC 5321."""
MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class Kind(StrEnum):
    """What carries a page. The name of a service behind it is no part of it."""

    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    APPRISE = "apprise"


SERVICES = (Kind.PAGERDUTY, Kind.OPSGENIE, Kind.WEBHOOK)
"""What a policy may name as a target: whoever is on call there is paged by it."""
RINGS_ON = (Kind.PAGERDUTY, Kind.OPSGENIE)
"""What goes on by itself until it is told that somebody answered."""
LABELS = {
    Kind.SLACK: "Slack",
    Kind.EMAIL: "E-mail",
    Kind.WEBHOOK: "Webhook",
    Kind.PAGERDUTY: "PagerDuty",
    Kind.OPSGENIE: "Opsgenie",
    Kind.APPRISE: "Apprise",
}


@dataclass(frozen=True, slots=True)
class Means:
    """`service`: the name in the configuration; empty where the means has none, or the person an address of theirs."""

    kind: Kind
    service: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.service}" if self.service else self.kind.value


def read(text: str) -> Means | None:
    """`pagerduty:payments` as a row or a policy has it; None for what is no means of this release."""
    kind, _, service = text.partition(":")
    return Means(Kind(kind), service) if kind in set(Kind) else None


def rings_on(text: str) -> bool:
    """Whether it goes on until it is told that somebody answered."""
    means = read(text)
    return means is not None and means.kind in RINGS_ON


def label_of(text: str) -> str:
    """How people see it, as far as that needs no configuration: `PagerDuty payments`."""
    means = read(text)
    if means is None:
        return text
    if means.kind is Kind.APPRISE and means.service:
        return means.service
    return f"{LABELS[means.kind]} {means.service}".strip()


def is_mail_address(text: str) -> bool:
    """Whether mail can be sent there: a plain mailbox, without a name, quotation marks or a route."""
    return len(text) <= LONGEST_ADDRESS and MAIL_ADDRESS.fullmatch(text) is not None


def mailbox_of(text: str) -> tuple[str, str]:
    """Name and address of `Dogwatch <dogwatch@example.com>`; the name may be empty."""
    return parseaddr(text)


def shown_mail(address: str) -> str:
    """As much as others may see: `o…@example.com`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"


def shown_end(address: str) -> str:
    """The last digits of a number, or of whatever else it is."""
    return f"…{address[-2:]}" if len(address) > 4 else "…"
