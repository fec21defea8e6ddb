"""Targets and people of a command."""

import pytest

from bot.command.grammar import parse
from bot.command.table import Target
from bot.domain.errors import UserError
from bot.domain.terms import TargetKind
from commands import COMMANDS as REAL_COMMANDS
from tests.rules.command.test_grammar import DBA, OPS
from tests.support.requests.command_table import INSIDE

POLICY = Target(TargetKind.POLICY, "payments")


@pytest.mark.parametrize(
    ("line", "targets", "text"),
    [
        ("escalate <@U1|dba> both of you", (DBA,), "both of you"),
        ("escalate <@U1|dba> @ops both of you", (DBA, OPS), "both of you"),
        ("escalate <@U1|dba>, @ops: both of you", (DBA, OPS), "both of you"),
        ("escalate <@U1|dba> and @ops & policy:payments the pool is full", (DBA, OPS, POLICY), "the pool is full"),
        ("escalate <@U1|dba> @ops at:9:50 by phone", (DBA, OPS), "by phone"),
        ("escalate <@U1|dba> and the others know", (DBA,), "and the others know"),
        ("escalate <@U1|dba> the pool is full, @ops knows", (DBA,), "the pool is full, @ops knows"),
        ('escalate <@U1|dba> "@ops knows"', (DBA,), "@ops knows"),
    ],
)
def test_every_target_at_the_head_of_an_escalation_is_called(line, targets, text):
    typed = parse(line, REAL_COMMANDS, INSIDE)
    assert (typed.positionals["target"], typed.text) == (targets, text)


@pytest.mark.parametrize(
    "line",
    [
        "lead <@U1|a> <@U2|b>",
        "lead <@U1|a> and <@U2|b> share it",
        "handover <@U1|a> <@U2|b>",
        "role scribe <@U1|a>, <@U2|b>",
        "mute <@U1|a> <@U2|b> until:18:00 on leave",
        "task <@U1|a> <@U2|b> renew the certificate",
        "reassign <@U1|a> @ops",
    ],
)
def test_a_second_person_where_one_is_taken_is_refused(line):
    with pytest.raises(UserError) as problem:
        parse(line, REAL_COMMANDS, INSIDE)
    assert ", not two: <@U1> and " in problem.value.message


@pytest.mark.parametrize(
    "line", ['lead <@U1|a> "<@U2> helps"', "lead <@U1|a> with <@U2|b>", "task ask <@U2|b> <@U1|a>"]
)
def test_a_person_in_the_text_is_no_second_one(line):
    assert "<@U2>" in parse(line, REAL_COMMANDS, INSIDE).text
