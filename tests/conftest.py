"""Fixtures that every test may use, and the rule that nothing is skipped in CI."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from aiohttp import web_app
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.support")

from tests.support.servers import prepared_databases as ready  # noqa: E402  rewriting has to be asked for first
from tests.support.servers import requirements as needs  # noqa: E402
from tests.support.servers.postgres import PostgresServer, Unavailable  # noqa: E402

IN_CI = os.environ.get("CI") == "true"

# No deadline: the machine is shared, and a slow example is not a wrong one. In CI the same examples every time, so that
# a change fails by what it does.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if IN_CI else "dev")


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
    """In CI whatever a test needs has to be there: a skip would hide that it was not run."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: nothing may be skipped in CI. {reason}"


@pytest.fixture(autouse=True)
def _let_go_of_servers() -> Iterator[None]:
    """
    aiohttp keeps a thousand handlers with the applications they are of, here a whole bot each: some hundred bots later
    a collection of garbage took five seconds, in which nobody was answered.
    """
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run. A test that stops it uses `own_postgres_server`."""
    try:
        server = PostgresServer()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with server:
        yield server


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A server for this test alone, which may stop, kill and start it."""
    try:
        server = PostgresServer()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with server:
        yield server


@pytest.fixture(scope="session")
def ready_postgres(postgres_server: PostgresServer) -> str:
    """The name of a database with this release's tables, of which copies are made."""
    url = postgres_server.create_database()
    ready.make_ready(url)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with this release's tables and nothing in them, once on each of the two kinds."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
        ready.lay(url)
        yield url
        return
    name: str = request.getfixturevalue("ready_postgres")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(template=name)
    yield url
    server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once on each of the two kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'dogwatch.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def conformance() -> Path:
    """The folder of reference data: `slack/`, `alerts/`, `scenarios/`."""
    return needs.conformance_data()
