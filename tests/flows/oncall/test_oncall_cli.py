"""`dogwatch oncall`, beside a running bot and before the first start."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.commands.oncall import format_lines, load_shifts
from bot.cli.main import cli
from bot.domain.errors import UserError
from tests.support.worlds.world import World

TWO = """
[schedules.payments]
zone = "Europe/Paris"
[[schedules.payments.layers]]
people = ["UANA", ["UBO", "UCY"]]
starts = "2026-01-05 09:00"
every = "week"
[schedules.nights]
[[schedules.nights.layers]]
people = ["UDEE"]
starts = "2026-01-05 20:00"
every = "day"
length = "12 hours"
"""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "dogwatch.toml"
    path.write_text(TWO)
    monkeypatch.setenv("DOGWATCH_CONFIG", str(path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'dogwatch.db'}")
    return path


def typed(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(cli, ["oncall", *arguments], catch_exceptions=False)
    return done.stdout, done.stderr


def test_the_configuration_is_used_before_the_first_start(configured: Path):
    out, err = typed("--at", "2026-11-18T13:00")

    assert out.splitlines() == [
        "payments: UBO, UCY until Mon 2026-11-23 09:00 (Europe/Paris)",
        "nights: nobody. No shift at this time.",
    ]
    assert err.startswith("There is no database yet")


def test_an_unread_calendar_is_not_empty(configured: Path):
    configured.write_text("[schedules.legacy]\ncalendar = true\n")

    out, _ = typed()

    assert out == "legacy: nobody. Its calendar has not been read yet. Start the bot to read it.\n"


def test_one_schedule_is_listed_for_two_weeks(configured: Path):
    out, _ = typed("nights", "--at", "2026-11-18T13:00+00:00")

    assert out.splitlines()[:4] == [
        "nights: nobody. No shift at this time.",
        "  Wed 2026-11-18 20:00  UDEE",
        "  Thu 2026-11-19 08:00  nobody",
        "  Thu 2026-11-19 20:00  UDEE",
    ]


def test_json_output(configured: Path):
    found = json.loads(typed("payments", "--json", "--at", "2026-11-18T13:00")[0])

    assert [found[0][key] for key in ("schedule", "people", "since", "until", "reason")] == [
        "payments",
        ["UBO", "UCY"],
        "2026-11-16T08:00:00Z",
        "2026-11-23T08:00:00Z",
        None,
    ]
    assert [each["people"] for each in found[0]["following"]] == [["UANA"], ["UBO", "UCY"]]


@pytest.mark.parametrize(
    ("arguments", "message"), [(("pay",), "There is no schedule `pay`."), (("--at", "tomorrow"), "is not ISO 8601")]
)
def test_invalid_requests_are_refused(configured: Path, arguments: tuple[str, ...], message: str):
    with pytest.raises(UserError, match=message):
        typed(*arguments)


async def test_names_of_people_beside_a_running_bot(tmp_path: Path):
    config = TWO.replace('"UANA", ["UBO", "UCY"]', '"U0ONCALL"')
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        await world.types("oncall", "/incident start checkout is down", "ops")
        await world.settle()

        found, note = await load_shifts(world.settings(), "payments", datetime(2026, 11, 18, 12, tzinfo=UTC))

    assert note is None
    (line,) = format_lines(found, with_following=False)
    assert line == f"payments: {found[0].names['U0ONCALL']} (U0ONCALL) until Mon 2026-11-23 09:00 (Europe/Paris)"


async def test_an_override_weeks_away_ends_a_long_shift(tmp_path: Path):
    """The clock is at Monday, 2 March 2026."""
    config = (
        '[schedules.payments]\nzone = "Europe/Paris"\n[[schedules.payments.layers]]\n'
        'people = ["U0ONCALL", "U0DBA", "U0ENGINEER"]\nstarts = "2026-01-01 09:00"\nrule = "FREQ=MONTHLY"\n'
    )
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        await world.types("dba", "/incident oncall take payments from:2026-03-22T09:00 to:2026-03-23T09:00", "ops")

        found, _ = await load_shifts(world.settings(), "payments", world.now)

    (line,) = format_lines(found, with_following=False)
    assert line.endswith("(U0ENGINEER) until Sun 2026-03-22 09:00 (Europe/Paris)")
