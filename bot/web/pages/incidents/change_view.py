"""A change on the page of an incident."""

from datetime import tzinfo
from typing import Any

from bot.domain.record.model import RecordedChange
from bot.domain.times import format_time


def change_values(recorded: RecordedChange, zone: tzinfo) -> dict[str, Any]:
    change = recorded.change
    times = dict.fromkeys(format_time(at, zone) for at in (change.began_at, change.finished_at) if at)
    details = (change.status.value, change.environment, f"by {change.author}" if change.author else "")
    return {
        "ref": recorded.source.ref,
        "when": " to ".join(times),
        "details": " · ".join(filter(None, details)),
        "what": f"{change.kind.value.capitalize()}: {recorded.subject}",
        "link": change.link,
        "is_cause": recorded.is_cause,
        "rolled_back_by": recorded.rolled_back_by.ref if recorded.rolled_back_by else "",
    }
