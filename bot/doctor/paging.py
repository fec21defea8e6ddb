"""
Check the contact methods other than Slack: configuration and reachability.

Nobody is paged.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.config.checks.paging import UNSIGNED_WEBHOOKS
from bot.config.environment import variable_suffix
from bot.doctor.network import connect_to_host
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.lazy_loader import LazyModule
from bot.notifiers import apprise, email
from bot.notifiers.outcome import PermanentFailure

if TYPE_CHECKING:
    import aiosmtplib
else:
    aiosmtplib = LazyModule("aiosmtplib")

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
    results += _check_subscribers(settings)
    if results and settings.public_url is None:
        text = "links in pages work on this machine only"
        results.append(warning(NAME, text, "Set DOGWATCH_PUBLIC_URL to the bot's address for people."))
    return results or [ok(NAME, "Slack is the only contact method")]


async def _check_mail(settings: Settings) -> CheckResult:
    """Connect and log in as for a page, and send nothing."""
    where = f"{settings.paging.email.host}:{settings.paging.email.port}"
    try:
        client = await email.connect(settings, SECONDS)
    except PermanentFailure as problem:
        remedy = "Correct [paging.email]. The password is DOGWATCH_SMTP_PASSWORD."
        return failed(NAME, f"mail server {where}: {problem.message}", remedy)
    except (aiosmtplib.SMTPException, OSError) as problem:
        error = type(problem.__cause__ or problem).__name__
        text = f"mail server {where}: no response ({error})"
        return failed(NAME, text, "Check host, port and security in [paging.email].")
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()
    client.close()
    how = "logged in" if settings.paging.email.user else "without login"
    return ok(NAME, f"the mail server at {where} answers (security {settings.paging.email.security}, {how})")


async def _check_host(label: str, url: str) -> CheckResult:
    """Check that the host accepts connections. Only a page would show whether the key is right."""
    host, error = await connect_to_host(url)
    if error:
        text = f"{label}: {host} cannot be reached ({error})"
        return failed(NAME, text, "Check its address in [paging] and the network.")
    return ok(NAME, f"{label}: {host} can be reached")


def _check_subscribers(settings: Settings) -> Iterator[CheckResult]:
    """Check that readers of the status page who subscribe can be told."""
    if not settings.takes_subscribers:
        return
    mail, remedy = settings.paging.email, "Add host and from to [paging.email], or set email = false."
    if mail.host is None or mail.sender is None:
        yield failed("subscribers", "the status page takes subscribers, but e-mail is not set up", remedy)
    else:
        yield ok("subscribers", f"the status page takes subscribers; links lead to {settings.subscription_url}")


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
            yield failed(
                NAME, f"{label}: address not supported", f"Set {variable} to an address that Apprise supports."
            )
        else:
            yield ok(NAME, f"{label}: address supported by Apprise")
