"""Facts that Dogwatch records: stored as values, worded in each language; people's words stay as they are."""

import json
from dataclasses import replace

import pytest

from bot.domain.drafting.annotations import localized_fact
from bot.domain.escalation import PagedLevel
from bot.domain.escalation.steps import Position
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.languages import get_language
from bot.domain.postmortem import build_draft
from bot.domain.record.facts import (
    FACTS,
    AlertEnded,
    AlertsEnded,
    AlertsFired,
    AlertsFlap,
    AlertsStillFire,
    CausedByChange,
    EscalationAcknowledged,
    MoreAlerts,
    ResolvedByRule,
    RoleAssigned,
    StormBegan,
    StormGoesOn,
    StormOver,
    StormTitle,
    UsersAffected,
    VendorFixed,
    VendorReported,
    VendorResolved,
    read_fact,
    store_fact,
)
from bot.domain.record.model import Record
from bot.domain.terms import LANGUAGES, Kind, SourceKind, UpdateState
from tests.support.records.builders import RecordBuilder


def told() -> RecordBuilder:
    builder = RecordBuilder("2023-12-31", "Europe/Paris", "It broke", "shop")
    builder.declared_by_alert("22:00", "Down", "Shop is down", origin="generic")
    return builder


def last(record: Record, code: str) -> str:
    """The last line of the timeline: label, text and remarks."""
    (document,) = build_draft(record, languages=[code]).documents
    block = document.sections["timeline"][-1]
    return " | ".join([block.label, block.text, *block.notes])


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "Role | dba leads"), ("fr", "Rôle | dba pilote l’incident"), ("de", "Rolle | dba leitet den Einsatz")],
)
def test_who_leads(code, expected):
    builder = told()
    user = builder.person("dba")
    builder.typed("22:05", "oncall", RoleAssigned("lead", "Lead", user), Kind.ROLE, role="lead", person=user)

    assert last(builder.record(), code) == expected


@pytest.mark.parametrize(
    ("code", "label", "given", "expected"),
    [
        ("en", "Scribe", ("UDBA", None, ""), "Role | Scribe: dba"),
        ("fr", "Scribe", ("UDBA", None, ""), "Rôle | Secrétaire de l’incident\u202f: dba"),
        (
            "de",
            "Scribe",
            ("UDBA", "UONCALL", "alles gelesen"),
            "Rolle | oncall übergibt an dba: Protokoll. alles gelesen",
        ),
        ("de", "Schreiber", ("UDBA", None, ""), "Rolle | Schreiber: dba"),
        ("it", "Scribe", (None, "UDBA", ""), "Ruolo | dba lascia il ruolo: Verbalizzante"),
    ],
)
def test_who_takes_which_part(code, label, given, expected):
    """A built-in role bears its name in each language, one with a label of the workspace that label."""
    person, before, note = given
    builder = told()
    users = {f"U{name.upper()}": builder.person(name) for name in ("dba", "oncall")}
    said = RoleAssigned("scribe", label, users.get(person), users.get(before), note)
    builder.typed(
        "22:05",
        "oncall",
        said,
        Kind.ROLE,
        role="scribe",
        role_label=label,
        person=users.get(person),
        person_before=users.get(before),
    )

    assert last(builder.record(), code) == expected


def test_what_somebody_put_instead_of_our_words_stands_as_they_put_it():
    builder = told()
    builder.typed(
        "22:05", "oncall", "<@UDBA> leads, until Monday", Kind.ROLE, role="lead", person=builder.person("dba")
    )

    assert last(builder.record(), "fr") == "Rôle | @dba leads, until Monday"


@pytest.mark.parametrize(
    ("code", "expected"), [("en", "Alert ended | Down: Shop is down"), ("it", "Allarme rientrato | Down: Shop is down")]
)
def test_the_end_of_an_alert(code, expected):
    builder = told()
    text = AlertEnded("Down: Shop is down")
    builder.entry("22:30", None, text, Kind.ALERT_RESOLVED, source=SourceKind.ALERT)

    assert last(builder.record(), code) == expected


def test_the_end_of_an_alert_in_its_own_words():
    builder = told()
    builder.entry("22:30", None, AlertEnded("Down", "Customers are back"), Kind.ALERT_RESOLVED, source=SourceKind.ALERT)

    assert last(builder.record(), "en") == "Alert ended | Down: Customers are back"


