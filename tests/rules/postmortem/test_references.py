"""References of a rendered draft: numbered once, in the order of the text."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.postmortem import build_draft
from bot.templating.render import render_documents, render_postmortem
from tests.rules.postmortem.test_render import TEMPLATES, inline_tokens
from tests.support.records.samples import payment_outage
from tests.support.records.strategies import records


def references_in(markdown: str) -> list[int]:
    """The numbers of the statements, in order."""
    return [int(number) for number in re.findall(r"(?<!- )\[\[?(\d+)\]\]?(?!:)", markdown)]


def listed_in(markdown: str) -> list[tuple[int, str]]:
    """Number and note of each source of the list."""
    return [(int(number), note) for number, note in re.findall(r"^- \[\[?(\d+)\]\]? (.+)$", markdown, re.MULTILINE)]


@given(records(), st.sampled_from(TEMPLATES))
def test_numbers_begin_in_the_order_of_the_text_and_each_is_listed_once(record, template):
    markdown = render_postmortem(build_draft(record, languages=["en"]), template=template)
    body = markdown.partition("\n## Sources\n")

    first = list(dict.fromkeys(references_in(body[0])))
    assert first == list(range(1, len(first) + 1))
    assert [number for number, _ in listed_in(body[2])] == sorted({*first, *references_in(body[2])})


def test_the_list_says_what_each_source_is():
    notes = dict(listed_in(render_postmortem(build_draft(payment_outage(), languages=["de"]))))

    assert {
        "Alarm FailedTransactionsSpike — 08:45",
        "Vorfall eröffnet — 08:45",
        "Nachricht — oncall, 08:52",
        "Befehl — oncall, 10:30",
        "Aufgabe 4",
    } <= set(notes.values())


def test_a_source_has_one_number_in_all_languages_of_a_file():
    documents = render_documents(build_draft(payment_outage(), languages=["fr", "en"]))

    french, english = (dict(re.findall(r"^\[(\d+)\]: (\S+)$", each, re.MULTILINE)) for each in documents.values())
    assert french
    assert {number: french.get(number, address) for number, address in english.items()} == english
    assert len({*french.values(), *english.values()}) == len({*french, *english})


def test_a_message_cited_twice_has_one_number():
    record = payment_outage()
    same = [replace(each, source=replace(each.source, link="https://acme.example/list")) for each in record.actions]

    markdown = render_postmortem(build_draft(replace(record, actions=same)))

    assert markdown.count("https://acme.example/list") == 1
    assert [note for _, note in listed_in(markdown)].count("List of follow-ups") == 1


def test_a_line_added_by_hand_moves_no_number():
    markdown = render_postmortem(build_draft(payment_outage()))
    changed = markdown.replace("\n### Improvements", "\n- Added by hand [[2]]\n\n### Improvements")

    usual, edited = (
        [each.attrs["href"] for each in inline_tokens(text) if each.type == "link_open"] for text in (markdown, changed)
    )
    assert len(edited) == len(usual) + 1
    assert set(edited) == set(usual)


@pytest.mark.parametrize("said", ["[[1]]", "[1]: https://evil.example", "[x][1]", "![1]", "`[[1]]`"])
def test_typed_brackets_are_no_reference(said):
    record = payment_outage()
    entries = [replace(each, text=said) if "Reading" in each.text else each for each in record.entries]

    tokens = list(inline_tokens(render_postmortem(build_draft(replace(record, entries=entries)))))
    usual = list(inline_tokens(render_postmortem(build_draft(record))))

    assert [each.attrs for each in tokens if each.type == "link_open"] == [
        each.attrs for each in usual if each.type == "link_open"
    ]
