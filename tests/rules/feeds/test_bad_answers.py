"""Answers that are broken, hostile or huge: a clear refusal or a sound reading, in time that grows with the length."""

import json
import time
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest

from bot.feeds import FeedError, parse_feed
from bot.feeds.builder import MOST_INCIDENTS
from bot.feeds.text import MAX_TEXT

ADDRESS = "https://status.example.test/api/v2/incidents.json"
PAGE = {"id": "p", "name": "Example", "url": "https://status.example.test"}
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><rss><channel><title>&i;</title></channel></rss>"
)
FILE_ENTITY = (
    '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed xmlns="http://www.w3.org/2005/Atom">&x;</feed>'
)


def incident(**fields: object) -> dict:
    update = {"id": "u", "status": "investigating", "body": "Text", "display_at": "2026-11-18T14:08:12Z"}
    times = {"created_at": "2026-11-18T14:08:12Z", "updated_at": "2026-11-18T14:08:12Z"}
    return {"id": "i", "name": "Name", "status": "investigating", **times, "incident_updates": [update], **fields}


def page(*incidents: dict, **fields: object) -> bytes:
    return json.dumps({"page": PAGE, "incidents": [*incidents], **fields}).encode()


@pytest.mark.parametrize(
    ("payload", "content_type", "message"),
    [
        (b"", "application/json", "The answer is empty."),
        (b"  \n", None, "The answer is empty."),
        (b"<!DOCTYPE html><html><body>Down</body></html>", "application/json", "web page"),
        (b"<html><head><title>503</title></head></html>", None, "web page"),
        (b"<html><br><p>tag soup", "text/html", "is a web page"),
        (b"Service Unavailable", "text/plain", "not JSON: Expecting value at line 1, column 1"),
        (page(incident())[:-40], "application/json", "cut off"),
        (b'{"page": {"id": "p"}, "incidents": [NaN]}', None, "NaN"),
        (b"[" * 100_000, None, "nested too deeply"),
        (b'{"page": {}, "incidents": [' + b"9" * 5000 + b"]}", None, "number that is too long"),
        (b"\xff\xfe\x00", None, "cannot be read as utf-16"),
        (b'{"page": "\xe9"}', "application/json; charset=utf-8", "cannot be read as utf-8"),
        (b"{}", "application/json; charset=klingon", "klingon"),
        (b"{}", "application/json; charset=hex", "hex"),
        (b"null", None, "It is null"),
        (b'"down"', None, 'It is "down"'),
        (b'{"error": "not found", "code": 404}', None, 'Its fields: "error", "code".'),
        (b"[]", None, "empty list"),
        (page(incident(id=None, shortlink=None, name=None)), None, "incidents[0].id: This is missing"),
        (page(incident(incident_updates={"a": 1})), None, "incidents[0].incident_updates: an object is not a list."),
        (page(incident(), incidents="none"), None, 'incidents: "none" is not a list.'),
        (b'{"data": [{"type": []}]}', None, 'Its fields: "data".'),
        (b"{}", "application/json; charset=punycode", "punycode"),
        (page(7), None, "incidents[0]: 7 is not an object."),
        (BOMB.encode(), "application/rss+xml", "document type"),
        (FILE_ENTITY.encode(), "application/atom+xml", "document type"),
        (b"<rss><channel><title>&nbsp;</title></channel></rss>", None, "undefined entity"),
        (b"<rss version='2.0'><channel><item>", None, "no element found"),
        (b"<?xml version='1.0' encoding='klingon'?><rss/>", None, "encoding"),
        (b"<opml/>", None, 'begins with "opml"'),
        (
            b"<rss><channel><item><title>Weather</title><guid>1</guid></item></channel></rss>",
            None,
            "entry[0]: No entry begins with a state",
        ),
    ],
)
def test_an_answer_that_cannot_be_read(payload: bytes, content_type: str | None, message: str):
    started = time.monotonic()

    with pytest.raises(FeedError) as refusal:
        parse_feed(payload, content_type, address="https://status.example.test/x")

    assert message in refusal.value.message
    assert len(refusal.value.message) < 300
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8-sig", None),
        ("utf-16", "application/json;charset=utf-16"),
        ("latin-1", "application/json; charset=iso-8859-1"),
        ("utf-16-be", "application/json; charset=utf-16-be"),
    ],
)
def test_odd_encodings(encoding: str, content_type: str | None):
    body = json.dumps({"page": PAGE, "incidents": [incident(name="Café fermé")]}, ensure_ascii=False).encode(encoding)

    assert parse_feed(body, content_type, address=ADDRESS).incidents[0].title == "Café fermé"


def test_dates_without_a_zone_are_named_and_left_out():
    body = page(incident(started_at="2026-11-18 14:08:12", created_at=None, resolved_at="soon"))

    look = parse_feed(body, None, address=ADDRESS)

    assert (look.incidents[0].started_at, look.incidents[0].ended_at) == (None, None)
    assert look.remarks == (
        'incidents[0].started_at: "2026-11-18 14:08:12" names no time zone. It is left out.',
        'incidents[0].resolved_at: "soon" is not a time. It is left out.',
    )
    zoned = parse_feed(body, None, address=ADDRESS, zone=ZoneInfo("Europe/Paris"))
    assert zoned.incidents[0].started_at.isoformat() == "2026-11-18T14:08:12+01:00"


def test_a_huge_list_is_cut_to_the_open_and_the_newest():
    past = [
        incident(id=str(each), status="resolved", updated_at=f"2026-01-01T00:00:{each % 60:02}Z")
        for each in range(3000)
    ]
    old = incident(id="old", updated_at="2020-01-01T00:00:00Z")

    look = parse_feed(page(*past, old), None, address=ADDRESS)

    assert len(look.incidents) == MOST_INCIDENTS
    assert [each.key for each in look.open_incidents] == ["old"]


def test_a_huge_text_is_cut():
    body = page(incident(incident_updates=[{"id": "u", "body": "a" * 1_000_000}]))

    text = parse_feed(body, None, address=ADDRESS).incidents[0].updates[0].text

    assert len(text) == MAX_TEXT
    assert text.endswith("…")


@pytest.mark.parametrize(
    "content",
    ["<" * 200_000, "<a href=" * 50_000, "<!--" * 60_000, "<small>Nov " * 30_000, "&lt;" * 60_000, "<p>\n" * 60_000],
)
def test_hostile_markup_takes_no_longer_than_its_length(content: str):
    started = time.monotonic()
    item = f"<item><title>[Resolved] a</title><guid>1</guid><description>{escape(content)}</description></item>"

    parse_feed(f"<rss><channel>{item}</channel></rss>".encode(), None, address=ADDRESS)
    parse_feed(page(incident(incident_updates=[{"id": "u", "body": content}])), None, address=ADDRESS)

    assert time.monotonic() - started < 2


def test_unknown_words_are_unknown_not_healthy():
    body = page(
        incident(status="paused", impact="terrible"),
        components=[{"id": "c", "name": "API", "status": "wobbly"}],
        status={"indicator": "purple"},
    )

    look = parse_feed(body, None, address=ADDRESS)

    assert (look.incidents[0].state, look.incidents[0].level) == (None, None)
    assert (look.components[0].state, look.page.indicator) == (None, None)
