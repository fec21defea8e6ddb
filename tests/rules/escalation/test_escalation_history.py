"""Escalation history in drafts: the same facts in every template and language, with sources."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.escalation import Acknowledgement, Need, PagedLevel, Position
from bot.domain.findings import review_record
from bot.domain.findings.wording import english_formatter
from bot.domain.languages import load_words
from bot.domain.postmortem import build_draft
from bot.domain.record.escalations import Escalation, PageOutcome, RecordedPage, VendorFacts
from bot.domain.record.model import Record
from bot.domain.record.sources import Source
from bot.domain.terms import LANGUAGES, Precision, SourceKind, TargetKind
from bot.domain.times import format_time
from bot.export.json import incident_json
from bot.templating.render import render_documents, render_template
from bot.web.pages.incidents.incident_view import template_values
from tests.support.records.samples import payment_outage

RECORD = payment_outage()
BEGAN = RECORD.incident.declared.at
LINK = "https://slack.example/archives/C1/p1"


def after(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def called(level: int, minutes: float, *people: str, number: int = 0, **more: Any) -> PagedLevel:
    due = more.pop("due", minutes)
    return PagedLevel(Position(level, number), after(due), after(minutes), Need.ANY, people, **more)


def page(person: str, level: int, minutes: float, method: str = "slack", **more: Any) -> RecordedPage:
    outcome = more.pop("outcome", PageOutcome.SENT)
    sent = after(minutes) if outcome is PageOutcome.SENT else None
    return RecordedPage(person, method, level, more.pop("number", 0), after(minutes), sent, outcome, **more)


def escalation(**more: Any) -> Escalation:
    values: dict[str, Any] = {
        "source": Source(SourceKind.COMMAND, "escalation-1", LINK),
        "target": "payments",
        "target_kind": TargetKind.POLICY,
        "external": False,
        "reason": "nobody can pay",
        "paged_at": after(0),
        "precision": Precision.EXACT,
        "acknowledged_at": after(9),
        "acknowledged_by": "U0DBA",
        "acknowledgement": Source(SourceKind.COMMAND, "entry-9", "https://slack.example/9"),
        "policy": "payments",
        "levels": 3,
        "started_by": "policy",
    }
    return Escalation(**{**values, **more})


BY_POLICY = escalation(
    called=(
        called(1, 0, "U0ONCALL"),
        called(2, 5, "U0DBA", "U0DEV", missing=("schedule:night",), because="nobody left"),
        called(3, 130, "U0LEAD", due=10, passed_over=((Position(2, 0), after(7)),)),
    ),
    pages=(
        page("U0ONCALL", 1, 0, outcome=PageOutcome.FAILED, problem="channel_not_found"),
        page("U0DBA", 2, 5),
        page("U0DBA", 2, 6, "email"),
        page("U0DEV", 2, 5, outcome=PageOutcome.SKIPPED, problem="muted"),
        page("U0LEAD", 3, 130, "apprise:phone", late=timedelta(hours=2)),
    ),
    answers=(
        Acknowledgement("U0DEV", after(7), "link", Position(2, 0), after(8)),
        Acknowledgement("U0DBA", after(9), "email", Position(2, 0)),
    ),
)
LEVEL_2 = (
    "Level 2 of 3 paged: dba (Slack, e-mail); developer left out on purpose; nobody behind schedule:night; "
    "because nobody of the level before could come"
)
NAMES = {"U0ONCALL": "oncall", "U0DBA": "dba", "U0DEV": "developer", "U0LEAD": "dba-lead"}


def record(*escalations: Escalation) -> Record:
    return replace(RECORD, escalations=escalations, people={**RECORD.people, **NAMES})


def steps(one: Escalation, code: str = "en") -> list[str]:
    draft = build_draft(record(one), languages=[code])
    [document] = draft.documents
    blocks = [block for block in document.sections["chain"] if block.key != one.source.ref]
    assert all(block.sources for block in blocks), "each says where it is to be checked"
    return [f"{block.label}: {'; '.join(block.notes)}".removesuffix(": ") for block in blocks]


def test_the_history_repeats_neither_reason_nor_answer() -> None:
    [document] = build_draft(record(BY_POLICY), languages=["en"]).documents

    heading = document.sections["chain"][0]

    assert (heading.key, heading.text, heading.notes) == (BY_POLICY.source.ref, "", ())
    assert BY_POLICY.reason in [
        words for block in document.sections["timeline"] for words in (block.text, *block.notes)
    ]


def test_the_steps_come_in_their_order_with_what_came_of_each() -> None:
    assert steps(BY_POLICY) == [
        "Level 1 of 3 paged: Slack did not reach oncall",
        LEVEL_2,
        f"Acknowledged by developer (link in the page): taken back {_at(8)}",
        "Acknowledged by dba (e-mail)",
        "Level 3 of 3 paged: dba-lead (Apprise); 2h late; level 2 passed over",
    ]


def test_who_fell_silent_took_nothing_back_and_services_stand_in_their_level() -> None:
    one = escalation(
        called=(called(1, 0, services=("pagerduty:payments", "opsgenie:eu-west")),),
        pages=(page("", 1, 0, "pagerduty:payments"), page("", 1, 0, "opsgenie:eu-west", outcome=PageOutcome.FAILED)),
        answers=(
            Acknowledgement("U0DEV", after(7), "slack", Position(1, 0), after(27), is_timed_out=True),
            Acknowledgement(None, after(30), "pagerduty", Position(1, 0), name="Tenex Engineer"),
        ),
    )

    assert steps(one) == [
        "Level 1 of 3 paged: PagerDuty; Opsgenie could not be reached",
        "Acknowledged by developer",
        "Acknowledged by Tenex Engineer (PagerDuty)",
    ]


def _at(minutes: float) -> str:
    local = after(minutes).astimezone(RECORD.incident.zone)
    return f"at {local:%H:%M}"


def test_a_policy_that_ends_says_so() -> None:
    one = escalation(acknowledged_at=None, acknowledged_by=None, acknowledgement=None, exhausted_at=after(20))
    assert steps(one) == ["The policy ended, and nobody had acknowledged"]


def test_a_policy_that_is_repeated_and_its_fallback() -> None:
    one = escalation(called=(called(1, 0, "U0DBA"), called(1, 15, "U0DBA", number=1), called(4, 30, "U0LEAD")))
    assert [line.partition(":")[0] for line in steps(one)] == [
        "Level 1 of 3 paged",
        "Level 1 of 3 paged, round 2",
        "Fallback paged after the last level",
    ]


def test_whoever_fell_silent_took_nothing_back_and_the_end_comes_before_the_fallback() -> None:
    one = escalation(
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledgement=None,
        exhausted_at=after(30),
        called=(
            called(1, 0, "U0DBA"),
            called(1, 20, "U0DBA", because="silent"),
            called(4, 30, "U0LEAD", because="end"),
        ),
        answers=(Acknowledgement("U0DBA", after(2), "slack", Position(1, 0), after(20), is_timed_out=True),),
    )

    assert steps(one) == [
        "Level 1 of 3 paged: dba",
        "Acknowledged by dba",
        "Level 1 of 3 paged: dba; because nothing was heard any more of whoever had acknowledged",
        "The policy ended, and nobody had acknowledged",
        "Fallback paged after the last level: dba-lead",
    ]


def test_two_sources_in_one_message_are_one_link() -> None:
    one = escalation(acknowledgement=Source(SourceKind.COMMAND, "entry-9", LINK))

    document = render_documents(build_draft(record(one), languages=["en"]))["en"]

    assert all(line.count(LINK) == 1 for line in document.splitlines() if line.startswith("- ") and LINK in line)


def test_reminders_of_a_call_without_a_policy_are_one_step() -> None:
    rounds = tuple(called(1, 5 * number, "U0DBA", number=number) for number in range(4))
    one = escalation(policy="", levels=0, called=rounds)
    assert steps(one) == ["Paged: dba", f"Paged again 3 times: last {_at(15)}; dba"]


@pytest.mark.parametrize(
    "plain",
    [
        escalation(policy="", levels=0, called=(called(1, 0, "U0DBA"),), pages=(page("U0DBA", 1, 0),)),
        escalation(policy="", levels=0),
        escalation(external=True, target_kind=TargetKind.VENDOR, policy="", vendor=VendorFacts()),
    ],
)
def test_a_plain_call_has_no_steps(plain: Escalation) -> None:
    assert steps(plain) == []


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("template", ["classic", "brief", "statuspage", "sre"])
def test_every_form_tells_it_in_every_language(template: str, code: str) -> None:
    draft = build_draft(record(BY_POLICY), languages=[code])
    document = render_documents(draft, template=template)[code]

    for name in ("oncall", "dba", "developer", "dba-lead", "Apprise"):
        assert name in document
    (number,) = re.findall(rf"^\[(\d+)\]: {re.escape(LINK)}$", document, re.MULTILINE)
    assert document.count(f" [[{number}]]\n") >= 4
    if code != "en":
        assert "paged" not in document.split(load_words(code)["escalations"])[-1][:2000]


def test_what_a_vendor_did_stands_with_the_call() -> None:
    case, fixed = (Source(SourceKind.COMMAND, f"entry-{number}", f"https://x.example/{number}") for number in (3, 4))
    facts = VendorFacts(case="CS-123", case_source=case, fixed_at=after(60), fixed=fixed)
    one = escalation(
        external=True,
        target="PayPlug",
        target_kind=TargetKind.VENDOR,
        policy="",
        levels=0,
        vendor=facts,
        acknowledged_at=after(25),
        acknowledged_by="U0ONCALL",
    )
    [block] = [
        each for each in build_draft(record(one)).documents[0].sections["escalations"] if each.key == "escalation-1"
    ]
    assert [note.partition(" at ")[0] for note in block.notes] == [
        "case CS-123",
        "answered",
        "noted by oncall",
        "fixed by them",
    ]
    assert {source.ref for source in block.sources} == {"escalation-1", "entry-9", "entry-3", "entry-4"}


def test_the_json_holds_the_steps_the_pages_and_the_answers() -> None:
    [told] = incident_json(record(BY_POLICY))["escalations"]

    assert (told["policy"], told["levels"], told["started_by"]) == ("payments", 3, "policy")
    assert told["acknowledged_after_seconds"] == 9 * 60
    assert [(step["level"], step["people"], step["late_seconds"]) for step in told["steps"]] == [
        (1, ["oncall"], None),
        (2, ["dba", "developer"], None),
        (3, ["dba-lead"], 7200),
    ]
    assert [(page["person"], page["means"], page["outcome"]) for page in told["pages"]][:2] == [
        ("oncall", "slack", "failed"),
        ("dba", "slack", "sent"),
    ]
    assert [bool(answer["withdrawn_at"]) for answer in told["answers"]] == [True, False]


def messages(*escalations: Escalation) -> dict[str, str]:
    whole = record(*escalations)
    return {found.code: english_formatter(whole).format_finding(found) for found in review_record(whole)}


def test_a_level_that_reached_nobody_is_found() -> None:
    told = messages(BY_POLICY)
    assert told["level-unreached"] == "Level 1 of the escalation to payments reached nobody."
    reached = replace(BY_POLICY, pages=(page("U0ONCALL", 1, 0), *BY_POLICY.pages))
    assert "level-unreached" not in messages(reached)


def test_a_vendor_whose_case_was_asked_for_in_vain_is_found() -> None:
    asked = VendorFacts(case_asked=True)
    one = escalation(external=True, target="PayPlug", target_kind=TargetKind.VENDOR, vendor=asked)
    assert messages(one)["vendor-without-case"] == "No case reference is recorded of: PayPlug."
    assert "vendor-without-case" not in messages(replace(one, vendor=VendorFacts(case="CS-1", case_asked=True)))
    assert "vendor-without-case" not in messages(replace(one, vendor=VendorFacts()))


def test_a_vendor_that_fixed_it_without_a_word_did_answer() -> None:
    silent = escalation(
        external=True,
        target="PayPlug",
        target_kind=TargetKind.VENDOR,
        acknowledged_at=None,
        acknowledgement=None,
        policy="",
        vendor=VendorFacts(),
        source=Source(SourceKind.COMMAND, "escalation-77"),
    )
    assert "escalation-not-acknowledged" in messages(silent)
    fixed = VendorFacts(fixed=Source(SourceKind.COMMAND, "entry-4"))
    assert "escalation-not-acknowledged" not in messages(replace(silent, vendor=fixed))


def test_the_page_of_the_incident_shows_the_steps_with_their_times() -> None:
    hostile = replace(
        BY_POLICY, called=(*BY_POLICY.called, called(1, 140, "U0ONCALL", number=1, missing=("<b>x</b>",)))
    )

    page, plain = (
        render_template("web/incidents/incident_link.html.j2", {"root": "", "style": "", **template_values(each, ())})
        for each in (record(hostile), record(escalation(policy="", levels=0)))
    )

    zone = RECORD.incident.zone
    steps = re.findall(r"<small>([^<]*)</small> ([^<]*)</li>", page.partition('class="steps"')[2])
    assert steps[1] == (format_time(after(5), zone), LEVEL_2)
    assert len(steps) == 6, "each level and each answer, in their order"
    assert "nobody behind &lt;b&gt;x&lt;/b&gt;" in steps[-1][1]
    assert 'class="steps"' not in plain, "the call itself says it all"
