"""`[paging.email]` and its neighbours. Their secrets come from the environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.config.sections import Section
from bot.config.sections.fields import FileName, ListOf, Word, matching
from bot.domain.paging.contact_methods import is_mail_address, split_mailbox


def _check_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?", value):
        raise ValueError("This is not a host. Use a name like smtp.example.com. The port has a separate key.")
    return value.strip("[]")


def _check_sender(value: str) -> str:
    if not value.isprintable() or not is_mail_address(split_mailbox(value)[1]):
        raise ValueError("This is not an e-mail address. Use one like Dogwatch <dogwatch@example.com>.")
    return value


def _check_domain(value: str) -> str:
    if not is_mail_address(f"somebody@{value}"):
        raise ValueError("This is not a domain. Use the part after the @, like example.com.")
    return value.casefold()


def _check_api(value: str) -> str:
    # Plain http is for a server in the same machine or network, and for trying things out.
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("This is not a web address. Use one with https://, and without ? or #.")
    return value.rstrip("/")


PagingServiceName = Annotated[
    str,
    matching(
        r"[a-z0-9][a-z0-9_-]{0,39}",
        "Use up to 40 lower-case letters, digits, - and _, beginning with a letter or digit.",
    ),
]
Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_check_host)]
Domain = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_check_domain)]
Sender = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_check_sender)]
Api = Annotated[str, Field(max_length=500), AfterValidator(_check_api)]
Endpoint = Annotated[
    str,
    Field(max_length=2000),
    matching(r"https?://[^\s/?#]+([/?][^\s#]*)?", "This is not a web address. Use https:// and the host."),
]


class EmailSection(Section):
    """`[paging.email]`. `host` None: nobody is paged by e-mail. `domains` empty: any address."""

    host: Host | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Word | None = None
    sender: Annotated[Sender | None, Field(alias="from")] = None
    domains: ListOf[Domain] = ()
    ca_file: FileName | None = None


class NtfySection(Section):
    """`[paging.ntfy]`. `url` None: nobody is paged by ntfy. The token is in the environment."""

    url: Api | None = None


class PagerDutySection(Section):
    """`[paging.pagerduty]`. The environment holds the integration key of each of the `services`."""

    services: ListOf[PagingServiceName] = ()
    url: Api = "https://events.pagerduty.com"


class OpsgenieSection(Section):
    """`[paging.opsgenie]`. The environment holds the API key of each of the `services`."""

    services: ListOf[PagingServiceName] = ()
    url: Api = "https://api.opsgenie.com"


class WebhookSection(Section):
    """`[paging.webhook]`. `hosts`: hosts of people's own webhook addresses; empty: none."""

    services: Mapping[PagingServiceName, Endpoint] = Field(default_factory=dict)
    hosts: ListOf[Host] = ()


class AppriseSection(Section):
    """`[paging.apprise]`: contact methods by name, with labels. The addresses are secrets."""

    services: Mapping[PagingServiceName, Word] = Field(default_factory=dict)
