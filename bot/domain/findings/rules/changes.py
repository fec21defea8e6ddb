"""Changes that were on record and not looked at, and causes that no recorded change shows."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.findings.common import active_entries, entries_with_time
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.findings.word_groups import cause_groups
from bot.domain.record.model import Record
from bot.domain.terms import Kind

OVERLOOKED, UNRECORDED = "change-overlooked", "change-unrecorded"
TIME_TO_LOOK = timedelta(minutes=5)
"""Nobody reads a card faster than that."""


def check_change_overlooked(record: Record) -> Iterator[Finding]:
    """
    Find a cause that was on record as a change before the first misleading path began.

    Silent where the change was reported less than five minutes before, and where nobody recorded it as the cause.
    """
    cause = next((each for each in record.changes if each.is_cause), None)
    received_at = cause.change.received_at if cause else None
    if cause is None or received_at is None:
        return
    paths = [
        (at, entry) for entry, at in entries_with_time(active_entries(record)) if Kind.MISLEADING_PATH in entry.kinds
    ]
    if not paths:
        return
    began_at, path = min(paths, key=lambda each: each[0])
    if began_at - max(received_at, record.incident.started.at) >= TIME_TO_LOOK:
        values: dict[str, Value] = {"change": Quote(cause.subject), "length": began_at - received_at}
        yield Finding(OVERLOOKED, (path.source.ref,), values)


def check_change_unrecorded(record: Record) -> Iterator[Finding]:
    """
    Find a deployment as the cause, or a rollback, without any change on record.

    Silent where the services of the incident report no changes.
    """
    if record.changes or not record.reports_changes:
        return
    for cause in record.causes:
        if "deployment" in cause_groups(cause.text):
            yield Finding(UNRECORDED, (cause.source.ref,), {"text": Quote(cause.text)})
            return
    for entry in active_entries(record):
        if Kind.ROLLBACK in entry.kinds and entry.text:
            yield Finding(UNRECORDED, (entry.source.ref,), {"text": Quote(entry.text)}, variant="rollback")
            return
