"""By what else than Slack people are paged: is it set up, and does it answer? Nobody is paged by looking."""

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from bot.config import Settings
from bot.config.check_paging import UNSIGNED
from bot.config.environment import end_of
from bot.doctor.report import Finding, failed, ok, warning
from bot.notifiers import apprise, email
from bot.notifiers.outcome import Refused

NAME = "paging"
SECONDS = 4.0


async def means(settings: Settings) -> list[Finding]:
    paging = settings.paging
    found: list[Finding] = []
    if paging.email.host is not None:
        found.append(await asyncio.to_thread(_mail, settings))
    for label, url, services, prefix, key_of in (
        ("PagerDuty", paging.pagerduty.url, paging.pagerduty.services, "PAGERDUTY", settings.pagerduty_key),
        ("Opsgenie", paging.opsgenie.url, paging.opsgenie.services, "OPSGENIE", settings.opsgenie_key),
    ):
        missing = [f"DOGWATCH_{prefix}_KEY_{end_of(name)}" for name in services if key_of(name) is None]
        if missing:
            found.append(failed(NAME, f"{label} has no key for each service", f"Set {', '.join(missing)}."))
        if services:
            found.append(await _reached(label, url))
    for name, url in paging.webhook.services.items():
        found.append(await _reached(f"the webhook {name}", url))
    if (paging.webhook.services or paging.webhook.hosts) and settings.webhook_secret is None:
        found.append(failed(NAME, "webhooks are not signed", UNSIGNED))
    found += _apprise(settings)
    if found and settings.public_url is None:
        told = "the links in pages lead to this machine only"
        found.append(warning(NAME, told, "Set DOGWATCH_PUBLIC_URL to the address at which people reach the bot."))
    return found or [ok(NAME, "people are paged in Slack only")]


def _mail(settings: Settings) -> Finding:
    """Connects, secures and signs in as for a page, and sends nothing."""
    where = f"{settings.paging.email.host}:{settings.paging.email.port}"
    try:
        client = email.connected(settings, lambda _client: None, SECONDS)
    except Refused as problem:
        remedy = "Mend it in [paging.email]; the password stands in DOGWATCH_SMTP_PASSWORD."
        return failed(NAME, f"no mail by {where}: {problem.message}", remedy)
    except (smtplib.SMTPException, OSError) as problem:
        told = f"no mail by {where}: it does not answer ({type(problem).__name__})"
        return failed(NAME, told, "See whether host, port and security in [paging.email] are right.")
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    client.close()
    how = "signed in" if settings.paging.email.user else "without signing in"
    return ok(NAME, f"the mail server at {where} answers (security {settings.paging.email.security}, {how})")


async def _reached(label: str, url: str) -> Finding:
    """Whether its host takes connections. A key is only seen to be right by a page."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    try:
        async with asyncio.timeout(SECONDS):
            port = parts.port or (443 if is_tls else 80)
            _reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_tls or None)
        writer.close()
    except (OSError, TimeoutError) as problem:  # an SSLError is an OSError
        told = f"{label}: {parts.hostname} cannot be reached ({type(problem).__name__})"
        return failed(NAME, told, "Look at its address in [paging], and at the way there.")
    return ok(NAME, f"{label}: {parts.hostname} can be reached")


def _apprise(settings: Settings) -> Iterator[Finding]:
    """Whether Apprise is there and can read each address, with something in the place of `{to}`."""
    services = settings.paging.apprise.services
    if services and not apprise.is_installed():
        yield failed(NAME, "Apprise is not installed", "pip install dogwatch[apprise]")
        return
    for name, label in services.items():
        variable = f"DOGWATCH_APPRISE_{end_of(name)}"
        try:
            apprise.target_of(apprise.address_for(settings, name, "15551234567"))
        except Refused:
            yield failed(NAME, f"{label} cannot be used", f"Set {variable} to an address that Apprise knows.")
        else:
            yield ok(NAME, f"{label}: Apprise knows the address")
