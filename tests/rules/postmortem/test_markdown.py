"""Markdown of a draft: code, lines and links of people's texts."""

import re
from dataclasses import replace

import pytest

from bot.domain.findings import review_record
from bot.domain.postmortem import build_draft
from bot.domain.text.markdown_escape import markdown_link
from bot.templating.render import render_postmortem
from tests.rules.postmortem.test_render import TEMPLATES, inline_tokens
from tests.support.records.samples import payment_outage


def test_lines_of_a_message_stay_in_its_item():
    record = payment_outage()
    entries = [replace(each, text="one\n\n- two\nthree") if "Reading" in each.text else each for each in record.entries]

    markdown = render_postmortem(build_draft(replace(record, entries=entries)))

    assert "- **08:52** one  \n  \\- two  \n  three — oncall [[" in markdown


@pytest.mark.parametrize("template", TEMPLATES)
def test_code_stays_code(template):
    said = "Log:\n```\nFATAL  <too many>\n\n\n`idle` | 2\n```\nso *restart* `pg|pool`"
    record = payment_outage()
    entries = [replace(each, text=said) if "Reading" in each.text else each for each in record.entries]
    titles = {"": "`pay` is down"}
    actions = [replace(each, text="Watch `a|b`", symptom="`x|y` grows") for each in record.actions]
    changed = replace(record, entries=entries, actions=actions, incident=replace(record.incident, titles=titles))

    markdown = render_postmortem(build_draft(changed, findings=review_record(changed)), template=template)
    tokens = list(inline_tokens(markdown))

    assert re.search(r"^# .*`pay` is down$", markdown, re.MULTILINE)
    assert (
        "Log:\n  ```\n  FATAL  <too many>\n\n\n  `idle` | 2\n  ```\n  so **restart** `pg|pool` — oncall [[" in markdown
    )
    assert {each.content for each in tokens if each.type == "fence"} == {"FATAL  <too many>\n\n\n`idle` | 2\n"}
    assert {"pay", "pg|pool", "a|b"} <= {each.content for each in tokens if each.type == "code_inline"}
    assert "\\`" not in markdown


def test_text_in_a_fence_ends_no_item_and_no_paragraph():
    record = payment_outage()
    cause = [replace(record.causes[0], text="```\nmax_connections\n```")]
    markdown = render_postmortem(build_draft(replace(record, causes=cause)))

    assert "- **Root cause:** \n  ```\n  max_connections\n  ```\n  [[" in markdown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y=(1)&z=<b>", "[↗](https://a.example/x?y=%281%29&z=%3Cb%3E)"),
        ("https://a.example/&lt;/x", "[↗](https://a.example/&amp;lt;/x)"),
        ("https://a.example/a b\n[x](y)", "[↗](https://a.example/a%20b%0A%5Bx%5D%28y%29)"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_become_links(url, expected):
    assert markdown_link(url, "↗") == expected


def test_a_source_without_an_address_is_listed_without_a_link():
    record = payment_outage()
    entries = [replace(each, source=replace(each.source, link=None)) for each in record.entries]

    markdown = render_postmortem(build_draft(replace(record, entries=entries)))

    said = re.search(
        r"Reading server logs, suspecting a server overload. — oncall (\[(\d+)\])$", markdown, re.MULTILINE
    )
    assert said
    assert f"\n- {said[1]} Message — oncall, 08:52\n" in markdown
    assert f"\n{said[1]}: " not in markdown
