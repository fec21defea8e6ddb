"""What is wrong, or hardly meant, between `[paging.…]` and the secrets that stand in the environment."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.config.environment import end_of
from bot.config.problems import Place
from bot.config.settings import Settings

HERE = ("localhost", "127.0.0.1", "::1")
"""This machine: nothing of what goes there leaves it."""
UNSIGNED = "Webhooks are only sent signed: set DOGWATCH_WEBHOOK_SECRET, or nobody is paged by them."


def means_mistakes(settings: Settings) -> Iterator[tuple[Place, str, object]]:
    """Each: where, what is wrong with the remedy, and the value."""
    mail = settings.paging.email
    if mail.host is not None and mail.sender is None:
        message = 'Mail needs a sender. Add it here: from = "Dogwatch <dogwatch@example.com>".'
        yield ("paging", "email", "from"), message, None


def means_doubts(settings: Settings) -> Iterator[tuple[Place, str, object]]:
    """Warnings only: who checks the file elsewhere need not have the secrets."""
    paging, mail = settings.paging, settings.paging.email
    if mail.host is not None and mail.user is None and settings.smtp_password is not None:
        yield (
            ("paging", "email", "user"),
            "DOGWATCH_SMTP_PASSWORD is set, but not the user that it is of. Add it.",
            None,
        )
    if mail.host is not None and mail.user is not None and settings.smtp_password is None:
        yield ("paging", "email", "user"), "Its password is not set: set DOGWATCH_SMTP_PASSWORD.", mail.user
    if mail.user is not None and mail.security == "none" and mail.host not in HERE:
        message = "The password would go to the mail server in the clear. Use starttls or tls."
        yield ("paging", "email", "security"), message, mail.security
    yield from _keys("pagerduty", paging.pagerduty.services, settings.pagerduty_keys, "DOGWATCH_PAGERDUTY_KEY_")
    yield from _keys("opsgenie", paging.opsgenie.services, settings.opsgenie_keys, "DOGWATCH_OPSGENIE_KEY_")
    yield from _keys("apprise", tuple(paging.apprise.services), settings.apprise_addresses, "DOGWATCH_APPRISE_")
    if (paging.webhook.services or paging.webhook.hosts) and settings.webhook_secret is None:
        yield ("paging", "webhook"), UNSIGNED, None
    for name, url in paging.webhook.services.items():
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in HERE:
            message = "Whoever is on the way could read its pages, and acknowledge by the links in them. Use https://."
            yield ("paging", "webhook", "services", name), message, url


def _keys(
    kind: str, services: Sequence[str], secrets: Mapping[str, SecretStr], prefix: str
) -> Iterator[tuple[Place, str, object]]:
    ends = {end_of(name) for name in services}
    for name in services:
        if end_of(name).casefold() not in secrets:
            message = f"Nobody can be paged by {name} yet: set {prefix}{end_of(name)}."
            yield ("paging", kind, "services"), message, None
    for end in sorted({each.upper() for each in secrets} - ends):
        message = f"{prefix}{end} is set, but no such name is among the services here. Add it, or take it away."
        yield ("paging", kind, "services"), message, None
