"""The public postmortem: nothing internal can be found in it, and nothing is cut without a reason."""

import html
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.drafting.public.document import build_public_postmortem
from bot.domain.drafting.public.model import PublicPolicy, PublicPostmortem
from bot.domain.drafting.public.wording import PublicWording
from bot.domain.findings import review_record
from bot.domain.findings.blocking import find_blocking
from bot.domain.findings.wording import english_formatter
from bot.domain.languages import get_language
from bot.domain.record.model import Record, Update
from bot.domain.terms import LANGUAGES, SourceKind, Status, UpdateState
from bot.export.html import Article, render_html_document
from bot.templating.public import render_public_document
from tests.support.records.internal import INTERNAL, NAMES, OF_ALERTS, POLICY, SAFE, internal_records, safe_texts, typed
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import START, source_of

asked_languages = st.sampled_from([None, ("en",), ("fr",), ("fr", "en"), ("de", "it", "es")])


def searchable(text: str) -> str:
    """As a patient reader searches: one case, no accents, nothing invisible, single blanks."""
    signs = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(each for each in signs if unicodedata.category(each) not in {"Mn", "Cf"}).split())


def readings(markdown: str, language: str) -> list[str]:
    """The document as a file, as a page, and without any sign of formatting."""
    page = render_html_document([Article(language, markdown)], title="")
    body = html.unescape(re.sub(r"<[^>]*>", "", page.partition("<body>")[2]))
    unescaped = re.sub(r"\\(.)", r"\1", html.unescape(markdown))
    bare = re.sub(r"[*_~`\\]", "", html.unescape(markdown))
    return [searchable(each) for each in (markdown, page, body, unescaped, bare)]


def findings_of(record: Record) -> list[str]:
    return [english_formatter(record).format_finding(each) for each in review_record(record)]


@settings(max_examples=100)
@given(internal_records(), asked_languages)
def test_nothing_internal_can_be_found(record, languages):
    built = build_public_postmortem(record, languages=languages, policy=POLICY)

    for document in built.documents:
        texts = readings(render_public_document(document), document.language)
        sought = [*INTERNAL, *(OF_ALERTS if record.alerts else ()), *findings_of(record)]
        found = [word for word in sought for text in texts if searchable(word) in text]
        assert found == []


@settings(max_examples=60)
@given(internal_records(safe_texts), asked_languages)
def test_public_words_are_neither_refused_nor_changed(record, languages):
    built = build_public_postmortem(record, languages=languages, policy=POLICY)

    assert [each for each in built.refusals if each.reason.startswith("has ")] == []
    words = " ".join(SAFE).split()
    for document in built.documents:
        for text in (document.title, document.cause, document.resolution, *(each.text for each in document.updates)):
            assert set(text.removesuffix(".").split()) <= {*words, *(word.removesuffix(".") for word in words)}


def reword(text: str, code: str = "en", record: Record | None = None) -> str:
    told = record or replace(checkout_500s(), people={**NAMES, "UWILL": "Will", "USUPPORT": "Support"})
    reworded = PublicWording(told, get_language(code), POLICY).reword(text)
    assert reworded.problems == ()
    return reworded.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@UENG> rolled back", "A responder rolled back"),
        ("Rolled back. ana.torres confirmed it", "Rolled back. A responder confirmed it"),
        ("Torres found it", "A responder found it"),
        ("a mark of will", "a mark of will"),
        ("we will ask customer support; Will agreed", "we will ask customer support; a responder agreed"),
        ("asked @support", "asked a responder"),
        ("asked @dba in #war-room-7", "asked a team in an internal channel"),
        ("full (see https://wiki.acme.example/x)", "full (see [internal address])"),
        ("the pool (https://wiki.acme.example/x) was full", "the pool was full"),
        ("the pool (OPS-4711, OPS-12) was full", "the pool was full"),
        ("see https://status.harbour.example/7.", "see https://status.harbour.example/7."),
        ("UTF-8 in Node.js, issue #4", "UTF-8 in Node.js, issue #4"),
        ("mail ana@acme.example about 10.0.0.7", "mail [internal address] about [internal address]"),
        ("*bold* `code` _it_\n> quoted\n\nend", "bold code it\nquoted\nend"),
    ],
)
def test_what_stands_in_place_of_internal_parts(text, expected):
    assert reword(text) == expected


@pytest.mark.parametrize("code", LANGUAGES)
def test_roles_are_worded_in_each_language(code):
    record = replace(checkout_500s(), people=NAMES)
    record = replace(record, incident=replace(record.incident, lead="UONCALL"))
    words = get_language(code).words

    text = reword("<@UONCALL> <@UDBA>", code, record)

    assert text.casefold() == f"{words['public_role_lead']} {words['public_role_responder']}".casefold()


def clean_record(**changes: object) -> Record:
    """A record that may leave: resolved, with a title, an impact, a cause and a resolution that were typed."""
    record = payment_outage()
    declared = replace(record.incident.declared, source=source_of(SourceKind.COMMAND, "entry-1"))
    incident = replace(
        record.incident, titles={"": "Payments failed"}, languages=("en",), status=Status.RESOLVED, declared=declared
    )
    told = replace(
        record,
        incident=incident,
        impacts=[typed("impact", "Payments failed")],
        causes=[typed("cause", "A deployment")],
        resolutions=[typed("resolution", "Rolled back")],
    )
    return replace(told, **changes)


