"""Checks between `[paging.…]` and the secrets in the environment."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.config.environment import variable_suffix
from bot.config.problems import Conflict
from bot.config.settings import Settings

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
UNSIGNED_WEBHOOKS = "Webhooks are only sent signed: set DOGWATCH_WEBHOOK_SECRET, or nobody is paged by them."

READABLE = "Whoever is on the way could read its pages, and acknowledge by the links in them. Use https://."


def find_paging_conflicts(settings: Settings) -> Iterator[Conflict]:
    mail = settings.paging.email
    if mail.host is not None and mail.sender is None:
        message = 'Mail needs a sender. Add it here: from = "Dogwatch <dogwatch@example.com>".'
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
        message = "DOGWATCH_NTFY_TOKEN is set, but not the server that it is of. Add its url, or take the token away."
        yield ("paging", "ntfy", "url"), message, None
    if url is not None and urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOCAL_HOSTS:
        yield ("paging", "ntfy", "url"), READABLE, url


def _find_mail_doubts(settings: Settings) -> Iterator[Conflict]:
    mail = settings.paging.email
    user = ("paging", "email", "user")
    if mail.host is not None and mail.user is None and settings.smtp_password is not None:
        yield user, "DOGWATCH_SMTP_PASSWORD is set, but not the user that it is of. Add it.", None
    if mail.host is not None and mail.user is not None and settings.smtp_password is None:
        yield user, "Its password is not set: set DOGWATCH_SMTP_PASSWORD.", mail.user
    if mail.user is not None and mail.security == "none" and mail.host not in LOCAL_HOSTS:
        message = "The password would go to the mail server in the clear. Use starttls or tls."
        yield ("paging", "email", "security"), message, mail.security


def _find_secret_doubts(
    kind: str, services: Sequence[str], secrets: Mapping[str, SecretStr], prefix: str
) -> Iterator[Conflict]:
    path = ("paging", kind, "services")
    for name in services:
        if variable_suffix(name).casefold() not in secrets:
            yield path, f"Nobody can be paged by {name} yet: set {prefix}{variable_suffix(name)}.", None
    for suffix in sorted({each.upper() for each in secrets} - {variable_suffix(name) for name in services}):
        message = f"{prefix}{suffix} is set, but no such name is among the services here. Add it, or take it away."
        yield path, message, None
