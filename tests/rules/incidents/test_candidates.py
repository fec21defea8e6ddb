"""Which messages are offered for the timeline, and how the form shows them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline.candidates import ChannelMessage, rank_candidates
from bot.services.channel.candidates import CandidatesView
from bot.services.channel.messages import format_ts
from bot.slack.blocks.postmortem.candidates import choose_messages_form

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
CHATTER = "yes I think so too"


def said(minute: int, text: str = CHATTER, author: str = "U0ENG", **more: object) -> ChannelMessage:
    at = START + timedelta(minutes=minute)
    return replace(ChannelMessage("C0INC1", format_ts(at), at, author, text), **more)


def ranked(*messages: ChannelMessage, limit: int = 10, **more: object) -> list[ChannelMessage]:
    return rank_candidates(messages, more.get("on_timeline", ()), more.get("with_role", ()), limit=limit)


@pytest.mark.parametrize(
    "telling",
    [
        said(50, "look https://grafana.example/d/1"),
        said(50, "restarted with `systemctl restart pool`"),
        said(50, "errors began at 14:05 here"),
        said(50, "the pool is full", reactions=1),
        said(50, "", has_files=True),
        said(50, "the pool was halved by the deploy of this morning " * 3),
    ],
    ids=["address", "code", "time", "reaction", "file", "long"],
)
def test_a_message_that_says_more_comes_before_chatter(telling: ChannelMessage) -> None:
    assert ranked(*(said(minute) for minute in range(40)), telling, limit=1) == [telling]


def test_what_others_answered_or_linked_to_comes_first() -> None:
    asked, linked = said(1, "is the pool full"), said(2, "the pool is full")
    link = f"https://x.slack.com/archives/C0INC1/p{linked.ts.replace('.', '')}"
    answers = [said(minute, "hm", thread=asked.ts) for minute in (3, 4, 5)]

    found = ranked(said(0), asked, linked, *answers, said(6, f"see {link} https"), limit=3)

    assert found[:2] == [asked, linked]


def test_somebody_with_a_role_comes_before_others() -> None:
    found = ranked(said(0), said(1, author="U0LEAD"), said(2), limit=1, with_role={"U0LEAD"})

    assert [each.author for each in found] == ["U0LEAD"]


@pytest.mark.parametrize("text", ["ok", "+1", "thanks!", "  ", ""])
def test_a_word_or_two_are_never_offered(text: str) -> None:
    assert ranked(said(0, text, author="U0LEAD"), with_role={"U0LEAD"}) == []


def test_what_is_on_the_timeline_is_not_offered() -> None:
    marked = said(0, "errors began at 14:05")

    assert ranked(marked, said(1), on_timeline={marked.message_key}) == [said(1)]


def test_the_offer_is_in_order_of_time() -> None:
    late, early = said(9, "since 14:09 it is slow https://x.example"), said(1, "since 14:01 it is slow")

    assert ranked(late, early) == [early, late]


def test_more_reactions_removed_than_added_count_as_none() -> None:
    """Events of reactions come in any order, and some before their message."""
    assert ranked(said(0, reactions=-3), said(1), limit=2) == [said(0, reactions=-3), said(1)]


def test_the_form_shows_time_author_and_as_many_words_as_fit() -> None:
    text = "the pool of checkout was halved by the deploy of this morning and nobody noticed it before the load"
    view = CandidatesView(7, "INC-7", ZoneInfo("Europe/Paris"), 306, 0, (said(5, text),), {"U0ENG": "Engineer"})

    [_, field] = choose_messages_form(view)["blocks"]

    [option] = field["element"]["options"]
    assert option["text"]["text"] == "15:05 Engineer: the pool of checkout was halved by the deploy of this"
    assert option["description"]["text"] == "morning and nobody noticed it before the load"
