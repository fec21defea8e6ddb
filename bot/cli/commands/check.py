"""`dogwatch check`: validate the configuration."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.exit_codes import FAILED
from bot.config import DEFAULT_PATH, Problem, Report, Settings, examine
from bot.config.problems import KeyPath, dotted_key, find_line, key_lines
from bot.config.reloading import fingerprint
from bot.domain.oncall.calendar_matching import CalendarCopy
from bot.domain.oncall.icalendar_reader import InvalidCalendar
from bot.engine.fetch.http_fetch import FetchError, read_file
from bot.feeds import recognize_kind
from bot.runtime.clock import machine_now
from bot.services.oncall.calendar_sync import read_calendar
from bot.services.oncall.coverage import check_calendar, check_layers
from bot.services.postmortem.templates import find_template_problems


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
def check_configuration(path: Path | None, *, as_json: bool, strict: bool) -> None:
    """List all errors in the configuration: dogwatch.toml, environment and own templates."""
    report = examine(os.environ, config_path=path)
    errors, warnings = list(report.problems), list(report.warnings)
    if report.settings is not None:
        schedule_errors, schedule_warnings = _schedule_problems(report.settings)
        errors += [*_template_problems(report.settings), *schedule_errors]
        warnings += schedule_warnings
    is_valid = not errors and not (strict and warnings)
    config_file = path or Path(os.environ.get("DOGWATCH_CONFIG") or DEFAULT_PATH)
    if as_json:
        fields = _as_json(report, errors, warnings, config_file, is_valid=is_valid)
        click.echo(json.dumps(fields, ensure_ascii=False, indent=2))
    else:
        _print_report(errors, warnings, config_file, is_valid=is_valid)
        if report.settings is not None and is_valid:
            _print_vendor_pages(report.settings)
    if not is_valid:
        sys.exit(FAILED)


def _print_report(errors: list[Problem], warnings: list[Problem], config_file: Path, *, is_valid: bool) -> None:
    for line in [*map(str, errors), *(f"warning: {each}" for each in warnings)]:
        click.echo(line, err=True)
    if is_valid:
        where = (
            config_file if config_file.exists() else f"the environment ({config_file} is optional and does not exist)"
        )
        count = f", {len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else ""
        click.echo(f"No errors{count} in {where}.")


def _print_vendor_pages(settings: Settings) -> None:
    """The kinds of status pages, as far as they are known without a request."""
    for name, section in settings.watched_vendors.items():
        for code, address in section.feeds.items():
            known = f"recognised by its address as {kind}" if (kind := recognize_kind(address)) else ""
            stated = f"stated as {section.kind}" if section.kind else ""
            found = stated or known or "recognised when it is read: `dogwatch doctor`"
            click.echo(f"[vendors.{name}] feed{f'.{code}' if code else ''}: {found}.")


def _template_problems(settings: Settings) -> list[Problem]:
    return [
        Problem("the template", each.reason, origin=each.file, line=each.line)
        for each in find_template_problems(settings)
    ]


def _schedule_problems(settings: Settings) -> tuple[list[Problem], list[Problem]]:
    """
    Errors and warnings about schedules from now on.

    Calendars behind a URL are left to `dogwatch doctor`.
    """
    now = machine_now()
    errors: list[Problem] = []
    warnings: list[Problem] = []
    for name in settings.schedules:
        warnings += [_schedule_problem(settings, name, str(each)) for each in check_layers(settings, name, now)]
        path = settings.calendar_file(name)
        if path is not None:
            try:
                copy = asyncio.run(_read_file(path, settings, name, now))
            except (FetchError, InvalidCalendar) as problem:
                errors.append(_schedule_problem(settings, name, f"The calendar cannot be read: {problem}. Fix {path}."))
            else:
                doubts = check_calendar(settings, name, copy, now, slack_was_asked=False)
                warnings += [_schedule_problem(settings, name, str(each)) for each in doubts]
    return errors, warnings


async def _read_file(path: Path, settings: Settings, name: str, now: datetime) -> CalendarCopy:
    return await read_calendar(await read_file(path), settings, name, now)


def _schedule_problem(settings: Settings, name: str, message: str) -> Problem:
    key: KeyPath = ("schedules", name)
    path = settings.config_path
    line = find_line(key_lines(path.read_text(encoding="utf-8-sig")), key) if path else None
    return Problem(dotted_key(key), message, origin=str(path or "environment"), line=line)


def _as_json(
    report: Report, errors: list[Problem], warnings: list[Problem], path: Path, *, is_valid: bool
) -> Mapping[str, Any]:
    settings = report.settings if not errors else None
    return {
        "ok": is_valid,
        "file": str(path) if path.exists() else None,
        "fingerprint": fingerprint(settings) if settings else None,
        "mistakes": [_problem_fields(each) for each in errors],
        "warnings": [_problem_fields(each) for each in warnings],
    }


def _problem_fields(problem: Problem) -> Mapping[str, Any]:
    return {
        "where": problem.origin,
        "line": problem.line,
        "key": problem.key,
        "value": problem.value,
        "message": problem.message,
    }
