"""One page in several languages: the looks at it as one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.languages.translation import find_unmatched, merge_languages
from bot.domain.vendor_status.look import Look, VendorIncident, VendorState, VendorUpdate
from bot.domain.vendor_status.news import find_news
from bot.domain.vendor_status.state import KnownPage

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NOW = START + timedelta(hours=3)
FRENCH, ENGLISH = "Les paiements échouent.", "Payments fail."


def update(
    text: str, key: str = "u1", minutes: int = 0, state: VendorState = VendorState.INVESTIGATING
) -> VendorUpdate:
    at = START + timedelta(minutes=minutes)
    return VendorUpdate(key, text, state, said_at=at, written_at=at)


def incident(
    title: str, *updates: VendorUpdate, key: str = "i1", minutes: float = 0, level: Indicator = Indicator.MAJOR
) -> VendorIncident:
    at = START + timedelta(minutes=minutes)
    return VendorIncident(key, title, started_at=at, state=VendorState.INVESTIGATING, level=level, updates=updates)


def look(*incidents: VendorIncident) -> Look:
    return Look("statuspage", incidents=incidents)


PANNE = incident("Paiements", update(FRENCH))


@pytest.mark.parametrize(
    "english",
    [
        incident("Payments", update(ENGLISH)),
        incident("Payments", update(ENGLISH, key="other"), key="other"),
        incident("Payments", update(ENGLISH, key="other"), key="other", minutes=1.5),
        incident("Payments", update(ENGLISH, key="other"), key="other", minutes=30),
    ],
    ids=["same ids", "same times", "begun nearly at once", "same time of the update"],
)
def test_the_words_of_a_further_language_are_added(english: VendorIncident) -> None:
    [merged] = merge_languages({"fr": look(PANNE), "en": look(english)}).incidents

    assert (merged.key, merged.title, merged.full_title) == ("i1", "Paiements", "Paiements / Payments")
    assert [each.words for each in merged.updates] == [f"FR: {FRENCH}\n\nEN: {ENGLISH}"]


@pytest.mark.parametrize(
    "others",
    [
        [incident("Payments", key="i1", minutes=3 * 24 * 60)],
        [incident("Payments", key="a"), incident("Refunds", key="b")],
        [incident("Payments", key="a", minutes=10)],
    ],
    ids=["the same id, days later", "two that are alike", "another time"],
)
def test_an_incident_that_cannot_be_found_again_gets_no_words(others: Sequence[VendorIncident]) -> None:
    [merged] = merge_languages({"fr": look(PANNE), "en": look(*others)}).incidents

    assert merged.full_title == "Paiements"


def test_impact_decides_between_incidents_at_the_same_time() -> None:
    refunds = incident("Remboursements", key="i2", level=Indicator.MINOR)
    english = (incident("Refunds", key="a", level=Indicator.MINOR), incident("Payments", key="b"))

    merged = merge_languages({"fr": look(PANNE, refunds), "en": look(*english)}).incidents

    assert [each.full_title for each in merged] == ["Paiements / Payments", "Remboursements / Refunds"]


def test_words_that_are_not_translated_are_shown_once() -> None:
    [merged] = merge_languages({"fr": look(PANNE), "en": look(incident("Paiements", update(FRENCH)))}).incidents

    assert (merged.full_title, merged.updates[0].words) == ("Paiements", FRENCH)


def test_incidents_of_another_language_alone_are_found() -> None:
    only_english = incident("Refunds", key="i2", minutes=60)

    assert find_unmatched(look(PANNE), look(incident("Payments"), only_english)) == (only_english,)


def test_a_translation_is_told_once_however_late_it_comes() -> None:
    """The first page is read in French alone, later with English, without it, and with it again."""
    french, english = look(PANNE), look(incident("Payments", update(ENGLISH)))
    looks = [{"fr": french}, {"fr": french, "en": english}, {"fr": french}, {"fr": french, "en": english}]
    known, told = None, []
    for each in looks:
        outcome = find_news(known, merge_languages(each), NOW)
        known = KnownPage.from_json(outcome.known.to_json())
        told.append([(news.kind.value, news.update.words if news.update else "") for news in outcome.news])

    assert told == [[("opened", FRENCH)], [("translated", f"EN: {ENGLISH}")], [], []]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"en": "Card payments fail."}, [("translated", "EN: Card payments fail.")]),
        (
            {"fr": "Les paiements par carte échouent.", "en": "Card payments fail."},
            [("edited", "FR: Les paiements par carte échouent.\n\nEN: Card payments fail.")],
        ),
    ],
)
def test_a_corrected_text_is_told_with_the_languages_that_changed(changed: dict[str, str], told: object) -> None:
    pages = {"fr": PANNE, "en": incident("Payments", update(ENGLISH))}
    known = find_news(None, merge_languages({code: look(each) for code, each in pages.items()}), NOW).known
    for code, text in changed.items():
        pages[code] = replace(pages[code], updates=(update(text),))

    news = find_news(known, merge_languages({code: look(each) for code, each in pages.items()}), NOW).news

    assert [(each.kind.value, each.update.words if each.update else "") for each in news] == told
