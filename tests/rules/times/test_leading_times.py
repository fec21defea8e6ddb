"""The longest time at the start of a text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.times import read_leading_time

NAIROBI = ZoneInfo("Africa/Nairobi")
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # Tuesday: 21:00 in Nairobi, 10:00 in Los Angeles, 19:00 in Paris


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("14:05 est tombé", 1),
        ("14:05 EST db down", 2),
        ("14:05 DNS is down", 1),
        ("14:05 api/v1 is down", 1),
        ("14:05 5 errors", 1),
        ("14:05 -5 users", 1),
        ("14:05, payments", 1),
        ("14:05 HR system", 1),
        ("14:05 sat down", 1),
        ("14:05 cat pictures", 1),
        ("10 min ago payments failed", 3),
        ("an hour ago payments", 3),
        ("2 pm payments", 2),
        ("yesterday 15:00 EAT db", 3),
        ("2023-11-07 08:45 -08:00 db", 3),
        ("Nov 7 2023 08:45 db", 4),
        ("? nobody knows", 1),
        ("~ 14:05 db", 2),
        ("16h21 les paiements", 1),
        ("16.11 i pagamenti", 1),
        ("16:11 Uhr Zahlungen", 2),
        ("now it is", 1),
    ],
)
def test_the_longest_time_wins(text, words):
    when, taken = read_leading_time(text.split(), now=NOW, zone=NAIROBI)

    assert taken == words
    assert when.text == " ".join(text.split()[:words]).rstrip(",.:")


@pytest.mark.parametrize("text", ["", "the moment", "database", "yesterday we saw", "10 servers"])
def test_no_time_at_the_start(text):
    assert read_leading_time(text.split(), now=NOW, zone=NAIROBI) is None


@pytest.mark.parametrize("text", ["13 pm payments", "25:00 payments", "Feb 30 10:00 db", "14:05 Europe/Pariss db"])
def test_what_looks_like_a_time_and_cannot_be_one_is_not_cut_to_fit(text):
    with pytest.raises(UserError):
        read_leading_time(text.split(), now=NOW, zone=NAIROBI)
