"""Imports point one way. The layers stand in `pyproject.toml`; what import-linter cannot say is said here."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.environment_settings import EnvironmentSettings
from bot.config.sections import Section
from bot.store.database.migrate import all_tables
from bot.store.database.tables import StoredRow

ROOT = Path(__file__).parents[3]
PACKAGES = ("bot", "commands")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over the tree under `root`, as `make check` does."""
    program = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"
    return subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)


def sources() -> Iterator[Path]:
    """Every module of the bot, relative to the root."""
    return (path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """`(module, name)` for each import of the file, wherever it stands; name is empty for `import module`."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_the_contracts_hold():
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("bot/domain/terms.py", "import bot.store", "Imports point one way"),
        ("bot/store/database/session.py", "import bot.services", "Imports point one way"),
        ("bot/services/__init__.py", "import commands", "Imports point one way"),
        ("bot/web/__init__.py", "import bot.slack", "Imports point one way"),
        ("bot/sandbox/__init__.py", "import bot.domain.terms", "Imports point one way"),
        ("bot/engine/__init__.py", "import commands", "Commands are run for people: from Slack and from the pages"),
        ("bot/slack/__init__.py", "import bot.sandbox", "The bot knows no more of the sandbox than of Slack"),
        ("bot/domain/errors.py", "import sqlmodel", "The domain is pure"),
        ("bot/services/__init__.py", "import slack_sdk", "A use case cannot reach the network"),
        ("bot/app.py", "import apprise", "What is an extra is imported where it is used"),
        ("bot/sources/__init__.py", "import sqlmodel", "Only the store speaks SQL"),
        ("bot/feeds/__init__.py", "import sqlmodel", "Only the store speaks SQL"),
        ("bot/domain/vendor_status/look.py", "import bot.feeds", "Imports point one way"),
        ("bot/domain/text/links.py", "import bot.domain.escalation", "Nouns of the domain point one way"),
        ("bot/store/incidents/roles.py", "import bot.store.alerts", "Nouns of the store point one way"),
        ("bot/services/paging/mutes.py", "import bot.services.incidents", "Nouns of the services point one way"),
        ("bot/slack/api/pacing.py", "import bot.slack.blocks", "Parts of the Slack side point one way"),
        ("bot/sandbox/clock.py", "import bot.sandbox.server", "Parts of the sandbox point one way"),
        ("bot/domain/weather.py", "", "Nouns of the domain point one way"),
        ("bot/store/weather.py", "", "Nouns of the store point one way"),
        ("bot/services/weather.py", "", "Nouns of the services point one way"),
        ("bot/slack/weather.py", "", "Parts of the Slack side point one way"),
        ("bot/sandbox/weather.py", "", "Parts of the sandbox point one way"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, module: str, line: str, contract: str):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{line}\n")

    done = lint(tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    broken = [row for row in done.stdout.splitlines() if row.startswith(contract)]
    assert any("BROKEN" in row for row in broken), done.stdout


def test_every_room_has_its_layer():
    """A new module of `bot` that no contract names could import anything."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in settings["contracts"] if contract["id"] == "layers")
    named = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    rooms = {f"bot.{path.stem}" for path in (ROOT / "bot").iterdir() if path.suffix == ".py" or is_package(path)}

    assert rooms - {"bot.__init__"} <= named


def is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()


RARE = {"aiosmtplib", "alembic", "babel", "cryptography", "holidays", "icalendar", "jinja2", "jwt", "markdown_it"}
RARE |= {"PIL", "re2", "sqlalchemy.dialects.postgresql", "sqlalchemy.ext.asyncio", "xml", "yaml"}
RARE |= {"bot.doctor", "bot.feeds.kinds", "bot.web.pages.responders", "bot.web.status.view"}
"""Modules that most days need nobody: see `bot/lazy_loader.py`."""
NETWORK = {"aiohttp", "asyncpg", "slack_bolt", "slack_sdk"}


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("bot.app", RARE),
        ("bot.cli.commands.export", RARE | NETWORK),
        ("bot.cli.commands.explain", RARE | NETWORK),
        ("bot.cli.main", RARE | NETWORK | {"pydantic", "sqlalchemy"}),
    ],
)
def test_what_is_needed_once_a_week_is_loaded_then(module: str, unused: set[str]):
    listing = f"import sys, {module}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not unused & set(loaded.stdout.split())


def test_methods_of_few_classes_are_compiled_at_a_start():
    """`bot.lazy_dataclass` is used by all of the bot, and few modules create values of such classes while they load."""
    listing = (
        "import dataclasses, gc, bot.app; from bot.lazy_dataclass import waiting; "
        "print(len(waiting), sum(dataclasses.is_dataclass(each) and each.__module__.startswith(('bot.', 'commands.'))"
        " and '__slots__' in vars(each) for each in gc.get_objects() if isinstance(each, type)))"
    )

    counted = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)

    waiting, all_classes = map(int, counted.stdout.split())
    assert waiting > 0.8 * all_classes, counted.stdout


def test_validators_that_are_built_late_can_be_built():
    """Sections and rows have no validator until one is asked for: a wrong annotation would be found as late."""
    all_tables()
    waiting = [*EnvironmentSettings.__subclasses__(), *Section.__subclasses__(), *StoredRow.__subclasses__()]

    built = [model.model_rebuild(force=True) for model in waiting]

    assert len(built) > 80
    assert all(built)


def test_only_the_gateway_uses_slacks_client():
    """One place knows rate limits, unknown outcomes and what may be repeated."""
    users = {
        path
        for path in sources()
        for module, name in imports(path)
        if module.startswith("slack_sdk.web") or (module == "slack_sdk" and name.endswith("WebClient"))
    }

    assert all(path.as_posix().startswith("bot/slack/api/client") for path in users), sorted(users)


def test_only_the_store_queries():
    """`select()` and its like have one home, so that a query can be found by its noun."""
    querying = {"select", "insert", "update", "delete", "text"}
    users = {
        path
        for path in sources()
        for module, name in imports(path)
        if module.partition(".")[0] in {"sqlmodel", "sqlalchemy"} and name in querying
    }

    assert all(path.is_relative_to("bot/store") for path in users), sorted(users)
