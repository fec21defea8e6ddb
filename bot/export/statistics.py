"""The figures by month as a table for people, as CSV for a spreadsheet, and as JSON. Columns: `docs/figures.md`."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

from bot.domain.paging.statistics import AnswerMonth, PersonMonth
from bot.domain.text.durations import show_duration

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
ALL = "(all)"
NONE = "(none)"
"""A service that is not named; a real one can be called so, and then JSON tells them apart."""


def as_json(
    months: Sequence[str], people: Sequence[PersonMonth], answers: Sequence[AnswerMonth], names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "months": list(months),
        "people": [_person(row, names) for row in people],
        "time_to_acknowledge": [_answers(row) for row in answers],
    }


def _person(row: PersonMonth, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "month": row.month,
        "person_id": row.user_id,
        "person": names.get(row.user_id, row.user_id),
        "pages": row.pages,
        "out_of_hours": row.out_of_hours,
        "out_of_hours_unknown": row.unknown,
        "nights": row.nights,
    }


def _answers(row: AnswerMonth) -> dict[str, Any]:
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


def as_csv(people: Sequence[PersonMonth], answers: Sequence[AnswerMonth], names: Mapping[str, str]) -> str:
    """One table: `figure` tells rows of a person from rows of a service, whose other columns are empty."""
    rows: list[dict[str, Any]] = [{"figure": "person", **_person(row, names)} for row in people]
    rows += [{"figure": "service", **_answers(row), "service": _service(row)} for row in answers]
    written = StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([harmless(row.get(column)) for column in COLUMNS] for row in rows)
    return written.getvalue()


def harmless(value: object) -> str:
    """
    A cell that no spreadsheet takes for a formula: people choose their names, and alerts name services.

    An apostrophe goes before what begins like one, as https://owasp.org/www-community/attacks/CSV_Injection has it.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def _service(row: AnswerMonth) -> str:
    return ALL if row.service is None else row.service or NONE


def as_lines(
    months: Sequence[str], people: Sequence[PersonMonth], answers: Sequence[AnswerMonth], names: Mapping[str, str]
) -> Iterable[str]:
    """For a terminal, month by month."""
    for month in months:
        of_people = [row for row in people if row.month == month]
        of_answers = [row for row in answers if row.month == month]
        if not of_people and not of_answers:
            yield f"{month}: nobody was paged."
            continue
        yield from [f"{month}: who was paged", *_aligned(_people_table(of_people, names)), ""] if of_people else []
        yield from [f"{month}: time to acknowledge", *_aligned(_answer_table(of_answers)), ""] if of_answers else []


def _people_table(rows: Sequence[PersonMonth], names: Mapping[str, str]) -> list[list[str]]:
    head = ["person", "pages", "out of hours", "not known", "nights"]
    return [head] + [
        [_plain(names.get(row.user_id, row.user_id)), *map(str, (row.pages, row.out_of_hours, row.unknown, row.nights))]
        for row in rows
    ]


def _answer_table(rows: Sequence[AnswerMonth]) -> list[list[str]]:
    head = ["service", "escalations", "acknowledged", "median", "p90"]
    return [head] + [
        [_plain(_service(row)), str(row.escalations), str(row.acknowledged), _length(row.median), _length(row.p90)]
        for row in rows
    ]


def _plain(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _length(length: timedelta | None) -> str:
    return "" if length is None else show_duration(length)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield f"  {'  '.join([row[0].ljust(widths[0]), *numbers])}".rstrip()
