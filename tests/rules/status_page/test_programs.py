"""What programs read: JSON in Statuspage's shape, Atom, RSS and the badge."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from bot.domain.status_page.components import Component, ComponentState, Group
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.page import PageFrame
from bot.domain.status_page.publication import PublishedIncident, PublishedState, PublishedUpdate
from bot.domain.status_page.state import PublicState, build_state
from bot.domain.terms import UpdateState
from bot.domain.vendor_status.look import Listing
from bot.export.status_page.badge import render_badge
from bot.export.status_page.feeds import ATOM, FeedWriter
from bot.export.status_page.statuspage_json import StatuspageWriter
from bot.feeds import parse_feed

NOW = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
FRAME = PageFrame("Example Pay", "https://status.example.test", ("fr", "en"))
HOSTILE = 'Ends </content><script>alert(1)</script> & "quotes" \x00\x08 ]]> <!channel>'
PAYMENTS = Group("payments", {"fr": "Paiements", "en": "Payments"})
PARTS = (
    Component("card", {"fr": "Carte", "en": "Card"}, PAYMENTS, frozenset({"secret-service"})),
    Component("portal", {"fr": "Portail"}),
)


def page() -> PublicState:
    down = {"card": PublishedState(ComponentState.MAJOR, {"fr": "Carte", "en": "Card"})}
    updates = (
        PublishedUpdate(1, UpdateState.INVESTIGATING, NOW - timedelta(minutes=20), {"fr": "Analyse."}, ("fr",), down),
        PublishedUpdate(
            2,
            UpdateState.IDENTIFIED,
            NOW - timedelta(minutes=5),
            {"fr": "Cause.", "en": HOSTILE},
            ("fr", "en"),
            {},
            NOW,
        ),
    )
    old = PublishedUpdate(3, UpdateState.RESOLVED, NOW - timedelta(days=3), {"en": "Over."}, ("en",))
    incidents = [
        PublishedIncident("abc123", {"fr": "Paiements", "en": HOSTILE}, updates),
        PublishedIncident("def456", {"en": "Old"}, (old,)),
    ]
    hour = timedelta(hours=1)
    names = {"card": {"fr": "Carte", "en": "Card"}}
    starts = {"fed321": NOW + hour, "cba321": NOW - hour / 2, "bad321": NOW - 24 * hour}
    maintenances = [
        PublishedMaintenance(each, {"en": HOSTILE}, {"en": HOSTILE}, names, at, at + hour, at - 24 * hour)
        for each, at in starts.items()
    ]
    return build_state(PARTS, incidents, NOW, ZoneInfo("Europe/Paris"), maintenances)


def shape(value: Any, *, path: str = "") -> dict[str, set[str]]:
    """Types by path, those of all items of a list together."""
    if isinstance(value, dict):
        inner = [shape(each, path=f"{path}.{key}") for key, each in value.items()]
    elif isinstance(value, list):
        inner = [shape(each, path=f"{path}[]") for each in value]
    else:
        inner = []
    found = {path: {type(value).__name__}}
    for each in inner:
        for name, kinds in each.items():
            found.setdefault(name, set()).update(kinds)
    return found


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("summary", "summary"),
        ("status", "status"),
        ("components", "components"),
        ("incidents", "incidents"),
        ("incidents/unresolved", "incidents-unresolved"),
        ("scheduled-maintenances", "scheduled-maintenances"),
        ("scheduled-maintenances/active", "scheduled-maintenances"),
        ("scheduled-maintenances/upcoming", "scheduled-maintenances"),
    ],
)
def test_the_documents_have_the_shape_of_statuspage(ours: str, theirs: str, conformance: Path) -> None:
    """Each key of ours exists there with a type that ours may have; each key that is always there exists in ours."""
    kept = conformance / "vendor-status" / "statuspage"
    known = [shape(json.loads((kept / f"{theirs}.json").read_text()))]
    known += [
        shape(json.loads(each.read_text()))
        for each in kept.glob("*.json")
        if not {"cut", "webhook"} & {*each.stem.split("-")}
    ]
    mine = shape(json.loads(StatuspageWriter(page(), FRAME, "fr").write_files()[f"{ours}.json"]))

    missing = {key for key in known[0] if key.count("[]") <= 2 and parent(key) in mine and key not in mine}
    assert missing <= {".incidents[].reminder_intervals"}
    for key, kinds in mine.items():
        names = {key, key.removeprefix(".incidents[]").removeprefix(".scheduled_maintenances[]")}  # a component is one
        allowed = {"NoneType"}.union(*(each.get(name, set()) for each in known for name in names))
        assert kinds <= allowed, (key, kinds, allowed)


def parent(key: str) -> str:
    return key.rpartition(".")[0] if not key.endswith("[]") else key.removesuffix("[]")


def test_the_summary_tells_what_an_aggregator_asks() -> None:
    summary = json.loads(StatuspageWriter(page(), FRAME, "en").write_files()["summary.json"])

    assert summary["status"] == {"indicator": "critical", "description": "Major outage"}
    assert [(each["name"], each["status"], each["group"]) for each in summary["components"]] == [
        ("Payments", "major_outage", True),
        ("Card", "major_outage", False),
        ("Portail", "operational", False),
    ]
    assert summary["components"][1]["group_id"] == summary["components"][0]["id"]
    (incident,) = summary["incidents"]
    assert (incident["status"], incident["impact"], incident["started_at"]) == (
        "identified",
        "critical",
        "2026-11-18T15:10:00.000+01:00",
    )
    newest, first = incident["incident_updates"]
    assert (newest["body"], newest["updated_at"]) == (HOSTILE, "2026-11-18T15:30:00.000+01:00")
    assert first["body"] == "Analyse.", "a text that exists in French only is shown in French"
    assert first["affected_components"][0]["old_status"] == "operational"
    assert "secret-service" not in json.dumps(summary)


def test_ids_stay_from_one_rendering_to_the_next() -> None:
    first, second = (StatuspageWriter(page(), FRAME, code).write_files()["summary.json"] for code in ("fr", "fr"))

    assert first == second


def test_the_atom_feed_survives_hostile_words() -> None:
    feed = ET.fromstring(FeedWriter(page(), FRAME, "en").write_atom())

    entries = feed.findall(f"{{{ATOM}}}entry")
    assert [each.findtext(f"{{{ATOM}}}id") for each in entries] == [
        "tag:status.example.test,2026:incident/abc123",
        "tag:status.example.test,2026:incident/def456",
    ]
    assert entries[0].findtext(f"{{{ATOM}}}updated") == NOW.isoformat()
    content = entries[0].findtext(f"{{{ATOM}}}content") or ""
    assert "<script" not in content
    assert "&lt;script&gt;" in content
    assert content.index("Identified") < content.index("Investigating")


def test_the_rss_feed_has_the_same_incidents_with_dates_of_mail() -> None:
    items = ET.fromstring(FeedWriter(page(), FRAME, "fr").write_rss()).findall("channel/item")

    assert [each.findtext("guid") for each in items] == [
        "https://status.example.test/fr/incidents/abc123.html",
        "https://status.example.test/fr/incidents/def456.html",
    ]
    assert parsedate_to_datetime(items[0].findtext("pubDate") or "") == NOW


def test_a_component_has_feeds_of_the_incidents_in_which_it_was_named() -> None:
    card, portal = (FeedWriter(page(), FRAME, "fr", each) for each in page().components)
    feed = ET.fromstring(card.write_atom())
    items = ET.fromstring(card.write_rss()).findall("channel/item")

    assert feed.findtext(f"{{{ATOM}}}title") == "Example Pay: Carte"
    assert feed.findtext(f"{{{ATOM}}}id") == "https://status.example.test/fr/components/card.atom"
    assert len(feed.findall(f"{{{ATOM}}}entry")) == len(items) == 1
    assert items[0].findtext("guid") == "https://status.example.test/fr/incidents/abc123.html"
    assert not ET.fromstring(portal.write_atom()).findall(f"{{{ATOM}}}entry")


def test_the_badge_is_a_picture_with_a_name() -> None:
    frame = PageFrame("<b>&", FRAME.url, FRAME.languages)
    picture = ET.fromstring(render_badge(page(), frame, "fr"))

    assert picture.attrib["aria-label"] == "<b>&: Panne majeure"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_reader_of_vendors_pages_reads_ours(language: str) -> None:
    """The same words, states and times, so that one Dogwatch can watch the page of another."""
    files = StatuspageWriter(page(), FRAME, language).write_files()

    looks = {
        name: parse_feed(text, "application/json", address=f"https://status.example.test/api/v2/{name}")
        for name, text in files.items()
    }

    summary, incidents = looks["summary.json"], looks["incidents.json"]
    ours, theirs = page().incidents[0], {each.key: each for each in incidents.incidents}["abc123"]
    assert {each.kind for each in looks.values()} == {"statuspage"}
    assert [*(remark for each in looks.values() for remark in each.remarks)] == []
    assert (summary.listing, incidents.listing) == (Listing.OPEN, Listing.RECENT)
    assert [(each.key, each.is_over) for each in summary.maintenances] == [("cba321", False), ("fed321", False)]
    assert [each.state and each.state.value for each in theirs.ordered_updates] == ["investigating", "identified"]
    assert [each.said_at for each in theirs.ordered_updates] == [each.published_at for each in ours.updates]
    assert theirs.ordered_updates[0].text == "Analyse."
    assert "<" not in theirs.title.replace("</content>", "")
