"""Successive looks at pages: each piece of news is told once, and nothing else."""

import json
from datetime import datetime
from functools import cache

import pytest

from bot.domain.vendor_status.news import News, find_news
from bot.domain.vendor_status.state import KnownPage
from bot.feeds import FeedError, parse_feed
from tests.support.servers.requirements import conformance_data

NAMES = ("payplug-tsr-1532", "statuspage-life", "statuspage-life-atom", "azure", "cachet-rss", "incident-io-atom")


@cache
def sequences() -> dict:
    value = json.loads((conformance_data() / "vendor-status" / "sequences.json").read_text())
    return {each["name"]: each for each in value["sequences"]}


def play(sequence: dict, *, looks: int) -> list[list[News]]:
    """The news of each answer, which is looked at `looks` times; the state is a text in between, as after a restart."""
    state, told = None, []
    for poll in sequence["polls"]:
        told.append([])
        if poll["status"] != 200:
            continue
        folder = conformance_data() / "vendor-status"
        body = (folder / poll["file"]).read_bytes() if poll["file"] else poll["body"].encode()
        for _ in range(looks):
            try:
                look = parse_feed(
                    body, poll["headers"]["Content-Type"], address=f"https://status.example.test{sequence['path']}"
                )
            except FeedError:
                assert poll["file"] == "statuspage/life-09-cut-short.json"
                continue
            before = None if state is None else KnownPage.from_json(json.loads(state))
            outcome = find_news(before, look, datetime.fromisoformat(poll["at"]))
            assert KnownPage.from_json(outcome.known.to_json()) == outcome.known
            state = json.dumps(outcome.known.to_json())
            told[-1] += outcome.news
    return told


def describe(news: News, keys: set[str]) -> dict:
    """The parts of the news that the sequence names."""
    every = {
        "kind": news.kind.value,
        "incident": news.incident_key,
        "update": news.update_key,
        "state": news.state and news.state.value,
        "impact": news.level and news.level.value,
        "at": news.at,
        "written_at": news.written_at,
        "edited_at": news.edited_at,
        "from": news.old,
        "to": news.new,
    }
    return {key: value for key, value in every.items() if key in keys}


def expect(news: dict) -> dict:
    times = {key: datetime.fromisoformat(each) for key, each in news.items() if key == "at" or key.endswith("_at")}
    return {**news, **times}


def test_every_sequence_is_played():
    assert {*sequences()} == {*NAMES}


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_news_of_a_sequence(name: str, looks: int):
    sequence = sequences()[name]

    told = play(sequence, looks=looks)

    for poll, news in zip(sequence["polls"], told, strict=True):
        expected = [expect(each) for each in poll["news"]]
        keys = [{*each} for each in expected] + [{"kind", "incident", "update"}] * len(news)
        assert [describe(each, names) for each, names in zip(news, keys, strict=False)] == expected, poll["at"]
        assert len(news) == len(expected), poll["at"]
