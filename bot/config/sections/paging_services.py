"""`[paging.email]` and its neighbours: by what else people are paged. The secrets stand in the environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.config.sections import FileName, Section, Word
from bot.domain.paging.channels import is_mail_address, mailbox_of


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value):
        raise ValueError("Use up to 40 small letters, digits, - and _, beginning with a letter or digit.")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?", value):
        raise ValueError("This is no host. Write its name, like smtp.example.com; the port has a key of its own.")
    return value.strip("[]")


def _sender(value: str) -> str:
    if not value.isprintable() or not is_mail_address(mailbox_of(value)[1]):
        raise ValueError("This is no e-mail address. Write it like Dogwatch <dogwatch@example.com>.")
    return value


def _domain(value: str) -> str:
    if not is_mail_address(f"somebody@{value}"):
        raise ValueError("This is no domain. Write what stands behind the @, like example.com.")
    return value.casefold()


def _api(value: str) -> str:
    # Plain http is for a server in the same machine or network, and for trying things out.
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("This is no web address. Write it with https://, without anything behind a ? or #.")
    return value.rstrip("/")


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+([/?][^\s#]*)?", value):
        raise ValueError("This is no web address. Write it with https:// and the host.")
    return value


MeansName = Annotated[str, AfterValidator(_name)]
Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_host)]
Domain = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_domain)]
Sender = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_sender)]
Api = Annotated[str, Field(max_length=500), AfterValidator(_api)]
Endpoint = Annotated[str, Field(max_length=2000), AfterValidator(_endpoint)]


class EmailSection(Section):
    """`[paging.email]`. Without `host` nobody is paged by e-mail. `domains` empty: an address may be anywhere."""

    host: Host | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Word | None = None
    sender: Annotated[Sender | None, Field(alias="from")] = None
    domains: Annotated[tuple[Domain, ...], Field(strict=False)] = ()
    ca_file: FileName | None = None


class PagerDutySection(Section):
    """`[paging.pagerduty]`. Of each of the `services` an integration key stands in the environment."""

    services: Annotated[tuple[MeansName, ...], Field(strict=False)] = ()
    url: Api = "https://events.pagerduty.com"


class OpsgenieSection(Section):
    """`[paging.opsgenie]`. Of each of the `services` an API key stands in the environment."""

    services: Annotated[tuple[MeansName, ...], Field(strict=False)] = ()
    url: Api = "https://api.opsgenie.com"


class WebhookSection(Section):
    """`[paging.webhook]`. `hosts`: where people may have addresses of their own; empty: nowhere."""

    services: Mapping[MeansName, Endpoint] = Field(default_factory=dict)
    hosts: Annotated[tuple[Host, ...], Field(strict=False)] = ()


class AppriseSection(Section):
    """`[paging.apprise]`: names of means, and how people see them. The address of each stands in the environment."""

    services: Mapping[MeansName, Word] = Field(default_factory=dict)
