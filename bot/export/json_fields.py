"""Times, texts and people of a record as plain JSON values."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.record.model import Record
from bot.domain.text.mentions import resolve_mentions

Json = dict[str, Any]


class RecordFields:
    def __init__(self, record: Record) -> None:
        self.record = record
        self.zone: ZoneInfo = record.incident.zone

    def at(self, at: datetime | None) -> str | None:
        """ISO 8601 in the incident's zone, truncated to seconds, as Slack shows times."""
        return at.astimezone(self.zone).isoformat(timespec="seconds") if at else None

    def text(self, text: str) -> str:
        return resolve_mentions(text, self.record.people)

    def person(self, user_id: str | None) -> str | None:
        return self.record.people.get(user_id, user_id) if user_id else None


def seconds_between(start: datetime, end: datetime) -> int:
    """Difference of two times as exported: whole seconds."""
    return int((end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())
