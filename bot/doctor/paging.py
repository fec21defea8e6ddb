"""
Check the contact methods other than Slack: configuration and reachability.

Nobody is paged.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import aiosmtplib

from bot.config import Settings
from bot.config.checks.paging import UNSIGNED_WEBHOOKS
from bot.config.environment import variable_suffix
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.notifiers import apprise, email
from bot.notifiers.outcome import PermanentFailure

NAME = "paging"
SECONDS = 4.0


async def check_contact_methods(settings: Settings) -> list[CheckResult]:
    paging = settings.paging
    results: list[CheckResult] = []
    if paging.email.host is not None:
        results.append(await _check_mail(settings))
    if paging.ntfy.url is not None:
        results.append(await _check_host("ntfy", paging.ntfy.url))
    for label, url, services, prefix, key_of in (
        ("PagerDuty", paging.pagerduty.url, paging.pagerduty.services, "PAGERDUTY", settings.pagerduty_key),
        ("Opsgenie", paging.opsgenie.url, paging.opsgenie.services, "OPSGENIE", settings.opsgenie_key),
    ):
        missing = [f"DOGWATCH_{prefix}_KEY_{variable_suffix(name)}" for name in services if key_of(name) is None]
        if missing:
            results.append(failed(NAME, f"{label} has no key for each service", f"Set {', '.join(missing)}."))
        if services:
            results.append(await _check_host(label, url))
    for name, url in paging.webhook.services.items():
        results.append(await _check_host(f"the webhook {name}", url))
    if (paging.webhook.services or paging.webhook.hosts) and settings.webhook_secret is None:
        results.append(failed(NAME, "webhooks are not signed", UNSIGNED_WEBHOOKS))
    results += _check_apprise(settings)
    if results and settings.public_url is None:
        text = "the links in pages lead to this machine only"
        results.append(warning(NAME, text, "Set DOGWATCH_PUBLIC_URL to the address at which people reach the bot."))
    return results or [ok(NAME, "people are paged in Slack only")]


async def _check_mail(settings: Settings) -> CheckResult:
    """Connect and log in as for a page, and send nothing."""
    where = f"{settings.paging.email.host}:{settings.paging.email.port}"
    try:
        client = await email.connect(settings, SECONDS)
    except PermanentFailure as problem:
        remedy = "Mend it in [paging.email]; the password stands in DOGWATCH_SMTP_PASSWORD."
        return failed(NAME, f"no mail by {where}: {problem.message}", remedy)
    except (aiosmtplib.SMTPException, OSError) as problem:
        error = type(problem.__cause__ or problem).__name__
        text = f"no mail by {where}: it does not answer ({error})"
        return failed(NAME, text, "See whether host, port and security in [paging.email] are right.")
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()
    client.close()
    how = "signed in" if settings.paging.email.user else "without signing in"
    return ok(NAME, f"the mail server at {where} answers (security {settings.paging.email.security}, {how})")


async def _check_host(label: str, url: str) -> CheckResult:
    """Check that the host accepts connections. Only a page would show whether the key is right."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    try:
        async with asyncio.timeout(SECONDS):
            port = parts.port or (443 if is_tls else 80)
            _reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_tls or None)
        writer.close()
    except (OSError, TimeoutError) as problem:  # an SSLError is an OSError
        text = f"{label}: {parts.hostname} cannot be reached ({type(problem).__name__})"
        return failed(NAME, text, "Look at its address in [paging], and at the way there.")
    return ok(NAME, f"{label}: {parts.hostname} can be reached")


def _check_apprise(settings: Settings) -> Iterator[CheckResult]:
    """Check that Apprise is installed and can use each address, with a number for `{to}`."""
    services = settings.paging.apprise.services
    if services and not apprise.is_installed():
        yield failed(NAME, "Apprise is not installed", "In the source folder: pip install '.[apprise]'")
        return
    for name, label in services.items():
        variable = f"DOGWATCH_APPRISE_{variable_suffix(name)}"
        try:
            apprise.create_target(apprise.service_address(settings, name, "15551234567"))
        except PermanentFailure:
            yield failed(NAME, f"{label} cannot be used", f"Set {variable} to an address that Apprise knows.")
        else:
            yield ok(NAME, f"{label}: Apprise knows the address")