@pytest.mark.parametrize(
    ("more", "code", "expected"),
    [
        (3, "en", "Detection | A\nB\nand 3 more"),
        (1, "fr", "Détection | A\nB\net 1 autre"),
        (3, "fr", "Détection | A\nB\net 3 autres"),
        (0, "fr", "Détection | A\nB"),
    ],
)
def test_alerts_that_are_not_named(more, code, expected):
    builder = told()
    fact = AlertsFired("A\nB", more) if more else "A\nB"
    builder.entry("22:30", None, fact, Kind.DETECTION, source=SourceKind.ALERT)

    assert last(builder.record(), code) == expected


@pytest.mark.parametrize(
    ("fact", "code", "expected"),
    [
        (UsersAffected(20.0), "en", "20% of users affected"),
        (UsersAffected(12.5), "fr", "12,5\xa0% des utilisateurs ont été touchés"),
        (UsersAffected(20.0, is_about=True), "de", "~20\xa0% der Nutzer waren betroffen"),
        (UsersAffected(count=1200), "en", "1,200 users affected"),
        (UsersAffected(count=1200), "de", "1.200 Nutzer waren betroffen"),
        (UsersAffected(count=1), "es", "1 usuario se vio afectado"),
        (UsersAffected(count=4000, is_about=True), "pt", "~4.000 usuários foram afetados"),
        (UsersAffected(count=12), "it", "12 utenti coinvolti"),
    ],
)
def test_an_impact_that_is_a_figure_alone(fact, code, expected):
    builder = told()
    builder.impact("22:30", "oncall", fact, users=fact.users)
    (document,) = build_draft(builder.record(), languages=[code]).documents

    assert [(block.text, block.notes) for block in document.sections["impact"]] == [(expected, ())]


@pytest.mark.parametrize(
    ("users", "text", "code", "notes"),
    [
        (AffectedUsers(count=1200), "Logins fail", "en", ("1,200 users",)),
        (AffectedUsers(count=1200, is_about=True), "Logins fail", "fr", ("~1\u202f200 utilisateurs",)),
        (AffectedUsers(count=1200), "Logins of 1200 people fail", "en", ()),
        (AffectedUsers(count=1200), "Logins of 1,200 people fail", "de", ()),
        (AffectedUsers(count=12), "Logins fail since 2012", "en", ("12 users",)),
        (AffectedUsers(percent=20.0), "At 10:05 20 % of users", "en", ()),
        (AffectedUsers(percent=20.0), "120% more errors", "en", ("20% of users",)),
    ],
)
def test_the_number_of_users_stands_beside_an_impact_that_does_not_say_it(users, text, code, notes):
    builder = told()
    builder.impact("22:30", "oncall", text, users=users)
    (document,) = build_draft(builder.record(), languages=[code]).documents

    assert [block.notes for block in document.sections["impact"]] == [notes]


def test_a_share_in_somebodys_own_words_is_left_alone():
    builder = told()
    builder.impact("22:30", "oncall", "20% of users affected, mostly in Rome", percent=20.0)
    (document,) = build_draft(builder.record(), languages=["fr"]).documents

    assert document.sections["impact"][0].text == "20% of users affected, mostly in Rome"


FACT_EXAMPLES = (
    EscalationAcknowledged("dba", "Ana"),
    VendorFixed("acme"),
    RoleAssigned("scribe", "Scribe", "U1", "U2", "all read"),
    RoleAssigned("lead", "Lead", None, "U2"),
    UsersAffected(33.3333),
    UsersAffected(count=1200, is_about=True),
    CausedByChange("deployment", "Use the new pool", "checkout", "v1.42"),
    VendorReported("PayPlug", "EU payments fail"),
    VendorResolved("PayPlug", "EU payments fail"),
    AlertEnded("Down: Shop is down"),
    AlertEnded("Down", "Customers are back"),
    AlertsFired("A\nB", 3),
    MoreAlerts(1999, None, 2, "a 1,000, b 999"),
    AlertsEnded(3, "a, b) ended: 3"),
    AlertsStillFire(1, "HighCPU"),
    AlertsStillFire(7, "HighCPU, DiskFull, …"),
    AlertsFlap("HighCPU, DiskFull", 30),
    ResolvedByRule(10, "[[routes]] 2"),
    StormTitle(0),
    StormTitle(37, None, 2),
    StormBegan(("INC-1", "INC-2"), 5),
    StormGoesOn(("INC-3",), 5),
    StormOver(10),
)


