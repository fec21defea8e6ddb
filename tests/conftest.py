"""
Fixtures that every test may use, and the rule that nothing is skipped in CI.

What only some tests need (the database, aiohttp, hypothesis) is imported when one of them asks for it: a test of a rule
starts in a second.
"""

import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("tests.support")

from tests.support.servers.postgres import PostgresServer, Unavailable  # noqa: E402  rewriting has to be asked for first
from tests.support.servers.requirements import conformance_data  # noqa: E402
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE  # noqa: E402

if TYPE_CHECKING:
    from tests.support.servers.met_statements import MetStatements
    from tests.support.worlds.world import World

IN_CI = os.environ.get("CI") == "true"
FLOWS = Path(__file__).parent / "flows"
POSTGRES_FIXTURES = {"postgres_server", "own_postgres_server", "ready_postgres"}
MET_STATEMENTS = pytest.StashKey["MetStatements"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=["sqlite", "postgresql", "both"],
        default="both",
        help="The database of tests that run on either. With `sqlite`, tests of PostgreSQL alone are left out.",
    )
    parser.addoption("--examples", type=int, default=50, help="Examples of each property that sets no number itself.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "world(kind=World, databases=..., **options): how `world` is built; the options are those of `kind`"
    )


# --- Databases ----------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test on each kind of database: those of its `world` marker, or the usual ones of its folder."""
    chosen = metafunc.config.getoption("--db")
    for fixture in ("database_kind", "empty_database_kind", "world_database_kind"):
        if fixture in metafunc.fixturenames:
            kinds = _databases_of_world(metafunc) if fixture == "world_database_kind" else BOTH_DATABASES
            metafunc.parametrize(fixture, [kind for kind in kinds if chosen in (kind, "both")])


