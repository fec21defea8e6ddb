"""Reading of the environment and `dogwatch.toml` into `Settings`, with every error at once."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.checks import find_conflicts, find_doubts, find_environment_conflicts
from bot.config.environment import (
    CONFIG_VARIABLE,
    VARIABLES,
    find_unknown_variables,
    find_variables,
    read_environment,
    secret_files,
    variable_at,
)
from bot.config.file_schema import FILE_TABLES, keys_at
from bot.config.problems import (
    Conflict,
    KeyPath,
    Problem,
    describe_error,
    dotted_key,
    find_line,
    format_value,
    key_lines,
)
from bot.config.sections.severity_words import raw_severity_words
from bot.config.settings import Settings
from bot.lazy_dataclass import dataclass

DEFAULT_PATH = Path("dogwatch.toml")
SECRET_KEYS = re.compile("token|secret|password|key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """The result of reading. `settings`: None with any problem; `is_blank`: an empty file."""

    settings: Settings | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    is_blank: bool = False


def examine(environ: Mapping[str, str], *, config_path: Path | None = None, reads_file: bool = True) -> Report:
    """Read the configuration and report everything found. Raises nothing."""
    values, problems = read_environment(environ)
    named = config_path or (Path(values[CONFIG_VARIABLE]) if CONFIG_VARIABLE in values else None)
    loader = _Loader(named or DEFAULT_PATH)
    if reads_file and (named or loader.path.exists()):
        loader.read_file()
    loader.apply_environment(values)
    loader.data["secret_files"] = secret_files(environ)
    loader.data["set_variables"] = frozenset(values)
    settings = loader.build_settings(find_conflicts if reads_file else find_environment_conflicts)
    in_order = sorted(loader.problems, key=lambda problem: (problem.origin != "environment", problem.line or 0))
    found = (*problems, *in_order)
    warnings = (*find_unknown_variables(environ), *loader.warnings)
    return Report(None if found else settings, found, warnings, loader.is_blank)


class _Loader:
    """The values read so far, and their problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, object] = {}
        self.lines: dict[KeyPath, int] = {}
        self.from_environment: set[KeyPath] = set()
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.is_blank = False

    def read_file(self) -> None:
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
            # TOML's line ends are LF and CRLF; tomllib refuses a lone CR.
            table = tomllib.loads(text)
        except OSError as error:
            self._add_file_problem(f"The file cannot be read: {error.strerror}. Check its path and permissions.")
            return
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            line = re.search(r"\(at line (\d+)", str(error))
            message = f"This is not valid TOML: {error}. Fix it first: the rest of the file was not checked."
            self._add_file_problem(message, int(line[1]) if line else None)
            return
        self.is_blank = not text.strip()
        self.lines = key_lines(text)
        self.data["config_path"] = self.path
        for key, value in table.items():
            if key in FILE_TABLES:
                self.data[key] = value
            else:
                self._add_unknown_table(key, value)

    def _add_file_problem(self, message: str, line: int | None = None) -> None:
        self.problems.append(Problem("the file", message, origin=str(self.path), line=line))

    def _add_unknown_table(self, key: str, value: object) -> None:
        error = ErrorDetails(type="extra_forbidden", loc=(key,), msg="", input=value)
        variable = next((each.name for each in VARIABLES if each.path == (key,)), None)
        message = describe_error(error, FILE_TABLES)
        if variable:
            message = f"This belongs in the environment, not in the file. Set {variable}."
        self.problems.append(Problem(key, message, origin=str(self.path), line=find_line(self.lines, (key,))))

    def apply_environment(self, values: Mapping[str, str]) -> None:
        """Set the values of the variables, which override the file."""
        for variable in find_variables(values):
            if variable.name in values and variable.name != CONFIG_VARIABLE:
                *tables, last = variable.path
                target = self.data
                for name in tables:
                    inner = target.setdefault(str(name), {})
                    if not isinstance(inner, dict):
                        break  # the file has another type there, which validation reports
                    target = inner
                else:
                    target[str(last)] = values[variable.name]
                    self.from_environment.add(variable.path)

    def build_settings(self, find_between: Callable[[Settings], Iterable[Conflict]]) -> Settings | None:
        """
        Return the settings, or None; in each case with all errors in `problems`.

        `find_between` compares values with one another.

        Invalid values are reported and then removed until the rest is valid: only then can the checks between tables
        run on a file that has other errors.
        """
        rest = deepcopy(self.data)
        words = raw_severity_words(rest.get("severities"))
        for attempt in range(1_000):
            try:
                settings = Settings.model_validate(rest, context=words)
            except ValidationError as invalid:
                errors = _without_consequences(invalid.errors(include_url=False))
                if attempt == 0:
                    self.problems += map(self._describe, errors)
                for each in errors:
                    _remove_value(rest, _path(each))
            else:
                self.problems += [self._problem(*each) for each in find_between(settings)]
                self.warnings += self._find_doubts(settings)
                return None if self.problems else settings
        return None

    def _describe(self, error: ErrorDetails) -> Problem:
        path = _path(error)
        return self._problem(path, describe_error(error, keys_at(path[:-1])), _visible_value(error))

    def _find_doubts(self, settings: Settings) -> list[Problem]:
        """Collect warnings, but not of tables with errors: their faulty values were removed."""
        broken = {re.split(r"\W", each.key, maxsplit=1)[0] for each in self.problems}
        return [self._problem(*each) for each in find_doubts(settings) if each[0][0] not in broken]

    def _problem(self, path: KeyPath, message: str, value: object) -> Problem:
        variable = variable_at(path) if path in self.from_environment or path not in self.lines else None
        if variable:
            return Problem(variable.name, message, None if variable.secret else format_value(value))
        visible = None if value is None or isinstance(value, dict | list) else format_value(value)
        return Problem(dotted_key(path), message, visible, str(self.path), find_line(self.lines, path))


def _visible_value(error: ErrorDetails) -> object:
    """Return the value; None if it may be a secret that was put into the file by mistake."""
    is_secret = error["type"] == "extra_forbidden" and SECRET_KEYS.search(str(error["loc"][-1]))
    return None if is_secret else error["input"]


def _without_consequences(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out the error about a list that is empty only because its items are invalid."""
    around = {_path(each)[:depth] for each in errors for depth in range(len(_path(each)))}
    return [each for each in errors if each["type"] != "too_short" or _path(each) not in around]


def _path(error: ErrorDetails) -> KeyPath:
    """Return the path without the `[key]` that pydantic appends for an invalid key."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _remove_value(data: dict[str, object], path: KeyPath) -> None:
    """Remove the value at `path`, or its nearest parent that exists, as for a missing key."""
    holder: object = data
    parents: list[tuple[dict[str | int, object], str | int]] = []
    for part in path:
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        if part not in keys:
            break
        owner = cast("dict[str | int, object]", holder)  # a list is used in the same way: by index, and by pop
        parents.append((owner, part))
        holder = owner[part]
    if parents:
        owner, key = parents[-1]
        owner.pop(key)
