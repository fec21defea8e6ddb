"""The context in which typed lines and form fields are parsed."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.command.table import Context
from bot.config import Settings
from bot.store.incidents.incidents import Incident


def build_context(
    settings: Settings,
    at: datetime,
    *,
    inside: Incident | None,
    zone: ZoneInfo,
    earlier: Sequence[str] = (),
    caller: str | None = None,
) -> Context:
    """
    Build the context of a line.

    `inside`: the incident of the channel. `earlier`: reference prefixes of the past. `caller`: a user id.
    """
    now = (settings.incidents.channel_prefix.upper(), settings.incidents.drill_prefix.upper())
    return Context(
        now=at,
        zone=zone,
        severities=settings.severity_words(),
        labels=settings.severity_labels,
        mark_words=settings.reactions,
        roles=settings.role_words,
        statuses=settings.status_words,
        caller=caller,
        vendors=settings.vendor_words,
        inside=inside.reference if inside else None,
        series=tuple(dict.fromkeys([*now, *earlier])),
    )