def refusals_of(record: Record, *languages: str, policy: PublicPolicy = POLICY) -> list[str]:
    built = build_public_postmortem(record, languages=languages or ("en",), policy=policy)
    return [each.in_english() for each in built.refusals]


def test_a_clean_record_leaves_with_its_statements_and_times():
    [document] = build_public_postmortem(clean_record(), languages=["en"]).documents

    markdown = render_public_document(document)

    assert refusals_of(clean_record()) == []
    assert markdown.startswith("# Payments failed\n\n- **Duration of the impact:** 1h 45m, from 08:45 to 10:30 (PST)")
    assert "## Impact\n\nPayments failed.\n\n## Root cause\n\nA deployment.\n" in markdown
    assert "↗" not in markdown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Project falcon failed", "Cause (cause-1) has the private word “Falcon”."),
        ("It was a SEV2 by then", "Cause (cause-1) has the severity “SEV2”."),
        ("It was a sev 1 by then", "Cause (cause-1) has the severity “sev 1”."),
    ],
)
def test_a_text_with_words_that_cannot_be_replaced_is_refused_by_its_row(text, reason):
    assert refusals_of(clean_record(causes=[typed("cause", text)])) == [reason]


def test_a_statement_in_another_language_is_refused_not_shown():
    record = clean_record(causes=[typed("cause", "Un déploiement", "fr")])

    [refusal] = refusals_of(record)

    assert refusal == "Cause (cause-1) is not stated in English. State it with `lang:`."
    assert build_public_postmortem(record, languages=["en"]).documents[0].cause == ""


def test_a_text_without_a_language_is_of_no_language_where_there_are_several():
    record = clean_record()
    several = replace(record, incident=replace(record.incident, languages=("fr", "en")))

    assert refusals_of(several, "fr") == [
        "Title is missing in French. Add it: `/incident edit title:… lang:fr`.",
        "Impact (impact-1) is not stated in French. It has no stated language: state it again with `lang:`.",
        "Cause (cause-1) is not stated in French. It has no stated language: state it again with `lang:`.",
        "Resolution (resolution-1) is not stated in French. It has no stated language: state it again with `lang:`.",
    ]


def test_a_message_of_the_channel_is_no_statement_for_the_public():
    message = replace(typed("cause", "ah, the deploy"), source=source_of(SourceKind.MESSAGE, "entry-5"))

    assert refusals_of(clean_record(causes=[message])) == [
        "Cause (entry-5) is a message of the channel. State it with a command."
    ]


def test_an_update_in_other_languages_is_named_without_its_words():
    update = Update(UpdateState.RESOLVED, START, {"fr": "Résolu"}, ("fr",), (source_of(SourceKind.COMMAND, "entry-9"),))

    [document] = build_public_postmortem(clean_record(updates=[update]), languages=["en"]).documents

    assert "*Resolved* (French)" in render_public_document(document)
    assert "Résolu" not in render_public_document(document)


def test_a_resolution_told_by_an_update_in_the_language_is_not_asked_for_again():
    update = Update(UpdateState.RESOLVED, START, {"fr": "Résolu"}, ("fr",), (source_of(SourceKind.COMMAND, "entry-9"),))
    record = clean_record(updates=[update], impacts=[], causes=[])
    record = replace(record, incident=replace(record.incident, titles={"fr": "Panne"}, languages=("fr", "en")))

    assert refusals_of(record, "fr") == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"drill": True}, "INC-1 is a drill."),
        ({"private": True}, "INC-1 is private."),
        ({"status": Status.MONITORING}, "INC-1 is monitoring, not resolved."),
        ({"status": Status.CANCELLED}, "INC-1 is cancelled, not resolved."),
    ],
)
def test_incidents_that_never_leave(changes, reason):
    record = clean_record()

    assert refusals_of(replace(record, incident=replace(record.incident, **changes))) == [
        reason.replace("INC-1", record.incident.reference)
    ]


def test_a_title_from_an_alert_is_refused():
    record = replace(checkout_500s(), impacts=[typed("impact", "Payments failed")], causes=[], resolutions=[])

    assert refusals_of(record) == ["Title comes from an alert. Set one: `/incident edit title:…`."]


def test_findings_about_languages_block_in_these_only():
    codes = ["language-missing"]
    clean = clean_record()
    cause = replace(clean.causes[0], language="en", source=clean.entries[-1].source)
    record = replace(clean, causes=[cause], incident=replace(clean.incident, languages=("en", "fr")))
    found = review_record(record)

    assert [each.code for each in find_blocking(found, codes=codes, languages=["fr-CA"])] == codes
    assert list(find_blocking(found, codes=codes, languages=["en"])) == []
    assert list(find_blocking(found, codes=["long-gap"], languages=["fr"])) == []


def test_the_same_record_gives_the_same_bytes():
    def render() -> tuple[PublicPostmortem, str]:
        built = build_public_postmortem(clean_record(), languages=["en"], policy=POLICY)
        return built, render_public_document(built.documents[0])

    assert render() == render()
