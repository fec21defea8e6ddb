"""Lines that a command refuses, and the questions of ambiguous ones."""

from dataclasses import replace
from typing import Any

import pytest

from bot.command.grammar import parse
from bot.domain.errors import Ambiguous
from bot.domain.terms import Severity
from tests.rules.command.test_grammar import OUTSIDE, read, refusal
from tests.support.requests.command_table import COMMANDS, INSIDE


def test_a_refused_severity_names_what_the_workspace_calls_them():
    words = {"1": Severity.SEV1, "sev1": Severity.SEV1, "p1": Severity.SEV1, "sev2": Severity.SEV2}
    called = replace(INSIDE, severities=words, labels={Severity.SEV1: "P1", Severity.SEV2: "SEV2"})

    assert "Use one of `P1`, `SEV2` (worst first)." in refusal("start x sev:9", called)


def test_a_refused_severity_names_one_word_for_each():
    words = {"1": Severity.SEV1, "sev1": Severity.SEV1, "s1": Severity.SEV1, "minor": Severity.SEV4, "4": Severity.SEV4}

    assert "Use one of `SEV1`, `minor` (worst first)." in refusal("start x sev:9", replace(INSIDE, severities=words))
    assert "a severity: `SEV1`, `minor`." in refusal("severity", replace(INSIDE, severities=words))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "`/incident help`"),
        ("statuss identified", "Did you mean `status`?"),
        ("xyzzy", "`/incident help` lists them all"),
        ("status identifed", "Did you mean `identified`?"),
        ("status", "a status: `investigating`"),
        ("status fixing", "Use one of `investigating`, `identified`, `monitoring`, `resolved`."),
        ("severity SEV9", "`SEV9` is not a severity. Use one of"),
        ("severity", "a severity: `SEV1`"),
        ("start x sev:9", "Use one of `SEV1`, `SEV2`, `SEV3`, `SEV4`"),
        ("start x sev:critcal", "`critcal` is not a severity"),
        ("start x sev:1 sev:2", "`sev:` is given twice. Remove one."),
        ("start x sev:", "`sev:` needs a severity"),
        ("start x sev: at:9:50", "`sev:` needs a severity"),
        ("start x tz:Europe/Pariss", "Did you mean `Europe/Paris`?"),
        ("start x at:25:00", "`25:00` is not a time"),
        ("start x at:13pm", "Do you mean `13:00`?"),
        ("start x at:soon", "`soon` is not a time"),
        ("start x at:14:05", "4h 5m from now"),
        ("start x private:perhaps", "neither `yes` nor `no`"),
        ("start x retro: perhaps", "neither `yes` nor `no`"),
        ("note", "needs a text"),
        ("note look at: the db", "put the text in quotes"),
        ("note kind:causee x", "Did you mean `cause`?"),
        ("note kind:i x", "is not a kind"),
        ("impact users:120% x", "more than all"),
        ("impact users:many x", "a percentage like `20%`"),
        ("impact users:1.200 x", "Write `1200` for a count"),
        ("impact users:1 200 x", "Write `1200` for a count"),
        ("cause lang:fq x", "Use one of `en`, `fr`"),
        ("task due:soonish x", "is not a day"),
        ("lead @ana", "choose the person from Slack's list"),
        ("lead", "a person"),
        ("escalate database is slow", "`vendor:NAME`"),
        ("escalate vendor: Acme", "Write the name after the colon"),
        ("escalate @dba", "needs a text"),
        ("ack foo", "`/incident ack` does not take `foo`."),
        ("pm templat:brief", "Did you mean `template:brief`?"),
        ("pm template:breif", "Did you mean `brief`?"),
        ("update soon x", "Use one of `investigating`"),
        ("merge soon", "as in `INC-7`"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(line, said):
    assert said in refusal(line)


def test_outside_a_channel_the_incident_has_to_be_named():
    assert "Which incident?" in refusal("note hello", OUTSIDE)


def test_a_refused_word_is_never_shown_at_length():
    assert len(refusal("start x sev:" + "9" * 5000)) < 300
    assert len(refusal("x" * 5000)) < 600


def test_two_readings_of_a_time_are_a_question_with_answers_to_type():
    with pytest.raises(Ambiguous) as question:
        read("note at:2023-11-05 01:30 db down")

    assert question.value.about == "2023-11-05 01:30"
    for candidate in question.value.candidates:
        assert read(f"note at:{candidate} db down").text == "db down"


@pytest.mark.parametrize(
    ("chosen", "options", "text"),
    [("--lang:fr", {"lang": ("fr",)}, "The page is down"), ("lang:fr", {}, "The page lang:fr is down")],
)
def test_a_language_amid_the_text_is_asked_about(chosen: str, options: dict[str, Any], text: str) -> None:
    with pytest.raises(Ambiguous) as asked:
        parse("cause The page lang:fr is down", COMMANDS, INSIDE)
    assert (asked.value.about, asked.value.candidates) == ("lang:fr", ("--lang:fr", "lang:fr"))

    answered = parse("cause The page lang:fr is down", COMMANDS, replace(INSIDE, chosen={"lang:fr": chosen}))
    assert (answered.options, answered.text) == (options, text)
