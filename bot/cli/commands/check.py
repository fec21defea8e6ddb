"""`dogwatch check`, as typed."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bot.config import DEFAULT_PATH, Problem, Report, Settings, examine
from bot.config.problems import Place, dotted, line_of, lines_of
from bot.config.reloading import fingerprint
from bot.runtime.clock import machine_now

FAILED = 1


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--strict", is_flag=True, help="Fail for warnings too.")
def check_configuration(path: Path | None, *, as_json: bool, strict: bool) -> None:
    """Look over the configuration (dogwatch.toml, the environment, templates of your own): every mistake at once."""
    report = examine(os.environ, config_path=path)
    mistakes = list(report.problems)
    if report.settings is not None:
        mistakes += _of_templates(report.settings)
    warnings = list(report.warnings)
    if report.settings is not None:
        wrong, doubts = _of_schedules(report.settings)
        mistakes += wrong
        warnings += doubts
    is_right = not mistakes and not (strict and warnings)
    chosen = path or Path(os.environ.get("DOGWATCH_CONFIG") or DEFAULT_PATH)
    if as_json:
        click.echo(
            json.dumps(_as_json(report, mistakes, warnings, chosen, is_right=is_right), ensure_ascii=False, indent=2)
        )
    else:
        for each in mistakes:
            click.echo(str(each), err=True)
        for each in warnings:
            click.echo(f"warning: {each}", err=True)
        if is_right:
            where = str(chosen) if chosen.exists() else f"the environment (there is no {chosen}, and none is needed)"
            click.echo(f"No mistakes in {where}.")
    if not is_right:
        sys.exit(FAILED)


def _of_templates(settings: Settings) -> list[Problem]:
    from bot.services.postmortem.templates import problems_of  # noqa: PLC0415  takes longer to load than all the rest

    return [Problem("the template", each.said, origin=each.file, line=each.line) for each in problems_of(settings)]


def _of_schedules(settings: Settings) -> tuple[list[Problem], list[Problem]]:
    """Of the time from now on, mistakes and warnings. Calendars that have to be fetched are the doctor's business."""
    from bot.domain.oncall.icalendar_reader import NoCalendar  # noqa: PLC0415
    from bot.engine.http_fetch import FeedProblem, from_file  # noqa: PLC0415
    from bot.services.oncall import coverage as schedule_check  # noqa: PLC0415
    from bot.services.oncall.calendar_sync import read  # noqa: PLC0415

    now = machine_now()
    wrong: list[Problem] = []
    doubts: list[Problem] = []
    for name in settings.schedules:
        doubts += [_said_of(settings, name, str(each)) for each in schedule_check.of_layers(settings, name, now)]
        path = settings.calendar_file(name)
        if path is not None:
            try:
                copy = read(asyncio.run(from_file(path)), settings, name, now)
            except (FeedProblem, NoCalendar) as problem:
                wrong.append(_said_of(settings, name, f"Its calendar could not be read: {problem}. Mend {path}."))
            else:
                said = schedule_check.of_calendar(settings, name, copy, now, slack_was_asked=False)
                doubts += [_said_of(settings, name, str(each)) for each in said]
    return wrong, doubts


def _said_of(settings: Settings, name: str, message: str) -> Problem:
    place: Place = ("schedules", name)
    path = settings.config_path
    line = line_of(lines_of(path.read_text(encoding="utf-8-sig")), place) if path else None
    return Problem(dotted(place), message, origin=str(path or "environment"), line=line)


def _as_json(
    report: Report, mistakes: list[Problem], warnings: list[Problem], path: Path, *, is_right: bool
) -> Mapping[str, Any]:
    settings = report.settings if not mistakes else None
    return {
        "ok": is_right,
        "file": str(path) if path.exists() else None,
        "fingerprint": fingerprint(settings) if settings else None,
        "mistakes": [_told(each) for each in mistakes],
        "warnings": [_told(each) for each in warnings],
    }


def _told(problem: Problem) -> Mapping[str, Any]:
    return {
        "where": problem.origin,
        "line": problem.line,
        "key": problem.key,
        "value": problem.value,
        "message": problem.message,
    }
