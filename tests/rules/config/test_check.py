"""`dogwatch check`: what it prints, in words and for scripts, and how it ends."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from bot.config import load
from bot.config.reloading import fingerprint

DOUBTFUL = "[teams.payments]\n"
WRONG = '[incidents]\nzone = "Europe/Pariss"\n[services.a]\nteam = "b"\n'


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DOGWATCH_CONFORMANCE_DATA", raising=False)
    return tmp_path / "dogwatch.toml"


def run_check(path: Path, text: str, *options: str) -> Result:
    path.write_text(text)
    return CliRunner().invoke(cli, ["check", str(path), *options])


def checked_json(path: Path, text: str, *options: str) -> dict[str, Any]:
    return dict(json.loads(run_check(path, text, "--json", *options).output))


def test_mistakes_are_printed_a_line_each(path: Path) -> None:
    done = run_check(path, WRONG)

    assert done.exit_code == 1
    assert [line.split(": ")[:2] for line in done.output.splitlines()] == [
        [f"{path}:2", 'incidents.zone = "Europe/Pariss"'],
        [f"{path}:4", 'services.a.team = "b"'],
    ]


def test_a_warning_fails_only_where_that_is_asked_for(path: Path) -> None:
    easy, strict = run_check(path, DOUBTFUL), run_check(path, DOUBTFUL, "--strict")

    assert (easy.exit_code, strict.exit_code) == (0, 1)
    assert easy.output.startswith(f"warning: {path}:1: teams.payments: This team is empty")
    assert easy.output.endswith(f"No errors, 1 warning in {path}.\n")
    assert "No errors" not in strict.output
    assert run_check(path, "", "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('feed = "https://status.example.test/history.atom"', "recognised by its address as statuspage_feed"),
        ('feed = "https://status.example.test"', "recognised when it is read: `dogwatch doctor`"),
        ('feed = "https://status.example.test"\nkind = "cachet"', "stated as cachet"),
    ],
)
def test_the_kind_of_a_vendors_page_is_said_as_far_as_its_address_shows_it(path: Path, keys: str, said: str) -> None:
    """Nothing is asked from the page."""
    done = run_check(path, f"[vendors.payplug]\n{keys}\n")

    assert done.output.splitlines()[-1] == f"[vendors.payplug] feed: {said}."


def test_nothing_is_doubted_of_a_table_that_has_mistakes(path: Path) -> None:
    """With its matcher taken out the first route would seem to take everything."""
    routes = "[[routes]]\nmatch = ['environment~\"x\"']\n[[routes]]\nmatch = ['a=\"b\"']\n"

    found = checked_json(path, routes + DOUBTFUL)

    assert [each["key"] for each in found["mistakes"]] == ["routes[0].match[0]"]
    assert [each["key"] for each in found["warnings"]] == ["teams.payments"]


def test_for_scripts(path: Path) -> None:
    wrong, doubtful, strict = (
        checked_json(path, WRONG),
        checked_json(path, DOUBTFUL),
        checked_json(path, DOUBTFUL, "--strict"),
    )

    assert (wrong["ok"], doubtful["ok"], strict["ok"]) == (False, True, False)
    assert wrong["file"] == str(path)
    assert wrong["mistakes"][0] | {"message": ""} == {
        "where": str(path),
        "line": 2,
        "key": "incidents.zone",
        "value": '"Europe/Pariss"',
        "message": "",
    }
    assert (wrong["fingerprint"], doubtful["fingerprint"]) == (None, fingerprint(load({}, config_path=path)))
    assert [each["key"] for each in doubtful["warnings"]] == ["teams.payments"]


def test_a_file_that_is_not_there_is_a_mistake(path: Path) -> None:
    done = CliRunner().invoke(cli, ["check", str(path)])

    assert done.exit_code == 1
    assert "No such file" in done.output


def test_triage_of_a_route_that_opens_nothing_is_doubted(path: Path) -> None:
    found = checked_json(path, '[[routes]]\naction = "attach"\ntriage = true\n')

    assert [(each["key"], each["value"]) for each in found["warnings"]] == [("routes[0].triage", "true")]


BUSINESS = """
[schedules.payments]
zone = "Europe/Paris"
[[schedules.payments.layers]]
people = ["UANA"]
starts = "2020-01-06 09:00"
every = "week"
hours = { days = ["mon", "tue", "wed", "thu", "fri"], from = "09:00", to = "18:00" }
"""
CALENDAR = Path(__file__).parents[2] / "data" / "calendars" / "pagerduty.ics"


def test_times_at_which_nobody_is_on_call_are_a_warning_with_their_times(path: Path) -> None:
    done, strict = run_check(path, BUSINESS), run_check(path, BUSINESS, "--strict")

    assert (done.exit_code, strict.exit_code) == (0, 1)
    said = r"warning: \S+:2: schedules\.payments: Nobody is on call from (now|\w{3} \d{4}-\d\d-\d\d 18:00) to "
    assert re.match(said + r"\w{3} \d{4}-\d\d-\d\d 09:00 \(Europe/Paris\), and \d+ more times in", done.output)


def test_gaps_that_are_meant_are_no_warning(path: Path) -> None:
    meant = BUSINESS.replace("[[", "may_have_gaps = true\n[[", 1)

    assert run_check(path, meant, "--strict").exit_code == 0


def test_a_calendar_in_a_file_is_looked_over(path: Path) -> None:
    """The file is beside the configuration; its events are over, or in the future."""
    (path.parent / "oncall.ics").write_bytes(CALENDAR.read_bytes().replace(b"20261130", b"20991130"))

    found = checked_json(path, '[schedules.legacy]\ncalendar = "oncall.ics"\n', "--strict")

    assert not found["ok"]
    assert [each["key"] for each in found["warnings"]] == ["schedules.legacy"] * len(found["warnings"])
    assert any("Nobody Whom We Know" in each["message"] for each in found["warnings"])


def test_half_a_calendar_in_a_file_is_a_mistake(path: Path) -> None:
    (path.parent / "oncall.ics").write_bytes(CALENDAR.read_bytes()[:300])

    found = checked_json(path, '[schedules.legacy]\ncalendar = "oncall.ics"\n')

    assert "it is incomplete" in found["mistakes"][0]["message"]
