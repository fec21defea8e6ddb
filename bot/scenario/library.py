"""Scenarios on a shelf: the examples that come with Dogwatch, and those of an operator's own folders, by file name."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from bot.domain.errors import UserError, did_you_mean
from bot.scenario.model import Scenario
from bot.scenario.reader import read_scenario

ENDINGS = (".yaml", ".yml")


def examples_folder() -> Path:
    """The examples: inside the package in a wheel, at the top of the tree in a checkout."""
    package = Path(__file__).parent.parent
    return next(path for path in (package / "examples", package.parent / "examples") if path.is_dir())


def shelf(folders: Sequence[Path]) -> dict[str, Path]:
    """The scenarios by name; an operator's own go before an example of the same name."""
    found: dict[str, Path] = {}
    for folder in (*folders, examples_folder()):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in ENDINGS:
                found.setdefault(path.stem, path)
    return found


def take(folders: Sequence[Path], name: str) -> Scenario:
    """Raises UserError for a name that is not there, with the nearest, and for a file that is no scenario."""
    known = shelf(folders)
    path = known.get(name.casefold()) or known.get(name)
    if path is None:
        raise UserError(
            f"There is no scenario `{name}`.{did_you_mean(name, list(known))} `/incident drill` lists what there is."
        )
    return opened(path)


def opened(path: Path) -> Scenario:
    """Raises UserError for a file that is no scenario."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> Scenario:
    return read_scenario(path)