def test_every_kind_has_an_example():
    assert {type(each) for each in FACT_EXAMPLES} == set(FACTS.values())


@pytest.mark.parametrize("fact", FACT_EXAMPLES, ids=lambda fact: fact.kind)
def test_a_stored_fact_reads_back(fact):
    assert read_fact(json.loads(json.dumps(store_fact(fact)))) == fact


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("fact", FACT_EXAMPLES, ids=lambda fact: fact.kind)
def test_every_fact_has_words_in_every_language(code, fact):
    text = localized_fact(fact, get_language(code))

    assert text
    assert "{" not in text


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "title (French): Panne; category removed; languages: French and English; zone"),
        ("fr", "titre (français)\u202f: Panne; catégorie\u202f: —; langues\u202f: français et anglais; zone"),
        ("es", "título (francés): Panne; categoría: —; idiomas: francés e inglés; zone"),
    ],
)
def test_which_details_were_changed(code, expected):
    builder = told()
    changes = (("title.fr", "Panne"), ("category", ""), ("languages", "fr, en"))
    entry = builder.typed("22:30", "oncall", "", Kind.DETAILS, changes=changes)
    (document,) = build_draft(builder.record(), languages=[code]).documents

    shown = [block for block in document.sections["timeline"] if block.key == entry.source.ref]
    assert "; ".join([*shown[0].notes, "zone"]) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "Public update: Monitoring | It works again"),
        ("fr", "Communication publique\u202f: Sous surveillance | It works again | anglais"),
    ],
)
def test_what_the_public_was_told(code, expected):
    builder = told()
    builder.typed("22:30", "oncall", "It works again", Kind.COMMUNICATION, public=UpdateState.MONITORING, language="en")

    assert last(builder.record(), code) == expected


@pytest.mark.parametrize(
    ("ended", "code", "expected"),
    [
        ("22:50", "en", "Done."),  # "Impact ends" has that time
        ("22:51", "en", "states the end: 22:50 (22:51 holds)"),
        ("22:51", "fr", "indique la fin\u202f: 22:50 (retenu\u202f: 22:51)"),
        (None, "en", "states the end: 22:50 (no longer holds)"),
    ],
)
def test_an_end_that_does_not_hold_any_more(ended, code, expected):
    builder = told()
    entry = builder.typed("23:00", "oncall", "Done.", Kind.RESOLVED, states_end=builder.at("22:50"))
    if ended:
        builder.sets("ended", entry, "impact ended:", at=ended)

    assert last(builder.record(), code).endswith(f" | {expected}")


def test_the_answer_to_an_escalation_outside_dogwatch_was_only_not_recorded():
    builder = told()
    builder.escalated("22:10", "oncall", "network", "I rang them")
    builder.resolved("22:50", "oncall", "Done.")
    (document,) = build_draft(builder.record()).documents

    assert document.sections["escalations"][0].notes == ("no answer recorded",)


@pytest.mark.parametrize(
    ("is_open", "is_vendor", "expected"),
    [
        (True, True, "no answer yet"),
        (True, False, "no answer yet"),
        (False, True, "no answer recorded"),
        (False, False, "nobody acknowledged"),
    ],
)
def test_silence_is_told_as_far_as_it_is_known(is_open, is_vendor, expected):
    builder = told()
    builder.escalated("22:10", "oncall", "network", "Please help")
    paged = PagedLevel(Position(1, 1), builder.at("22:10"), builder.at("22:10"), people=("U1",))
    builder.escalations[0] = replace(builder.escalations[0], external=is_vendor, called=(paged,))
    if not is_open:
        builder.resolved("22:50", "oncall", "Done.")
    (document,) = build_draft(builder.record()).documents

    assert document.sections["escalations"][0].notes == (expected,)


def test_a_task_whose_words_name_its_owner_is_nobody_s_in_no_table():
    builder = told()
    builder.follow_ups("23:00", "oncall", [], ["Renew it (owned by the label team)", "Write it down"])
    (document,) = build_draft(builder.record(), languages=["en"]).documents

    assert {block.text: block.details.get("owner") for block in document.sections["action_items"]} == {
        "Renew it (owned by the label team)": "",
        "Write it down": None,
    }
