"""Monthly figures of vendors as text, CSV and JSON. Columns: `docs/use/figures.md`."""

import csv
from collections.abc import Iterable, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

from bot.domain.text.durations import format_duration
from bot.domain.vendor_status.figures import VendorMonth
from bot.export.statistics import neutralize_formula

COLUMNS = (
    "vendor",
    "month",
    "incidents",
    "minutes",
    "without_end",
    "linked",
    "median_delay_seconds",
    "longest_delay_seconds",
)


def vendor_statistics_json(rows: Sequence[VendorMonth]) -> list[dict[str, Any]]:
    return [_fields(row) for row in rows]


def _fields(row: VendorMonth) -> dict[str, Any]:
    return {
        "vendor": row.vendor,
        "month": f"{row.month:%Y-%m}",
        "incidents": row.incidents,
        "minutes": round(row.length.total_seconds() / 60),
        "without_end": row.without_end,
        "linked": row.linked,
        "median_delay_seconds": _seconds(row.median_delay),
        "longest_delay_seconds": _seconds(row.longest_delay),
    }


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())


def vendor_statistics_csv(rows: Sequence[VendorMonth]) -> str:
    output = StringIO()
    table = csv.writer(output, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(
        [each if isinstance(each, int) else neutralize_formula(each) for each in _fields(row).values()] for row in rows
    )
    return output.getvalue()


def vendor_statistics_lines(rows: Sequence[VendorMonth]) -> Iterable[str]:
    """One line for each vendor and month."""
    if not rows:
        yield "No incidents of vendors in these months."
    for row in rows:
        parts = [f"{row.incidents} incident{'' if row.incidents == 1 else 's'}", format_duration(row.length)]
        if row.without_end:
            parts.append(f"{row.without_end} without an end")
        if row.median_delay is not None and row.longest_delay is not None:
            parts.append(f"first word after our first error: median {format_delay(row.median_delay)}, ")
            parts[-1] += f"longest {format_delay(row.longest_delay)} ({row.linked} linked)"
        yield f"{row.month:%Y-%m}  {row.vendor}: {', '.join(parts)}"


def format_delay(length: timedelta) -> str:
    """A length that can be negative."""
    return f"-{format_duration(-length)}" if length < timedelta() else format_duration(length)
