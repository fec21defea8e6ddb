"""Findings about who was asked, and who does what until when."""

from dataclasses import replace

import pytest

from bot.domain.findings.rules.escalations import check_escalation_not_acknowledged
from bot.domain.findings.rules.tasks import check_task_without_date, check_task_without_owner
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind, Kind, TargetKind
from tests.support.records.findings import codes, incident, nowhere


def test_all_calls_without_an_answer_are_one_finding():
    builder = incident("12:00", "14:00")
    for target, kind in (("senior-engineers", TargetKind.TEAM), ("payment-gateway", TargetKind.VENDOR)):
        builder.escalated("13:00", "oncall", target, "Checkout crashes", kind=kind)

    (found,) = check_escalation_not_acknowledged(builder.record())
    assert found.entries == ("escalation-1", "escalation-2")


def test_a_call_that_was_answered():
    builder = incident("12:00", "14:00")
    builder.escalated("13:00", "oncall", "dba", "Slow")
    builder.acknowledged("13:05", "dba-lead", "dba")

    assert codes(check_escalation_not_acknowledged, builder.record()) == []


def test_a_second_call_that_was_answered_answers_the_first():
    builder = incident("12:00", "14:00")
    builder.escalated("13:10", "oncall", "dba", "Slow")
    builder.acknowledged("13:15", "dba-lead", "dba")
    builder.escalated("13:00", "oncall", "dba", "Slow")

    assert codes(check_escalation_not_acknowledged, builder.record()) == []


@pytest.mark.parametrize(("at", "expected"), [("13:20", []), ("12:10", ["escalation-not-acknowledged"])])
def test_a_person_who_wrote_afterwards_was_there(at, expected):
    builder = incident("12:00", "14:00")
    builder.person("dba")
    builder.entry("12:05", "oncall", "It is slow", Kind.NOTE)
    builder.entry(at, "dba", "I see locks", Kind.INVESTIGATION)
    builder.escalated("13:00", "oncall", "<@UDBA>", "Slow", kind=TargetKind.PERSON)

    assert codes(check_escalation_not_acknowledged, builder.record()) == expected


def test_a_call_just_before_the_end_and_one_of_an_open_incident():
    late = incident("12:00", "14:00")
    late.escalated("13:57", "oncall", "dba", "Slow")
    still = incident("12:00", None)
    still.escalated("13:00", "oncall", "dba", "Slow")

    assert codes(check_escalation_not_acknowledged, late.record()) == []
    assert codes(check_escalation_not_acknowledged, still.record()) == []


def test_an_answer_that_somebody_noted():
    builder = incident("12:00", "14:00")
    builder.escalated("13:00", "oncall", "payment-gateway", "Down", kind=TargetKind.VENDOR)
    builder.typed("13:20", "oncall", "They called back", Kind.ACKNOWLEDGED, about="escalation-1")

    assert codes(check_escalation_not_acknowledged, builder.record()) == []


def tasks(*made: tuple[str | None, str | None, bool]) -> Record:
    """Tasks by owner, date, and whether they are done."""
    actions = [
        Action(nowhere(f"action-{number}"), number, ActionKind.TASK, "Do it", owner, due, done=done)
        for number, (owner, due, done) in enumerate(made, 1)
    ]
    lesson = Action(nowhere("action-99"), 99, ActionKind.IMPROVEMENT, "Learn it")
    return replace(incident().record(), actions=[*actions, lesson])


@pytest.mark.parametrize(
    ("record", "owner", "date"),
    [
        (tasks(), [], []),
        (tasks((None, None, False)), [("action-1",)], []),
        (tasks((None, None, False), (None, None, False)), [("action-1", "action-2")], []),
        (tasks((None, None, False), (None, "2025-04-01", False)), [("action-1",), ("action-2",)], []),
        (tasks(("UDBA", None, False), (None, None, False)), [("action-2",)], [("action-1",)]),
        (tasks(("UDBA", "2025-04-01", False)), [], []),
        (tasks((None, None, True)), [], []),
    ],
)
def test_tasks_that_lack_something(record, owner, date):
    assert [found.entries for found in check_task_without_owner(record)] == owner
    assert [found.entries for found in check_task_without_date(record)] == date


@pytest.mark.parametrize(
    ("text", "is_owned"),
    [
        ("Renew the certificate <!subteam^S0DBA>", True),
        ("Renew the certificate @dba-team", True),
        ("<!subteam^S0DBA|@dba-team> renew the certificate", True),
        ("Renew the certificate (@dba-team).", True),
        ("Renew the certificate, owner: database team", True),
        ("Zertifikat erneuern, verantwortlich: Datenbankteam", True),
        ("Search team to keep the alias when it reindexes", True),
        ("Far provare i report su una replica, se ne occupa il team dati", True),
        ("Renouveler le certificat, l'équipe réseau s'en charge", True),
        ("Zertifikat erneuern, darum kümmert sich das Netzteam", True),
        ("Renovar el certificado, se encarga el equipo de redes", True),
        ("Renovar o certificado, a equipe de redes cuida disso", True),
        ("Teach the team to renew certificates", False),
        ("Ask @dba-team for the list of certificates", False),
        ("Write to oncall@acme.example about the certificate", False),
        ("Renew the certificate", False),
    ],
)
def test_a_team_that_the_text_names_owns_the_task(text, is_owned):
    record = tasks((None, None, False))
    record = replace(record, actions=[replace(record.actions[0], text=text)])

    assert codes(check_task_without_owner, record) == ([] if is_owned else ["task-without-owner/nor_date"])
    assert codes(check_task_without_date, record) == (["task-without-date"] if is_owned else [])


def test_a_user_group_owns_a_task():
    record = tasks(("S0DBA", None, False))

    assert codes(check_task_without_owner, record) == []
