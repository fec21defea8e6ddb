"""Words that people type instead of a command, and lines in another order than the table's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.command.grammar import identify_command, parse
from bot.domain.errors import Ambiguous, UserError
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
        ("severity: 2 everybody", "severity", "everybody"),
        ("oncall?", "oncall", ""),
        ("note?", "help", ""),
        ("start Login fails sev 2", "start", "Login fails"),
        ("start sev 2 Login fails", "start", "Login fails"),
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


@pytest.mark.parametrize("line", ["8", "#8", "inc8", "INC 8", "inc_8", "#inc-8-checkout-is-down", "INC-8"])
def test_a_number_alone_is_its_incident(line):
    found = parse(line, COMMANDS, INSIDE)

    assert (found.command.name, found.incident) == ("", "INC-8")
    assert identify_command(line, COMMANDS, INSIDE) is found.command


@pytest.mark.parametrize(("line", "offered"), [("8 resolve done", "INC-8"), ("#8 resolve done", "INC-8")])
def test_a_number_before_a_command_is_asked_about(line, offered):
    problem = refusal(line)

    assert [each.text for each in problem.offers] == [offered]
    assert problem.mistake == line.split()[0]


@pytest.mark.parametrize("line", ["3 nodes are down", "0", "99999999999", "#ops"])
def test_other_numbers_are_no_incident(line):
    assert all(not each.text.startswith("INC") for each in refusal(line).offers)


@pytest.mark.parametrize(
    ("line", "mistake", "offered"),
    [
        ("catch up", "catch up", "catchup"),
        ("post mortem", "post mortem", "postmortem"),
        ("hand over @dba", "hand over", "handover"),
        ("root cause a bad deploy", "root cause", "cause"),
        ("false alarm", "false alarm", "cancel false alarm"),
        ("who is on call", "who is on call", "oncall"),
        ("rename Checkout fails in EU", "rename Checkout fails in EU", 'edit title:"Checkout fails in EU"'),
        ("title “Checkout fails”", "title “Checkout fails”", 'edit title:"Checkout fails"'),
        ("monitoring", "monitoring", "status monitoring"),
        ("identified a bad deploy", "identified", "status identified"),
        ("undo", "undo", "timeline"),
        ("upgrade to sev1", "upgrade", "severity"),
        ("status", "status", "status investigating"),
        ("edit title: Checkout fails in EU", "Checkout fails in EU", '"Checkout fails in EU"'),
        ("edit title:Checkout fails service:search", "Checkout fails", '"Checkout fails"'),
        ("start Login fails service=search", "service=search", "service:search"),
    ],
)
def test_what_is_probably_meant_is_offered(line, mistake, offered):
    problem = refusal(line)

    assert (problem.mistake, problem.offers[0].text) == (mistake, offered)


@pytest.mark.parametrize("line", ["close 8", "resolve #8", "note 8"])
def test_outside_a_number_behind_the_command_is_probably_its_incident(line):
    assert [each.text for each in refusal(line, OUTSIDE).offers] == ["INC-8"]


def test_an_option_before_the_command_counts():
    assert parse("sev:2 start Login fails", COMMANDS, INSIDE).options == {"sev": Severity.SEV2}
    assert parse("sev2 start Login fails", COMMANDS, INSIDE).options == {"sev": Severity.SEV2}
    assert parse("INC-8 sev2 worse", COMMANDS, INSIDE).incident == "INC-8"


@pytest.mark.parametrize(
    ("line", "options", "text"),
    [
        ("start login is down sev2", {"sev": Severity.SEV2}, "login is down"),
        ("start SEV-1 cart is broken service:shop", {"sev": Severity.SEV1, "service": "shop"}, "cart is broken"),
        ("start login is down sev2 sev:3", {"sev": Severity.SEV3}, "login is down sev2"),
        ("start the sev2 of yesterday is back", {}, "the sev2 of yesterday is back"),
        ("start S3 is down", {}, "S3 is down"),
        ("start sev9 engine fails", {}, "sev9 engine fails"),
        ("note it was sev2", {}, "it was sev2"),
    ],
)
def test_a_severity_at_an_end_of_a_title(line, options, text):
    found = parse(line, COMMANDS, INSIDE)

    assert (found.options, found.text) == (options, text)


@pytest.mark.parametrize("line", ["start secret leak private sev1", "start private sev2 keys leaked"])
def test_a_flag_beside_a_severity_is_asked_about(line):
    with pytest.raises(Ambiguous) as question:
        parse(line, COMMANDS, INSIDE)

    assert question.value.about == "private"


def test_an_unknown_severity_alone_is_refused_as_such():
    assert "SEV1" in refusal("sev:low").message
    assert "is not a command" not in refusal("severity:low it is worse").message


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