def _databases_of_world(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    for marker in metafunc.definition.iter_markers("world"):
        if "databases" in marker.kwargs:
            return tuple(marker.kwargs["databases"])
    return BOTH_DATABASES if metafunc.definition.path.is_relative_to(FLOWS) else SQLITE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Leave out what needs the other database, and empty repetitions.

    With both, flows differ in what people type and read, and seldom in what the database does: PostgreSQL has the first
    flow of each file and those whose marker names it, each in its first case. `--db=postgresql` runs all.
    """
    chosen = config.getoption("--db")
    seen: set[str] = set()
    kept = [item for item in items if (_runs_on(item, chosen) if chosen != "both" else not _is_left_out(item, seen))]
    chosen_items = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen_items])
    items[:] = kept


def _is_left_out(item: pytest.Item, seen: set[str]) -> bool:
    """Whether PostgreSQL has enough of this flow; `seen` has the files and flows that it has already."""
    values = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    is_flow = item.path.is_relative_to(FLOWS)
    if values.get("world_database_kind", values.get("database_kind") if is_flow else None) != "postgresql":
        return False
    file, name = item.nodeid.partition("::")[0], item.nodeid.partition("[")[0]
    is_usual = is_flow and not any("databases" in mark.kwargs for mark in item.iter_markers("world"))
    is_left_out = (file if is_usual else name) in seen
    seen |= {file, name}
    return is_left_out


def _runs_on(item: pytest.Item, chosen: str) -> bool:
    if any(mark.name == "skip" and "empty parameter set" in str(mark.kwargs) for mark in item.iter_markers()):
        return False
    return chosen == "postgresql" or not POSTGRES_FIXTURES & set(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run. A test that stops it uses `own_postgres_server`."""
    with _started_postgres() as server:
        yield server


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A server for this test alone, which may stop, kill and start it."""
    with _started_postgres() as server:
        yield server


def _started_postgres() -> PostgresServer:
    try:
        return PostgresServer()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def ready_postgres(postgres_server: PostgresServer) -> str:
    """The name of a migrated database, of which copies are made."""
    from tests.support.servers.prepared_databases import make_ready

    url = postgres_server.create_database()
    make_ready(url)
    return url.rpartition("/")[2]


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database, once on each kind."""
    yield from _migrated_database(request, database_kind, tmp_path)


@pytest.fixture
def world_url(request: pytest.FixtureRequest, world_database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The database of `world`."""
    yield from _migrated_database(request, world_database_kind, tmp_path)


@pytest.fixture(scope="session")
def met_statements(request: pytest.FixtureRequest) -> "MetStatements":
    from tests.support.servers.met_statements import MetStatements

    return request.config.stash.setdefault(MET_STATEMENTS, MetStatements())


def _migrated_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    met: MetStatements = request.getfixturevalue("met_statements")
    is_compared = kind == "postgresql" or request.path.is_relative_to(FLOWS)
    with met.record(request.node.nodeid) if is_compared else nullcontext():
        yield from _made_database(request, kind, folder)


def _made_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    from tests.support.servers.prepared_databases import lay

    if kind == "sqlite":
        url = f"sqlite:///{folder / 'dogwatch.db'}"
        lay(url)
        yield url
        return
    name: str = request.getfixturevalue("ready_postgres")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(template=name)
    yield url
    server.drop_database(url)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, empty_database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once on each kind."""
    if empty_database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'dogwatch.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker's tests have sent."""
    from tests.support.servers.met_statements import MetStatements

    met = node.config.stash.setdefault(MET_STATEMENTS, MetStatements())
    met.add(getattr(node, "workeroutput", {}).get("met_statements", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over which statements the databases of this worker met."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["met_statements"] = (
            config.stash[MET_STATEMENTS].met if MET_STATEMENTS in config.stash else {}
        )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if unmet := _unmet_statements(config):
        terminalreporter.section("statements that PostgreSQL has not met", yellow=True, bold=True)
        terminalreporter.write_line("Give one of the flows `pytest.mark.world(databases=BOTH_DATABASES)`:")
        terminalreporter.write_line("\n".join(unmet))


def _unmet_statements(config: pytest.Config) -> list[str]:
    """Empty where only some of the tests were asked for."""
    narrowed = ("keyword", "markexpr", "lf", "failedfirst", "deselect", "maxfail")
    is_whole = config.args_source is config.ArgsSource.TESTPATHS and not any(
        config.getoption(each, None) for each in narrowed
    )
    is_compared = is_whole and config.getoption("--db") == "both" and MET_STATEMENTS in config.stash
    return config.stash[MET_STATEMENTS].find_unmet() if is_compared else []


# --- Worlds -------------------------------------------------------------------------------------------------------


@pytest.fixture
def world_defaults() -> dict[str, Any]:
    """Options of `world` that a folder's tests share."""
    return {}


@pytest.fixture
async def world(
    request: pytest.FixtureRequest, world_url: str, tmp_path: Path, world_defaults: dict[str, Any]
) -> "AsyncIterator[World]":
    """The bot, a local Slack and a moved clock. `pytest.mark.world` on a test or a module says how it is built."""
    from tests.support.worlds.world import World

    options = dict(world_defaults)
    for marker in reversed(list(request.node.iter_markers("world"))):  # the closest one last: it decides
        options |= marker.kwargs
    options.pop("databases", None)
    kind = options.pop("kind", World)
    async with kind(world_url, tmp_path, **options) as built:
        yield built


# --- Reference data, skips, and what must not pile up ----------------------------------------------------------------


@pytest.fixture
def conformance() -> Path:
    """The folder of reference data: `slack/`, `alerts/`, `scenarios/`."""
    return conformance_data()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Fail a skip in CI: whatever a test needs has to be there."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: nothing may be skipped in CI. {reason}"


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Load hypothesis' profile before the first module that uses it: its decorators read the profile at import."""
    if "hypothesis" not in sys.modules and "hypothesis" not in module_path.read_text():
        return
    from hypothesis import HealthCheck, Phase, settings

    # No deadline: the machine is shared, and a slow example is not a wrong one. In CI the same examples every time, so
    # that a change fails by what it does. No explanation of a failure: it takes minutes and says little.
    examples = parent.config.getoption("--examples")
    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile("dev", deadline=None, max_examples=examples, phases=phases)
    settings.register_profile(
        "ci", settings.get_profile("dev"), derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("ci" if IN_CI else "dev")


def pytest_collection_finish() -> None:
    """
    Keep modules and collected tests out of garbage collections.

    They are half a million objects, and each test starts a bot of a hundred thousand: with Python's thresholds a third
    of the time of a run went into looking at them again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 5, 5)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure at once in CI: a run that is stopped from outside prints no summary."""
    if IN_CI and report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(
            f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-1500:]}", file=sys.__stderr__, flush=True
        )


@pytest.fixture(autouse=True)
def _forget_web_apps() -> Iterator[None]:
    """
    Empty aiohttp's cache of handlers after each test.

    It keeps a thousand of them with their applications, here a whole bot each: after some hundred bots a garbage
    collection took five seconds, in which nobody was answered.
    """
    yield
    if (web_app := sys.modules.get("aiohttp.web_app")) is not None:
        web_app._cached_build_middleware.cache_clear()
