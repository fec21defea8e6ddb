"""
GitLab's alert endpoint as a receiver: tools that would send alerts to GitLab.

https://docs.gitlab.com/operations/incident_management/integrations/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.sources import generic
from bot.sources.authentication import check_token_header
from bot.sources.json_reader import Malformed

NAME = "gitlab"
TOKEN_HEADER = "X-Gitlab-Token"  # noqa: S105  the name of a header


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer, Basic, or the token in GitLab's header. Raises Unauthorized."""
    return check_token_header(headers, credentials, TOKEN_HEADER)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alerts of one request. Raises Malformed."""
    if isinstance(payload, dict) and "object_kind" in payload:
        raise Malformed("object_kind", "This is a webhook of a GitLab project, not an alert. Send alerts here only.")
    return generic.parse_alerts(payload, received_at, source=NAME)
