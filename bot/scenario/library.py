"""Scenario files by name: the built-in examples, and those of an operator's folders."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from bot.domain.errors import UserError, did_you_mean
from bot.domain.resources import resource_path
from bot.scenario.model import Scenario
from bot.scenario.reader import read_scenario

ENDINGS = (".yaml", ".yml")


def examples_folder() -> Path:
    return resource_path("examples")


def list_scenario_files(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the paths by name; an operator's file overrides an example."""
    found: dict[str, Path] = {}
    for folder in (*folders, examples_folder()):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in ENDINGS:
                found.setdefault(path.stem, path)
    return found


def find_scenario(folders: Sequence[Path], name: str) -> Scenario:
    """Return a scenario by name. Raises UserError for an unknown name or an invalid file."""
    known = list_scenario_files(folders)
    path = known.get(name.casefold()) or known.get(name)
    if path is None:
        raise UserError(
            f"There is no scenario `{name}`.{did_you_mean(name, list(known))} `/incident drill` lists the scenarios."
        )
    return load_scenario(path)


def load_scenario(path: Path) -> Scenario:
    """Return the scenario of a file, cached while it does not change. Raises UserError."""
    return _read_cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read_cached(path: Path, _modified_ns: int) -> Scenario:
    return read_scenario(path)
