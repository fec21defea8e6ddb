"""Values of the page Figures: tables in words, and plots as fractions of their height."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bot.domain.incidents.statistics import FEW, Axis
from bot.domain.paging.statistics import Spread
from bot.domain.text.durations import format_duration
from bot.services.web_pages.history.figures import FigureRow, FigureSection, FiguresPage, FigureTable, PersonRow, Query
from bot.web.pages.history.figure_texts import AXES, FIGURES, value_label

TOPS = tuple(
    timedelta(minutes=each)
    for each in (1, 2, 4, 10, 20, 30, 60, 120, 240, 480, 720, 1440, 2880, 5760, 10080, 20160, 40320)
)
"""Ends of a time axis."""
COUNT_TOPS = (4, 10, 20, 40, 100, 200, 400, 1000, 2000, 4000, 10000, 100000)
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def template_values(page: FiguresPage) -> dict[str, Any]:
    """Values of `web/history/figures.html.j2`."""
    months = page.months
    return {
        "period": months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}",
        "few": FEW,
        "durations": [_duration_values(page, each) for each in page.durations],
        "incidents": _count_values(page, page.incidents),
        "nights": {
            "plot": _count_plot(page.nights.rows, "night") if len(months) > 1 else None,
            "table": _table_values(page, page.nights),
        },
        "people": [_person_values(page, each) for each in page.people],
        "follow_ups": {**_count_values(page, page.follow_ups), "age": _age(page.follow_ups.total.spread.median)},
    }


def _duration_values(page: FiguresPage, section: FigureSection) -> dict[str, Any]:
    by_month = section.tables[0].rows
    return {
        **_section_values(page, section),
        "plot": _duration_plot(by_month, FIGURES[section.figure].case) if len(by_month) > 1 else None,
    }


def _count_values(page: FiguresPage, section: FigureSection) -> dict[str, Any]:
    by_month = section.tables[0]
    has_plot = by_month.axis is Axis.MONTH and len(by_month.rows) > 1
    return {
        **_section_values(page, section),
        "plot": _count_plot(by_month.rows, FIGURES[section.figure].case) if has_plot else None,
    }


def _section_values(page: FiguresPage, section: FigureSection) -> dict[str, Any]:
    text = FIGURES[section.figure]
    return {
        "key": section.figure.value,
        "title": text.title,
        "method": text.method,
        "case": text.case,
        "total": _row_values(section.total, ""),
        "tables": [_table_values(page, each) for each in section.tables],
    }


def _table_values(page: FiguresPage, table: FigureTable) -> dict[str, Any]:
    most = max((row.spread.cases for row in table.rows), default=0)
    return {
        "axis": AXES[table.axis],
        "hidden": table.hidden,
        "rows": [
            {
                **_row_values(row, value_label(table.axis, row.value, page.names, page.severities)),
                "share": row.spread.cases / most if most else 0,
            }
            for row in table.rows
        ],
    }


def _row_values(row: FigureRow, label: str) -> dict[str, Any]:
    spread = row.spread
    return {
        "label": label,
        "cases": spread.cases,
        "measured": spread.measured,
        "is_few": row.is_few,
        "median": _length(spread.median),
        "p90": _length(spread.p90),
        "address": _address(row.query) if spread.cases else "",
    }


def _length(length: timedelta | None) -> str:
    return "" if length is None else format_duration(length)


def _age(length: timedelta | None) -> str:
    if length is None:
        return ""
    return format_duration(length) if length < timedelta(days=1) else _noun(length.days, "day")


def _address(query: Query) -> str:
    return urlencode(query)


def _person_values(page: FiguresPage, row: PersonRow) -> dict[str, Any]:
    return {
        "name": page.names.get(row.person, row.person),
        "pages": row.pages,
        "out_of_hours": row.out_of_hours,
        "unknown": row.unknown,
        "nights": row.nights,
        "addresses": {figure.name.lower(): _address(query) for figure, query in row.queries.items()},
    }


def _duration_plot(rows: Sequence[FigureRow], case: str) -> dict[str, Any] | None:
    """Median and p90 of each month with enough cases; None if no month has."""
    shown = [row.spread.p90 for row in rows if row.spread.p90 is not None and not row.is_few]
    if not shown:
        return None
    longest = max(shown)
    top = next((each for each in TOPS if each >= longest), longest)
    return {
        "top": format_duration(top),
        "middle": format_duration(top / 2),
        "columns": [
            {
                **_column(row, _spread_text(row, case)),
                "bar": row.spread.median / top if row.spread.median is not None and not row.is_few else None,
                "mark": row.spread.p90 / top if row.spread.p90 is not None and not row.is_few else None,
            }
            for row in rows
        ],
    }


def _count_plot(rows: Sequence[FigureRow], case: str) -> dict[str, Any] | None:
    most = max((row.spread.cases for row in rows), default=0)
    if not most:
        return None
    top = next((each for each in COUNT_TOPS if each >= most), most)
    return {
        "top": str(top),
        "middle": str(top // 2),
        "columns": [
            {**_column(row, _cases(row.spread, case)), "bar": row.spread.cases / top, "mark": None} for row in rows
        ],
    }


def _column(row: FigureRow, text: str) -> dict[str, Any]:
    year, month = row.value.split("-")
    return {
        "name": MONTH_NAMES[int(month) - 1],
        "year": year,
        "is_first": month == "01",
        "text": f"{row.value}: {text}",
        "cases": row.spread.cases,
        "address": _address(row.query) if row.spread.cases else "",
    }


def _spread_text(row: FigureRow, case: str) -> str:
    cases = _cases(row.spread, case)
    if row.is_few:
        return f"{cases}, too few"
    return f"median {_length(row.spread.median)}, 9 of 10 within {_length(row.spread.p90)}, {cases}"


def _cases(spread: Spread, case: str) -> str:
    return _noun(spread.cases, case)


def _noun(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
