"""The transcript of a channel, as the appendix of a draft."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.record.transcript import Transcript, TranscriptMessage, group_threads
from bot.export.html import render_html_body
from bot.export.json import incident_json
from bot.export.transcript import transcript_markdown
from tests.support.records.samples import payment_outage
from tests.support.records.strategies import HOSTILE

RECORD = payment_outage()
BEGAN = datetime(2023, 11, 7, 17, 0, tzinfo=UTC)
"""09:00 in the incident's zone."""
PEOPLE = {"U1": "oncall", "U2": "dba"}
FORMATTING = {"strong", "em", "s", "code", "pre", "blockquote", "p"}


def said(number: int, text: str, author: str | None = "U1", **more: object) -> TranscriptMessage:
    at = BEGAN + timedelta(minutes=number)
    return TranscriptMessage(f"{number}.0", at, author, text, link=f"https://acme.example/p{number}", **more)  # type: ignore[arg-type]


def written(*messages: TranscriptMessage, language: str = "en") -> list[str]:
    text = transcript_markdown(Transcript("inc-1", messages, PEOPLE), RECORD.incident, language=language)
    return text.splitlines()


def test_who_wrote_what_when_with_answers_below_what_they_answer() -> None:
    lines = written(
        said(1, "is it the network? <@U2>"),
        said(2, "something else"),
        said(3, "no", "U2", thread="1.0"),
        said(4, "answers what is not kept", thread="0.5"),
    )

    assert lines == [
        "# Appendix: transcript of the channel",
        "",
        "#inc-1 (PST)",
        "",
        "- **09:01** oncall: is it the network? @dba [↗](https://acme.example/p1)",
        "  - **09:03** dba: no [↗](https://acme.example/p3)",
        "- **09:02** oncall: something else [↗](https://acme.example/p2)",
        "- **09:04** oncall: answers what is not kept [↗](https://acme.example/p4)",
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (said(1, "better", is_edited=True), "oncall: better *(edited)*"),
        (said(1, "", is_deleted=True), "oncall: *Message deleted*"),
        (said(1, "", is_redacted=True, is_edited=True), "oncall: *Text redacted*"),
        (said(1, "see", files=("graph_1.png", "log.txt")), "oncall: see *files: graph_1.png, log.txt*"),
        (said(1, "by an app", None), "by an app"),
        (said(1, "by a stranger", "U9"), "U9: by a stranger"),
        (said(1, "two\nlines"), "oncall: two  \n  lines"),
        (said(1, "run `df -h`:\n```\n98%  /\n```"), "oncall: run `df -h`:\n  ```\n  98%  /\n  ```\n "),
    ],
    ids=["edited", "deleted", "redacted", "files", "nobody", "unknown", "lines", "code"],
)
def test_what_became_of_a_message(message: TranscriptMessage, expected: str) -> None:
    lines = written(message)

    assert "\n".join(lines[4:]) == f"- **09:01** {expected} [↗](https://acme.example/p1)"


def test_code_in_an_answer_stays_in_its_item() -> None:
    lines = written(said(1, "a"), said(2, "```\n# b\n\n\n  c\n```", "U2", thread="1.0"), said(3, "d"))

    assert lines[5:11] == ["  - **09:02** dba:", "    ```", "    # b", "", "", "      c"]
    html = render_html_body("\n".join(lines))
    assert "<pre><code># b\n\n\n  c\n</code></pre>" in html
    assert html.count("<ul>") == 2


def test_another_day_and_another_language() -> None:
    lines = written(said(1, "a"), said(24 * 60, "b"), language="de")

    assert lines[0] == "# Anhang: Nachrichtenverlauf des Kanals"
    assert "**09:01**" in lines[4]
    assert "8. Nov., 09:00" in lines[5]


def test_an_empty_channel_says_so() -> None:
    assert written()[-1] == "*No message of the channel is kept.*"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_text(text: str) -> None:
    def tags(*messages: TranscriptMessage) -> list[str]:
        html = render_html_body("\n".join(written(*messages))).replace("<br />\n", "")
        return [tag for tag in re.findall(r"</?(\w+)", html) if tag not in FORMATTING]

    assert tags(said(1, text), said(2, text, thread="1.0")) == tags(said(1, "a"), said(2, "b", thread="1.0"))


def test_every_message_is_in_the_appendix_once() -> None:
    messages = [said(1, "a"), said(2, "b", thread="1.0"), said(3, "c", thread="2.0"), said(4, "d", thread="9.9")]

    found = [each.id for root, answers in group_threads(messages) for each in [root, *answers]]

    assert sorted(found) == [each.id for each in messages]


def test_in_the_json_with_names_and_the_entry_it_became() -> None:
    transcript = Transcript("inc-1", [said(1, "ask <@U2>", entry="entry-3", thread="0.1")], PEOPLE)

    whole = incident_json(RECORD, transcript=transcript)

    assert whole["transcript"] == [
        {
            "id": "1.0",
            "at": "2023-11-07T09:01:00-08:00",
            "author": "oncall",
            "author_id": "U1",
            "text": "ask @dba",
            "files": [],
            "thread": "0.1",
            "edited": False,
            "deleted": False,
            "redacted": False,
            "entry": "entry-3",
            "link": "https://acme.example/p1",
        }
    ]
    assert "transcript" not in incident_json(RECORD)
