"""
Grafana Alerting's webhook contact point: Alertmanager's shape, optionally signed.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.sources import alertmanager
from bot.sources.authentication import check_signature, check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed

NAME = "grafana"


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:
    """Check the signature if a secret is set, else the token. Raises Unauthorized."""
    if credentials.secrets:
        return check_signature(headers, body, credentials, now)
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alerts of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    if root.has("evalMatches") and not root.has("alerts"):
        raise Malformed(
            "alerts", "This is missing. The body is from Grafana's old alerting, before version 9: update Grafana."
        )
    return alertmanager.parse_notification(root, received_at, source=NAME, is_test=_is_test(root))


def _is_test(root: Fields) -> bool:
    """The Test button of a contact point sends one alert that is never resolved."""
    return root.text("receiver") == "test" and (root.text("groupKey") or "").startswith("test-")
