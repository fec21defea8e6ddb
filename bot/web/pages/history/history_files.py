"""The history as CSV and JSON, with the rows of all pages. Columns: `docs/pages/history.md`."""

import csv
import json
from io import StringIO
from typing import Any

from bot.domain.text.search_terms import excerpt_text
from bot.export.statistics import neutralize_formula
from bot.services.web_pages.history.incidents import HistoryPage, HistoryRow

COLUMNS = (
    "reference",
    "title",
    "severity",
    "status",
    "services",
    "lead",
    "declared_at",
    "duration_seconds",
    "cause_recorded",
    "open_follow_ups",
    "findings",
    "postmortem",
    "private",
    "drill",
    "match",
    "similar",
    "link",
)


def history_json(found: HistoryPage, origin: str) -> str:
    table = {
        "filter": found.wanted.query,
        "count": found.count,
        "not_checked_for_findings": found.unchecked,
        "incidents": [_fields(each, origin) for each in found.rows],
    }
    return json.dumps(table, ensure_ascii=False, indent=2) + "\n"


def history_csv(found: HistoryPage, origin: str) -> str:
    """Cells that a spreadsheet would take for a formula begin with an apostrophe."""
    output = StringIO()
    table = csv.writer(output, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in found.rows:
        fields = _fields(row, origin)
        table.writerow([neutralize_formula(_cell(fields[column])) for column in COLUMNS])
    return output.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _fields(row: HistoryRow, origin: str) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "title": row.title,
        "severity": row.severity,
        "status": row.status,
        "services": list(row.services),
        "lead": row.lead,
        "declared_at": row.declared_at.isoformat(),
        "duration_seconds": None if row.length is None else int(row.length.total_seconds()),
        "cause_recorded": row.has_cause,
        "open_follow_ups": row.follow_ups,
        "findings": row.findings,
        "postmortem": row.postmortem.value,
        "private": row.is_private,
        "drill": row.is_drill,
        "match": excerpt_text(row.entry[0]) if row.entry else None,
        "similar": list(row.reasons),
        "link": f"{origin}/incidents/{row.reference}",
    }
