"""The values of an incident's page: what a reader is told of its state and its times."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.status_page.page import PageFrame
from bot.domain.status_page.publication import PublishedIncident, PublishedUpdate
from bot.domain.status_page.state import build_state
from bot.domain.terms import UpdateState
from bot.export.status_page.feeds import FeedWriter
from bot.web.status.view import StatusView

NOW = datetime(2026, 4, 2, 14, 30, tzinfo=UTC)
FRAME = PageFrame("Example Pay", "https://status.example.test", ("en", "de"))


def update(minutes: int, state: UpdateState, **more: Any) -> PublishedUpdate:
    return PublishedUpdate(minutes, state, NOW + timedelta(minutes=minutes), {"en": "Text."}, ("en",), **more)


FIRST = update(-60, UpdateState.INVESTIGATING)
ENDINGS = {
    "resolved": (FIRST, update(-30, UpdateState.RESOLVED)),
    "ended": (FIRST, update(-30, UpdateState.RESOLVED, is_closing=True)),
    "corrected": (FIRST, update(-30, UpdateState.RESOLVED, is_closing=True), update(-10, UpdateState.RESOLVED)),
    "withdrawn": (update(-60, UpdateState.INVESTIGATING, is_withdrawn=True),),
    "told once": (update(-60, UpdateState.RESOLVED),),
}


@pytest.mark.parametrize(
    ("ending", "label", "end_label", "lasted"),
    [
        ("resolved", "Resolved", "Resolved", "30m"),
        ("ended", "Report ended", "Report ended", "30m"),
        ("corrected", "Resolved", "Resolved", "30m"),
        ("withdrawn", "Report withdrawn", None, ""),
        ("told once", "Resolved", "Resolved", ""),
    ],
)
def test_a_report_says_how_it_ended(ending: str, label: str, end_label: str | None, lasted: str) -> None:
    incident = PublishedIncident("a", {"en": "Title"}, ENDINGS[ending])
    state = build_state([], [incident], NOW, ZoneInfo("UTC"))

    values = StatusView(state, FRAME, "en", None).incident_values(incident)

    assert values["label"] == label
    assert (values["resolved_label"] if values["resolved"] else None) == end_label
    assert values["lasted"] == lasted


def test_a_feed_does_not_call_an_ended_report_resolved() -> None:
    state = build_state([], [PublishedIncident("a", {"en": "Title"}, ENDINGS["ended"])], NOW, ZoneInfo("UTC"))

    feed = FeedWriter(state, FRAME, "de").write_atom().decode()

    assert "Meldung beendet" in feed
    assert "Behoben" not in feed


@pytest.mark.parametrize(
    ("titles", "lang", "note"),
    [
        ({"en": "Payments fail", "de": "Zahlungen scheitern"}, "", ""),
        ({"en": "Payments fail"}, "en", "Titel nur auf Englisch verfügbar."),
        ({"en": "Payments fail", "fr": "Paiements"}, "en", "Titel nur auf Englisch und Französisch verfügbar."),
    ],
)
def test_a_title_without_words_in_the_readers_language_says_so(titles: dict[str, str], lang: str, note: str) -> None:
    incident = PublishedIncident("a", titles, ENDINGS["resolved"])
    state = build_state([], [incident], NOW, ZoneInfo("UTC"))

    values = StatusView(state, FRAME, "de", None).incident_values(incident)

    assert (values["lang"], values["title_note"]) == (lang, note)
