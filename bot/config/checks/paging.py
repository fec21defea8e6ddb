"""Checks between `[paging.…]` and the secrets in the environment."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.config.environment import variable_suffix
from bot.config.problems import Conflict
from bot.config.settings import Settings

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
UNSIGNED_WEBHOOKS = "Webhooks are not sent without a signature. Set DOGWATCH_WEBHOOK_SECRET."

READABLE = "Others on the network could read pages and acknowledge by their links. Use https://."


def find_paging_conflicts(settings: Settings) -> Iterator[Conflict]:
    mail = settings.paging.email
    if mail.host is not None and mail.sender is None:
        message = 'E-mail needs a sender. Add it: from = "Dogwatch <dogwatch@example.com>".'
        yield ("paging", "email", "from"), message, None


def find_paging_doubts(settings: Settings) -> Iterator[Conflict]:
    """Yield warnings about missing secrets, too: a file may be checked where they are not set."""
    paging = settings.paging
    yield from _find_mail_doubts(settings)
    yield from _find_secret_doubts(
        "pagerduty", paging.pagerduty.services, settings.pagerduty_keys, "DOGWATCH_PAGERDUTY_KEY_"
    )
    yield from _find_secret_doubts(
        "opsgenie", paging.opsgenie.services, settings.opsgenie_keys, "DOGWATCH_OPSGENIE_KEY_"
    )
    yield from _find_secret_doubts(
        "apprise", tuple(paging.apprise.services), settings.apprise_addresses, "DOGWATCH_APPRISE_"
    )
    if (paging.webhook.services or paging.webhook.hosts) and settings.webhook_secret is None:
        yield ("paging", "webhook"), UNSIGNED_WEBHOOKS, None
    yield from _find_ntfy_doubts(settings)
    for name, url in paging.webhook.services.items():
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            yield ("paging", "webhook", "services", name), READABLE, url


def _find_ntfy_doubts(settings: Settings) -> Iterator[Conflict]:
    url = settings.paging.ntfy.url
    if url is None and settings.ntfy_token is not None:
        message = "DOGWATCH_NTFY_TOKEN is set, but its server is not. Add the url, or remove the token."
        yield ("paging", "ntfy", "url"), message, None
    if url is not None and urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOCAL_HOSTS:
        yield ("paging", "ntfy", "url"), READABLE, url


def _find_mail_doubts(settings: Settings) -> Iterator[Conflict]:
    mail = settings.paging.email
    user = ("paging", "email", "user")
    if mail.host is not None and mail.user is None and settings.smtp_password is not None:
        yield user, "DOGWATCH_SMTP_PASSWORD is set, but its user is not. Add the user.", None
    if mail.host is not None and mail.user is not None and settings.smtp_password is None:
        yield user, "The password is missing. Set DOGWATCH_SMTP_PASSWORD.", mail.user
    if mail.user is not None and mail.security == "none" and mail.host not in LOCAL_HOSTS:
        message = "The password would be sent unencrypted. Use starttls or tls."
        yield ("paging", "email", "security"), message, mail.security


def _find_secret_doubts(
    kind: str, services: Sequence[str], secrets: Mapping[str, SecretStr], prefix: str
) -> Iterator[Conflict]:
    path = ("paging", kind, "services")
    for name in services:
        if variable_suffix(name).casefold() not in secrets:
            yield path, f"{name} cannot page anybody yet. Set {prefix}{variable_suffix(name)}.", None
    for suffix in sorted({each.upper() for each in secrets} - {variable_suffix(name) for name in services}):
        message = (
            f"{prefix}{suffix} is set, but there is no such service here. Add the service, or remove the variable."
        )
        yield path, message, None
