"""
The answers of a vendor's page, compared with the state that is kept of it.

It runs in a process of its own, which imports this module: it imports as little as it can.
"""

import json
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.vendor_status.languages.translation import merge_languages
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.news import News, find_news
from bot.domain.vendor_status.state import KnownPage
from bot.feeds import FeedError, parse_feed
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page that was fetched. `address` is the one that was asked."""

    address: str
    body: bytes
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class PageMeaning:
    """How answers are read. `kind` None: not known. `zone`: of times without one."""

    kind: str | None = None
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    The result of a look.

    `look` has no incidents. `kept` is the state to keep, `news` what is new. `histories`: where past incidents have to
    be looked up, by language; `kept_again` is to be kept if they cannot be, so that the next look asks again.
    `problems`: languages that could not be read. `is_older`: an older copy, ignored in part.
    """

    look: Look
    kept: str
    news: tuple[News, ...] = ()
    histories: Mapping[str, str] = field(default_factory=dict)
    kept_again: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    is_older: bool = False


def read_answer(answer: PageAnswer, meaning: PageMeaning) -> Look:
    """Raises FeedError."""
    return parse_feed(answer.body, answer.content_type, address=answer.address, kind=meaning.kind, zone=meaning.zone)


def describe_answer(answer: PageAnswer, meaning: PageMeaning) -> Look:
    """As `read_answer`, without the incidents."""
    return replace(read_answer(answer, meaning), incidents=())


def compare_answers(
    answers: Mapping[str, PageAnswer], meaning: PageMeaning, kept: str | None, now: datetime
) -> Comparison:
    """
    Compare answers, by language, with the state before; None at the first look.

    Raises FeedError for the first language. The others only add their words.
    """
    looks: dict[str, Look] = {}
    problems: dict[str, str] = {}
    for code, answer in answers.items():
        try:
            looks[code] = read_answer(answer, meaning)
        except FeedError as problem:
            if not looks:
                raise
            problems[code] = str(problem)
    before = KnownPage.from_json(json.loads(kept)) if kept else None
    merged = merge_languages(looks)
    outcome = find_news(before, merged, now)
    histories: dict[str, str] = {}
    if outcome.missing or outcome.may_be_past:
        histories = {code: each.history_address for code, each in looks.items() if each.history_address}
    again = replace(outcome.known, changed_at=before.changed_at if before else None)
    return Comparison(
        look=replace(merged, incidents=()),
        kept=_serialize(outcome.known),
        news=outcome.news,
        histories=histories,
        kept_again=_serialize(again) if histories else "",
        problems=problems,
        is_older=outcome.is_older,
    )


def _serialize(known: KnownPage) -> str:
    return json.dumps(known.to_json())
