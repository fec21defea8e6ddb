"""Drafts that show people by the roles they held, and name nobody."""

from dataclasses import replace

import pytest

from bot.domain.drafting.overview.people_roles import RoleNames
from bot.domain.findings import review_record
from bot.domain.languages import get_language
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record
from bot.domain.terms import LANGUAGES, Kind
from bot.templating.render import postmortem_templates, render_postmortem
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import payment_outage


def handed_over() -> Record:
    """Ana leads until 10:30, then Ben does; Cem has no role."""
    builder = RecordBuilder("2026-03-02", "UTC", "Payments fail", "payments")
    builder.declared_by_alert("10:00", "Errors", "many", origin="grafana")
    builder.role("10:05", "Lead", builder.person("ana") or "", "10:30")
    builder.role("10:30", "Lead", builder.person("ben") or "")
    for at, who in (("10:10", "ana"), ("10:40", "ana"), ("10:50", "ben"), ("10:55", "cem")):
        builder.typed(at, who, f"<@{builder.person('ana')}> and <@{builder.person('cem')}> look", Kind.INVESTIGATION)
    builder.resolved("11:00", "ben", "restarted")
    return builder.record()


def test_each_row_has_the_role_of_its_time():
    (document,) = build_draft(handed_over(), with_roles=True).documents

    rows = [(block.by, block.text) for block in document.sections["timeline"] if "look" in block.text]

    assert rows == [
        ("Lead", "Lead and Responder look"),
        ("Responder", "Responder and Responder look"),
        ("Lead", "Responder and Responder look"),
        ("Responder", "Responder and Responder look"),
    ]


def test_names_are_the_default():
    (document,) = build_draft(handed_over()).documents

    assert {block.by for block in document.sections["timeline"] if "look" in block.text} == {"ana", "ben", "cem"}


@pytest.mark.parametrize("template", postmortem_templates())
@pytest.mark.parametrize("record", [payment_outage(), handed_over()])
def test_nobody_is_named(record: Record, template: str):
    secret = replace(record, people={person: f"Name{person}" for person in record.people})
    findings = review_record(secret)

    named = render_postmortem(build_draft(secret, findings=findings), template=template)
    by_role = render_postmortem(build_draft(secret, findings=findings, with_roles=True), template=template)

    assert "NameU" in named
    assert "NameU" not in by_role
    assert not [person for person in secret.people if person in by_role]
    assert "— Responder" in by_role


@pytest.mark.parametrize("code", LANGUAGES)
def test_roles_are_in_the_documents_language(code: str):
    names = RoleNames(handed_over().roles, get_language(code))

    assert names["U0NOBODY"] == get_language(code).words["responder"]
    assert names[handed_over().roles[0].person] == get_language(code).words["lead"]
