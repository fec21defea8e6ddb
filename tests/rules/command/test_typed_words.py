"""Words that people type instead of a command, and lines in another order than the table's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.command.grammar import identify_command, parse
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from bot.domain.times.future import read_leading_end
from commands import COMMANDS
from tests.support.requests.command_table import INSIDE

OUTSIDE = replace(INSIDE, inside=None)


def refusal(line, context=INSIDE):
    with pytest.raises(UserError) as problem:
        parse(line, COMMANDS, context)
    return problem.value


@pytest.mark.parametrize(
    ("line", "command", "text"),
    [
        ("sev2", "severity", ""),
        ("SEV-2 everybody is hit", "severity", "everybody is hit"),
        ("sev:2", "severity", ""),
        ("severity:2 everybody", "severity", "everybody"),
        ("p2 everybody", "severity", "everybody"),
        ("INC-8 sev2 everybody", "severity", "everybody"),
        ("sev:2 start Login fails", "start", "Login fails"),
        ("sev2 start Login fails", "start", "Login fails"),
        ("service:payments start Login fails", "start", "Login fails"),
        ("at:9:50 note it began", "note", "it began"),
        ("close fixed it", "resolve", "fixed it"),
        ("?", "help", ""),
        ("--help", "help", ""),
        ("-h", "help", ""),
    ],
)
def test_what_is_clearly_meant(line, command, text):
    context = replace(INSIDE, severities={**INSIDE.severities, "p2": Severity.SEV2})

    found = parse(line, COMMANDS, context)

    assert (found.command.name, found.text) == (command, text)
    assert identify_command(line, COMMANDS, context) is found.command


def test_an_option_before_the_command_counts():
    assert parse("sev:2 start Login fails", COMMANDS, INSIDE).options == {"sev": Severity.SEV2}
    assert parse("sev2 start Login fails", COMMANDS, INSIDE).options == {"sev": Severity.SEV2}
    assert parse("INC-8 sev2 worse", COMMANDS, INSIDE).incident == "INC-8"


@pytest.mark.parametrize("line", ["note --help", "note -h", "log ?"])
def test_a_command_explains_itself(line):
    found = parse(line, COMMANDS, INSIDE)

    assert (found.command.name, found.positionals["command"]) == ("help", line.split()[0])


def test_a_question_mark_behind_more_words_is_text():
    assert parse("note is it DNS ?", COMMANDS, INSIDE).text == "is it DNS ?"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fixed", ["resolve"]),
        ("fixed by a restart", ["resolve"]),
        ("commander", ["lead"]),
        ("reslove it", ["resolve"]),
        ("esclate @dba it burns", ["escalate"]),
        ("Login is down", ["note Login", "start Login"]),
        ("fribble", []),
    ],
)
def test_what_is_no_command_is_offered_as_one(line, offered):
    problem = refusal(line)

    assert problem.mistake == line.split()[0]
    assert [each.text for each in problem.offers] == offered


def test_a_sentence_outside_an_incident_is_the_title_of_one():
    problem = refusal("Login is down", OUTSIDE)

    assert [(each.text, each.label) for each in problem.offers] == [("start Login", 'Declare incident "Login is down"')]
    assert problem.message == "`Login` is not a command. `/incident help` lists the commands."


@pytest.mark.parametrize(("word", "label"), [("critical", "SEV1"), ("Major", "SEV2"), ("minor", "SEV4")])
def test_words_for_severities_of_other_tools_are_offered(word, label):
    problem = refusal(f"severity {word} all are hit")

    assert f"Did you mean `{label}`?" in problem.message
    assert [each.text for each in problem.offers] == [label]


def test_an_update_without_its_state_asks_for_it():
    problem = refusal("update We are investigating")

    assert [(each.text, each.label) for each in problem.offers][:2] == [
        ("investigating We", "Investigating"),
        ("identified We", "Identified"),
    ]
    assert [each.text for each in refusal("update monitring We watch it").offers] == ["monitoring"]


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length", "rest"),
    [
        ("1h", timedelta(hours=1), ""),
        ("1h the dentist", timedelta(hours=1), "the dentist"),
        ("for 2 hours, new disks", timedelta(hours=2), "new disks"),
        ("30 min", timedelta(minutes=30), ""),
        ("1 day off", timedelta(days=1), "off"),
        ("until 18:00 asleep", timedelta(hours=4), "asleep"),
        ("tomorrow 09:00", timedelta(hours=19), ""),
    ],
)
def test_the_end_that_a_text_begins_with(text, length, rest):
    found = read_leading_end(text, now=NOW, zone=ZoneInfo("UTC"))

    assert found is not None
    assert (found[0].at - NOW, found[1]) == (length, rest)


@pytest.mark.parametrize("text", ["", "disks", "the 2 hours that it takes", "for good", "h"])
def test_a_text_without_an_end(text):
    assert read_leading_end(text, now=NOW, zone=ZoneInfo("UTC")) is None


def test_a_sign_for_help_is_no_correction():
    assert "`-h`" not in refusal("h").message
