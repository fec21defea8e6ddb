"""
The configuration: environment and `dogwatch.toml`, read once, at start, into one typed value.

`load` is the only reader. It reports every mistake at once, and connects to nothing.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.checks import dangling, doubtful
from bot.config.environment import (
    CONFIG_VARIABLE,
    VARIABLES,
    read_environment,
    secret_files,
    unknown_variables,
    variable_at,
    variables_in,
)
from bot.config.file_schema import FILE_TABLES, keys_at
from bot.config.problems import ConfigurationError, Place, Problem, dotted, line_of, lines_of, shown, wording
from bot.config.sections import severity_words, words_in
from bot.config.settings import Invitees, Settings

__all__ = [
    "DEFAULT_PATH",
    "ConfigurationError",
    "Invitees",
    "Problem",
    "Report",
    "Settings",
    "check",
    "examine",
    "load",
    "load_environment",
]

DEFAULT_PATH = Path("dogwatch.toml")


@dataclass(frozen=True, slots=True)
class Report:
    """What was read. `settings` is None if there is any mistake; `warnings` stop nothing; `is_blank`: an empty file."""

    settings: Settings | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    is_blank: bool = False


def load(environ: Mapping[str, str], *, config_path: Path | None = None) -> Settings:
    """
    The settings. `config_path` goes before `DOGWATCH_CONFIG`; a file that is named has to exist, the default one not.

    Raises ConfigurationError with every mistake that was found.
    """
    report = examine(environ, config_path=config_path)
    if report.settings is None:
        raise ConfigurationError(report.problems)
    return report.settings


def load_environment(environ: Mapping[str, str]) -> Settings:
    """
    Without the file: enough to ask a running bot, which may have kept an older file than the broken one that is there.

    Raises ConfigurationError with every mistake in the environment.
    """
    report = examine(environ, reads_file=False)
    if report.settings is None:
        raise ConfigurationError(report.problems)
    return report.settings


def check(path: Path | None, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """
    Every mistake in the file at `path`, and in the environment if one is given; an empty list if all is well.

    None is the file that `load` would read: what `DOGWATCH_CONFIG` names, or the default one, which may be absent.
    """
    return list(examine(environ or {}, config_path=path).problems)


def examine(environ: Mapping[str, str], *, config_path: Path | None = None, reads_file: bool = True) -> Report:
    """Everything that can be said of the configuration; raises nothing."""
    values, problems = read_environment(environ)
    named = config_path or (Path(values[CONFIG_VARIABLE]) if CONFIG_VARIABLE in values else None)
    reading = _Reading(named or DEFAULT_PATH)
    if reads_file and (named or reading.path.exists()):
        reading.read_file()
    reading.take_environment(values)
    reading.data["secret_files"] = secret_files(environ)
    settings = reading.settle()
    in_order = sorted(reading.problems, key=lambda problem: (problem.origin != "environment", problem.line or 0))
    found = (*problems, *in_order)
    warnings = (*unknown_variables(environ), *reading.warnings)
    return Report(None if found else settings, found, warnings, reading.is_blank)


class _Reading:
    """One reading of the configuration: what was found so far, and what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, object] = {}
        self.lines: dict[Place, int] = {}
        self.from_environment: set[Place] = set()
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.is_blank = False

    def read_file(self) -> None:
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
            # TOML's own line ends are LF and CRLF; tomllib would take a lone CR for a mistake, rightly.
            table = tomllib.loads(text)
        except OSError as error:
            self._file_problem(f"The file cannot be read: {error.strerror}. Mend the path or its rights.")
            return
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            line = re.search(r"\(at line (\d+)", str(error))
            message = f"This is not TOML: {error}. Nothing in the file was looked at."
            self._file_problem(message, int(line[1]) if line else None)
            return
        self.is_blank = not text.strip()
        self.lines = lines_of(text)
        self.data["config_path"] = self.path
        for key, value in table.items():
            if key in FILE_TABLES:
                self.data[key] = value
            else:
                self._unknown_table(key, value)

    def _file_problem(self, message: str, line: int | None = None) -> None:
        self.problems.append(Problem("the file", message, origin=str(self.path), line=line))

    def _unknown_table(self, key: str, value: object) -> None:
        error = ErrorDetails(type="extra_forbidden", loc=(key,), msg="", input=value)
        variable = next((each.name for each in VARIABLES if each.place == (key,)), None)
        message = wording(error, FILE_TABLES)
        if variable:
            message = f"This does not stand in the file but in the environment: set {variable}."
        self.problems.append(Problem(key, message, origin=str(self.path), line=line_of(self.lines, (key,))))

    def take_environment(self, values: Mapping[str, str]) -> None:
        """Put the variables in their places; they go before the file."""
        for variable in variables_in(values):
            if variable.name in values and variable.name != CONFIG_VARIABLE:
                *tables, last = variable.place
                target = self.data
                for name in tables:
                    inner = target.setdefault(str(name), {})
                    if not isinstance(inner, dict):
                        break  # the file has something else there, which is reported as the mistake it is
                    target = inner
                else:
                    target[str(last)] = values[variable.name]
                    self.from_environment.add(variable.place)

    def settle(self) -> Settings | None:
        """
        The settings, or None; in each case with all mistakes in `problems`.

        What is faulty is reported and then taken out, until the rest holds: only so can a dangling reference be found
        in a file that has other mistakes as well.
        """
        rest = deepcopy(self.data)
        token = severity_words.set(words_in(rest.get("severities")))
        try:
            for attempt in range(1_000):
                try:
                    settings = Settings.model_validate(rest)
                except ValidationError as invalid:
                    errors = _told_once(invalid.errors(include_url=False))
                    if attempt == 0:
                        self.problems += [
                            self._problem(_place(each), self._wording(each), _showable(each)) for each in errors
                        ]
                    for each in errors:
                        _take_out(rest, _place(each))
                else:
                    self.problems += [
                        self._problem(place, message, value) for place, message, value in dangling(settings)
                    ]
                    self.warnings += self._doubts(settings)
                    return None if self.problems else settings
            return None
        finally:
            severity_words.reset(token)

    def _wording(self, error: ErrorDetails) -> str:
        return wording(error, keys_at(_place(error)[:-1]))

    def _doubts(self, settings: Settings) -> list[Problem]:
        """None of a table with mistakes: of a route whose matcher was taken out nothing holds."""
        broken = {re.split(r"\W", each.key, maxsplit=1)[0] for each in self.problems}
        doubts = [each for each in doubtful(settings) if each[0][0] not in broken]
        return [self._problem(place, message, value) for place, message, value in doubts]

    def _problem(self, place: Place, message: str, value: object) -> Problem:
        variable = variable_at(place) if place in self.from_environment or place not in self.lines else None
        if variable:
            return Problem(variable.name, message, None if variable.secret else shown(value))
        visible = None if value is None or isinstance(value, dict | list) else shown(value)
        return Problem(dotted(place), message, visible, str(self.path), line_of(self.lines, place))


SECRET_KEYS = re.compile("token|secret|password|key", re.IGNORECASE)


def _showable(error: ErrorDetails) -> object:
    """The value; None where somebody may have put a secret in the file, where none belongs."""
    is_secret = error["type"] == "extra_forbidden" and SECRET_KEYS.search(str(error["loc"][-1]))
    return None if is_secret else error["input"]


def _told_once(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without the complaint about an empty list where it is empty only because what stands in it is wrong."""
    around = {_place(each)[:depth] for each in errors for depth in range(len(_place(each)))}
    return [each for each in errors if each["type"] != "too_short" or _place(each) not in around]


def _place(error: ErrorDetails) -> Place:
    """Where it stands; pydantic marks a faulty key of a table by `[key]` behind it."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _take_out(data: dict[str, object], place: Place) -> None:
    """Remove the value at `place`, or its nearest parent that exists (what is `missing` takes its table with it)."""
    holder: object = data
    path: list[tuple[dict[str | int, object], str | int]] = []
    for part in place:
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        if part not in keys:
            break
        owner = cast("dict[str | int, object]", holder)  # a list is used in the same way: by index, and by pop
        path.append((owner, part))
        holder = owner[part]
    if path:
        owner, key = path[-1]
        owner.pop(key)
