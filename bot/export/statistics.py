"""Monthly statistics as text, CSV and JSON. Columns: `docs/use/figures.md`."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from io import StringIO
from itertools import groupby
from typing import Any

from bot.domain.paging.statistics import AcknowledgementMonth, PersonMonth
from bot.domain.text.durations import format_duration

COLUMNS = (
    "figure",
    "month",
    "person_id",
    "person",
    "pages",
    "out_of_hours",
    "out_of_hours_unknown",
    "nights",
    "service",
    "escalations",
    "acknowledged",
    "median_seconds",
    "p90_seconds",
)
ALL_SERVICES = "(all)"
NO_SERVICE = "(none)"
"""Label of escalations without a service. JSON distinguishes it from a service of this name."""


def statistics_json(
    months: Sequence[str],
    people: Sequence[PersonMonth],
    answers: Sequence[AcknowledgementMonth],
    names: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "months": list(months),
        "people": [_person_fields(row, names) for row in people],
        "time_to_acknowledge": [_acknowledgement_fields(row) for row in answers],
    }


def _person_fields(row: PersonMonth, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "month": row.month,
        "person_id": row.user_id,
        "person": names.get(row.user_id, row.user_id),
        "pages": row.pages,
        "out_of_hours": row.out_of_hours,
        "out_of_hours_unknown": row.unknown,
        "nights": row.nights,
    }


def _acknowledgement_fields(row: AcknowledgementMonth) -> dict[str, Any]:
    return {
        "month": row.month,
        "service": row.service,
        "escalations": row.escalations,
        "acknowledged": row.acknowledged,
        "median_seconds": _seconds(row.median),
        "p90_seconds": _seconds(row.p90),
    }


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())


def statistics_csv(
    people: Sequence[PersonMonth], answers: Sequence[AcknowledgementMonth], names: Mapping[str, str]
) -> str:
    """One table: `figure` is `person` or `service`; the columns of the other kind are empty."""
    rows: list[dict[str, Any]] = [{"figure": "person", **_person_fields(row, names)} for row in people]
    rows += [{"figure": "service", **_acknowledgement_fields(row), "service": _service(row)} for row in answers]
    output = StringIO()
    table = csv.writer(output, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([neutralize_formula(row.get(column)) for column in COLUMNS] for row in rows)
    return output.getvalue()


def neutralize_formula(value: object) -> str:
    """
    Escape a cell that a spreadsheet would take for a formula.

    Names of people and services are untrusted. Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def _service(row: AcknowledgementMonth) -> str:
    return ALL_SERVICES if row.service is None else row.service or NO_SERVICE


def statistics_lines(
    months: Sequence[str],
    people: Sequence[PersonMonth],
    answers: Sequence[AcknowledgementMonth],
    names: Mapping[str, str],
) -> Iterable[str]:
    """Lines for a terminal, month by month. One line covers neighbouring months without pages."""
    paged = {row.month for row in people} | {row.month for row in answers}
    for has_pages, group in groupby(months, key=lambda month: month in paged):
        listed = list(group)
        if has_pages:
            yield from _month_lines(listed, people, answers, names)
        else:
            span = listed[0] if len(listed) == 1 else f"{listed[0]} to {listed[-1]}"
            yield f"{span}: nobody was paged."


def _month_lines(
    months: Sequence[str],
    people: Sequence[PersonMonth],
    answers: Sequence[AcknowledgementMonth],
    names: Mapping[str, str],
) -> Iterable[str]:
    for month in months:
        person_rows = [row for row in people if row.month == month]
        answer_rows = [row for row in answers if row.month == month]
        yield from [f"{month}: pages by person", *_align(_people_table(person_rows, names)), ""] if person_rows else []
        yield from [f"{month}: time to acknowledge", *_align(_answer_table(answer_rows)), ""] if answer_rows else []


def _people_table(rows: Sequence[PersonMonth], names: Mapping[str, str]) -> list[list[str]]:
    head = ["person", "pages", "out of hours", "unknown", "nights"]
    return [head] + [
        [
            _strip_controls(names.get(row.user_id, row.user_id)),
            *map(str, (row.pages, row.out_of_hours, row.unknown, row.nights)),
        ]
        for row in rows
    ]


def _answer_table(rows: Sequence[AcknowledgementMonth]) -> list[list[str]]:
    head = ["service", "escalations", "acknowledged", "median", "p90"]
    return [head] + [
        [
            _strip_controls(_service(row)),
            str(row.escalations),
            str(row.acknowledged),
            _format_length(row.median),
            _format_length(row.p90),
        ]
        for row in rows
    ]


def _strip_controls(text: str) -> str:
    """Replace control characters, which could steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _format_length(length: timedelta | None) -> str:
    return "" if length is None else format_duration(length)


def _align(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield f"  {'  '.join([row[0].ljust(widths[0]), *numbers])}".rstrip()
