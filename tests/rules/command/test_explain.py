import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import commands
from bot.cli.commands.explain import explain_command, explain_input, explain_time
from bot.config import Settings
from tests.support.requests.command_table import COMMANDS, INSIDE, NOW, PACIFIC


def explained(line):
    answer = explain_command(line, COMMANDS, INSIDE)
    assert json.loads(json.dumps(answer)) == answer
    return answer


@pytest.mark.parametrize("lead", ["", "/incident ", " /incident  "])
def test_a_command_with_or_without_its_slash(lead):
    answer = explained(lead + "start Checkout is down sev:2 at:12:05PM EAT private lang:x")

    assert answer == {
        "command": "start",
        "options": {"sev": "SEV2", "at": {"time": "2023-11-07T01:05:00-08:00", "precision": "exact"}},
        "positionals": {},
        "text": "Checkout is down private lang:x",
        "incident": None,
        "inside": "INC-7",
    }


@pytest.mark.parametrize(
    ("line", "part", "expected"),
    [
        (
            "start x tz:Africa/Nairobi at:20:30",
            "options",
            {"tz": "Africa/Nairobi", "at": {"time": "2023-11-07T20:30:00+03:00", "precision": "exact"}},
        ),
        (
            "note at:? kind:misleading x",
            "options",
            {"at": {"time": None, "precision": "unknown"}, "kind": "misleading path"},
        ),
        ("task x due:2023-12-01 <@U1>", "options", {"due": "2023-12-01"}),
        ("task x due:2023-12-01 <@U1>", "positionals", {"owner": {"user": "U1"}}),
        ("task x <!subteam^S1|@dba>", "positionals", {"owner": {"group": "dba", "id": "S1"}}),
        ("cause lang:fr,en x", "options", {"lang": ["fr", "en"]}),
        ("impact users:20% x", "options", {"users": {"count": None, "percent": 20.0, "about": False}}),
        ("escalate <!subteam^S1|@dba> x", "positionals", {"target": {"kind": "group", "name": "dba", "id": "S1"}}),
        ("status identified", "positionals", {"status": "identified"}),
        ("note INC-9 x", "incident", "INC-9"),
    ],
)
def test_typed_values_as_json(line, part, expected):
    assert explained(line)[part] == expected


def test_a_refusal():
    assert explained("/incident statuss x")["refused"].startswith("`statuss` is not a command. Did you mean `status`?")


def test_a_question():
    assert explained("note at:2023-11-05 01:30 x") == {
        "asks": "`2023-11-05 01:30` came twice: the clocks went back then. "
        "Do you mean `2023-11-05 01:30 -07:00` or `2023-11-05 01:30 -08:00`?",
        "about": "2023-11-05 01:30",
        "candidates": ["2023-11-05 01:30 -07:00", "2023-11-05 01:30 -08:00"],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:05", {"time": "2023-11-07T09:05:00-08:00", "precision": "exact"}),
        ("~09:05", {"time": "2023-11-07T09:05:00-08:00", "precision": "approximate"}),
        ("2023-07-07 12:05PM EAT", {"time": "2023-07-07T02:05:00-07:00", "precision": "exact"}),
        ("?", {"time": None, "precision": "unknown"}),
    ],
)
def test_a_time(text, expected):
    assert explain_time(text, now=NOW, zone=PACIFIC) == expected


def test_no_time():
    assert "`soon` is not a time" in explain_time("soon", now=NOW, zone=PACIFIC)["refused"]
    assert explain_time("2023-11-07 08:45 IST", now=NOW, zone=PACIFIC)["candidates"][0] == "2023-11-07 08:45 +05:30"


@given(st.text(), st.sampled_from(["Europe/Paris", "Asia/Kathmandu", "UTC"]))
def test_every_answer_is_json_and_every_time_has_a_zone(text, zone):
    answer = explain_time(text, now=NOW, zone=ZoneInfo(zone))

    json.dumps(answer)
    if answer.get("time"):
        assert datetime.fromisoformat(answer["time"]).utcoffset() is not None
    assert isinstance(explained(text), dict)


@pytest.mark.parametrize(
    ("line", "asks", "candidates"),
    [
        (
            "note INC-3 looks alike",
            "`INC-3` may be the incident that you mean, or a word of your text.",
            ["INC-3", "INC-7"],
        ),
        ("resolve INC-3 was the reason", "`INC-3` may be the incident", ["INC-3", "INC-7"]),
        ("INC-3 resolve restarted", "Resolve INC-3? It is another incident than the channel's.", ["INC-3"]),
    ],
)
def test_a_question_about_another_incident_stands_beside_the_reading(line, asks, candidates):
    answer = explain_command(line, commands.COMMANDS, INSIDE)

    assert answer["asks"].startswith(asks)
    assert (answer["about"], answer["candidates"]) == ("INC-3", candidates)
    assert answer["incident"] == "INC-3"


def test_no_question_about_the_own_incident():
    assert "asks" not in explain_command("INC-7 resolve restarted", commands.COMMANDS, INSIDE)
    assert "asks" not in explain_command("INC-3 note looks alike", commands.COMMANDS, INSIDE)


def test_a_line_of_blanks_is_answered(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" + " " * 8_000 + "\n14:05\n"))

    blank, given = explain_input(Settings(), None, "-", zone="UTC", now_text="2026-11-18T15:00:00Z", inside=None)

    assert json.loads(blank).keys() == {"refused"}
    assert json.loads(given)["time"] == "2026-11-18T14:05:00+00:00"
