"""
Alert sources: one module for each kind of sender, with `verify` and `parse`.

Pure. The web layer limits the size, then calls `verify`, `read` and `parse`; they raise nothing but `Unauthorized`
(401) and `Malformed` (400).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.config.sections.alerts import AlertsSection
from bot.domain.alerts.events import Batch, Credentials
from bot.domain.alerts.mail import MailRules
from bot.lazy_dataclass import dataclass
from bot.sources import adapters, alertmanager, generic, grafana
from bot.sources.authentication import Unauthorized
from bot.sources.clouds import azure_monitor, gcp_monitoring, sns, sns_signature
from bot.sources.json_reader import Malformed, decode
from bot.sources.mail import mailgun, postmark
from bot.sources.monitors import (
    better_stack,
    checkly,
    datadog,
    healthchecks,
    honeycomb,
    icinga,
    new_relic,
    sentry,
    uptime_kuma,
    zabbix,
)
from bot.sources.receivers import cloudevents, gitlab, opsgenie, pagerduty
from bot.sources.request import AlertRequest, Answer, read_json

__all__ = ["SOURCES", "AlertRequest", "Answer", "Malformed", "Source", "Unauthorized", "decode", "find_source"]


class Verify(Protocol):
    """
    Return the index of the token or secret that was used. Raises Unauthorized.

    `body`: the raw bytes; `now`: real time, aware.
    """

    def __call__(self, headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Source:
    """
    `parse` takes what `read` returns and the time of receipt. Both raise Malformed.

    `answer` is the response in the sender's own shape; None: ours. `is_proven_by_body`: `verify` needs the body, and
    decodes it. `largest_body`: bytes; None: the general limit.
    `query_token`: parameter of the address with the token, for senders that can set no header. `certificate_address`
    is where the certificate is that `verify` needs. `handshake` returns the headers of the answer to `OPTIONS`.
    `parse_by_rules` is `parse` with the operator's rules for mails.
    """

    verify: Verify
    parse: Callable[[object, datetime], Batch]
    read: Callable[[AlertRequest], object] = read_json
    answer: Callable[[Batch, object], Answer | None] | None = None
    is_proven_by_body: bool = False
    largest_body: int | None = None
    query_token: str | None = None
    certificate_address: Callable[[bytes, Credentials, datetime], str] | None = None
    handshake: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    parse_by_rules: Callable[[object, datetime, MailRules], Batch] | None = None

    def parse_body(self, body: bytes, received_at: datetime) -> Batch:
        """Parse a body that came without its request, for previews. Raises Malformed."""
        return self.parse(self.read(AlertRequest({}, body)), received_at)


SOURCES: Mapping[str, Source] = {
    alertmanager.NAME: Source(alertmanager.verify, alertmanager.parse),
    grafana.NAME: Source(grafana.verify, grafana.parse),
    generic.NAME: Source(generic.verify, generic.parse),
    gitlab.NAME: Source(gitlab.verify, gitlab.parse),
    cloudevents.NAME: Source(
        cloudevents.verify,
        cloudevents.parse,
        cloudevents.read,
        query_token="access_token",  # noqa: S106  the name of a parameter
        handshake=cloudevents.find_handshake_headers,
    ),
    pagerduty.NAME: Source(
        pagerduty.verify,
        pagerduty.parse,
        answer=pagerduty.answer,
        is_proven_by_body=True,
        largest_body=pagerduty.MAX_BYTES,
    ),
    opsgenie.NAME: Source(opsgenie.verify, opsgenie.parse, opsgenie.read, opsgenie.answer),
    sns.NAME: Source(
        sns.verify,
        sns.parse,
        is_proven_by_body=True,
        largest_body=sns.MAX_BYTES,
        certificate_address=sns_signature.find_certificate_address,
        parse_by_rules=sns.parse_by_rules,
    ),
    gcp_monitoring.NAME: Source(gcp_monitoring.verify, gcp_monitoring.parse, query_token="token"),  # noqa: S106
    azure_monitor.NAME: Source(azure_monitor.verify, azure_monitor.parse, query_token="token"),  # noqa: S106
    datadog.NAME: Source(datadog.verify, datadog.parse),
    new_relic.NAME: Source(new_relic.verify, new_relic.parse),
    honeycomb.NAME: Source(honeycomb.verify, honeycomb.parse),
    sentry.NAME: Source(sentry.verify, sentry.parse),
    zabbix.NAME: Source(zabbix.verify, zabbix.parse),
    icinga.NAME: Source(icinga.verify, icinga.parse),
    uptime_kuma.NAME: Source(uptime_kuma.verify, uptime_kuma.parse, uptime_kuma.read),
    healthchecks.NAME: Source(healthchecks.verify, healthchecks.parse),
    better_stack.NAME: Source(better_stack.verify, better_stack.parse, query_token="token"),  # noqa: S106
    checkly.NAME: Source(checkly.verify, checkly.parse),
    mailgun.NAME: Source(
        mailgun.verify,
        mailgun.parse,
        mailgun.read,
        query_token="token",  # noqa: S106
        parse_by_rules=mailgun.parse_by_rules,
    ),
    postmark.NAME: Source(
        postmark.verify,
        postmark.parse,
        query_token="token",  # noqa: S106
        parse_by_rules=postmark.parse_by_rules,
    ),
}


def find_source(name: str, alerts: AlertsSection) -> Source | None:
    """The source of this name, built in or described by the operator; None if there is none."""
    adapter = alerts.sources.get(name)
    if adapter is not None:
        return Source(generic.verify, partial(adapters.parse, name, adapter), query_token="token")  # noqa: S106
    source = SOURCES.get(name)
    if source is None or source.parse_by_rules is None:
        return source
    return replace(source, parse=partial(_parse_by_rules, source.parse_by_rules, alerts.mail.as_rules()))


def _parse_by_rules(
    parse: Callable[[object, datetime, MailRules], Batch], rules: MailRules, payload: object, received_at: datetime
) -> Batch:
    return parse(payload, received_at, rules)
