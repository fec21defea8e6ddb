"""`dogwatch check`, as typed."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bot.config import DEFAULT_PATH, Problem, Report, Settings, examine
from bot.configuration import fingerprint

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
    is_right = not mistakes and not (strict and report.warnings)
    chosen = path or Path(os.environ.get("DOGWATCH_CONFIG") or DEFAULT_PATH)
    if as_json:
        click.echo(json.dumps(_as_json(report, mistakes, chosen, is_right=is_right), ensure_ascii=False, indent=2))
    else:
        for each in mistakes:
            click.echo(str(each), err=True)
        for each in report.warnings:
            click.echo(f"warning: {each}", err=True)
        if is_right:
            where = str(chosen) if chosen.exists() else f"the environment (there is no {chosen}, and none is needed)"
            click.echo(f"No mistakes in {where}.")
    if not is_right:
        sys.exit(FAILED)


def _of_templates(settings: Settings) -> list[Problem]:
    from bot.services.forms import problems_of  # noqa: PLC0415  takes longer to load than all the rest

    return [
        Problem("the template", each.said, origin=each.file, line=each.line) for each in problems_of(settings)
    ]  # fmt: skip


def _as_json(report: Report, mistakes: list[Problem], path: Path, *, is_right: bool) -> Mapping[str, Any]:
    settings = report.settings if not mistakes else None
    return {
        "ok": is_right,
        "file": str(path) if path.exists() else None,
        "fingerprint": fingerprint(settings) if settings else None,
        "mistakes": [_told(each) for each in mistakes],
        "warnings": [_told(each) for each in report.warnings],
    }


def _told(problem: Problem) -> Mapping[str, Any]:
    return {
        "where": problem.origin,
        "line": problem.line,
        "key": problem.key,
        "value": problem.value,
        "message": problem.message,
    }
