"""A refused line as it can be typed again, and with a correction."""

import pytest

from bot.command.slack_text import corrected_text, retyped_text
from bot.domain.errors import offer_closest
from bot.slack.blocks.commands.typed_line import MAX_LINE, refusal_message

COMMANDS = ("resolve", "reopen", "note", "cause", "update", "escalate")


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("lead <@U1|ana> please", "lead @ana please"),
        ("lead <@U1>", "lead <@U1>"),
        ("escalate <!subteam^S1|@dba> it is &lt;slow&gt; &amp; red", "escalate @dba it is <slow> & red"),
        ("note see <https://x.y/z|https://x.y/z>\n• in <#C1|ops>", "note see https://x.y/z\n• in #ops"),
    ],
)
def test_a_line_as_it_was_typed(sent, typed):
    assert retyped_text(sent) == typed


@pytest.mark.parametrize(
    ("text", "mistake", "instead", "corrected"),
    [
        ("reslove fixed by <@U1|ana>", "reslove", "resolve", "resolve fixed by <@U1|ana>"),
        ("ntoe the ntoe is wrong", "ntoe", "note", "note the ntoe is wrong"),
        ("start it is down sev:critcal", "critcal", "critical", "start it is down sev:critical"),
        ("status ivestigating", "ivestigating", "R&D", "status R&amp;D"),
        ("note at:9 of 9 are down", "9", "10", None),
        ("start critcal sev:critcal", "critcal", "critical", None),
        ("update We know. We look", "We", "investigating We", "update investigating We know. We look"),
        ("note it is late, so late", "late", "x", None),
        ("escalate @payments2", "payments", "x", None),
        ("note x", "", "y", None),
        ("note x", "gone", "y", None),
    ],
)
def test_a_correction_goes_where_the_mistake_stands(text, mistake, instead, corrected):
    assert corrected_text(text, mistake, instead) == corrected


@pytest.mark.parametrize(
    ("typed", "offered"), [("reslove", ["resolve"]), ("NTOE", ["note"]), ("re", []), ("xyz", []), ("", [])]
)
def test_only_a_word_that_is_clearly_closest_is_offered(typed, offered):
    assert [each.text for each in offer_closest(typed, COMMANDS)] == offered


def test_two_words_as_close_are_not_offered():
    assert offer_closest("db", ("db1", "db2")) == ()


def test_a_line_beyond_slacks_room_says_what_is_missing():
    line = "/incident note " + "x" * MAX_LINE

    reason, heading, code = refusal_message("no", line).blocks

    assert code["elements"][0]["elements"][0]["text"] == line[:MAX_LINE]
    assert heading["text"]["text"].startswith("Your line, without the last 15 characters")
    assert reason["text"]["text"] == "no"


def test_the_line_is_shown_as_it_is():
    line = "/incident note a *b* `c` ```d``` <e> & @f"

    *_, code = refusal_message("no", line, mistake="`c`").blocks

    assert code["elements"][0]["elements"][0]["text"] == line
