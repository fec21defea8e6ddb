"""By what somebody is paged, in which order, and what goes out together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigurationError, Settings, load
from bot.domain.errors import UserError
from bot.domain.paging.contact_rules import (
    BUNDLE_DELAY,
    MINUTE,
    Bundle,
    ContactRule,
    parse_contact_rule,
    plan_bundle,
    sort_contact_rules,
)
from bot.services.paging.addresses import check_address

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("slack", ContactRule("slack")),
        (" Slack after 2".lower(), ContactRule("slack", timedelta(minutes=2))),
        ("pagerduty:payments after 5 min", ContactRule("pagerduty:payments", timedelta(minutes=5))),
        ("apprise:sms after 10 minutes", ContactRule("apprise:sms", timedelta(minutes=10))),
    ],
)
def test_a_way_is_read(text: str, expected: ContactRule) -> None:
    assert parse_contact_rule(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("email", "needs an address"),
        ("webhook after 5", "needs an address"),
        ("pigeon", "Write a contact method"),
        ("slack in 5", "Write a contact method"),
        ("slack after 5000", "The longest delay is 1440 minutes."),
        ("", "Write a contact method"),
    ],
)
def test_a_way_that_is_none_is_refused_with_a_remedy(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        parse_contact_rule(text)


def test_the_file_is_refused_with_a_default_that_nobody_has(tmp_path) -> None:
    file = tmp_path / "dogwatch.toml"
    file.write_text('[paging]\ndefault = ["slack", "email after 2"]\n')

    with pytest.raises(ConfigurationError, match="needs an address"):
        load({"DOGWATCH_CONFIG": str(file)})


def test_what_comes_sooner_goes_first_and_of_one_time_as_it_was_put() -> None:
    slow, first, second = ContactRule("a", timedelta(minutes=5)), ContactRule("b"), ContactRule("c")

    assert sort_contact_rules([slow, first, second]) == [first, second, slow]


@pytest.mark.parametrize(
    ("recent", "last_bundle", "expected"),
    [
        (0, None, None),
        (2, None, None),
        (3, None, Bundle(NOON + BUNDLE_DELAY)),
        (3, after(4), Bundle(after(4))),
        (0, after(4), Bundle(after(4))),
        (0, after(-10), Bundle(after(50))),
        (5, after(-59), Bundle(NOON + BUNDLE_DELAY)),
        (5, after(-60), Bundle(NOON + BUNDLE_DELAY)),
        (2, after(-60), None),
    ],
)
def test_which_page_goes_with_others(recent: int, last_bundle: datetime | None, expected: Bundle | None) -> None:
    assert plan_bundle(recent, last_bundle, NOON, limit=3) == expected


@given(st.lists(st.floats(0, 40), min_size=1, max_size=300), st.integers(1, 5))
def test_nobody_waits_longer_than_a_minute_nor_gets_more_than_a_bundle_a_minute(gaps: list[float], limit: int) -> None:
    now, alone, bundles = NOON, [], []
    for gap in gaps:
        now += timedelta(seconds=gap)
        recent = sum(1 for at in alone if now - at < MINUTE)
        found = plan_bundle(recent, max((at for at in bundles if at > now - MINUTE), default=None), now, limit)
        if found is None:
            alone.append(now)
        else:
            assert now < found.at <= now + MINUTE
            bundles.append(found.at)

    times = sorted(set(bundles))
    assert all(later - one >= MINUTE for one, later in pairwise(times))
    for at in alone:
        assert sum(1 for each in alone if timedelta(0) <= at - each < MINUTE) <= limit


def test_without_a_word_everybody_is_paged_by_slack() -> None:
    settings: Settings = load({})

    assert settings.paging.default == ("slack",)


@pytest.mark.parametrize(
    "typed",
    ["http://hooks.example.com/a", "https://", "https://[abc", "https://hooks.example.com:99999/", "https://hooks℀/"],
)
def test_what_is_no_address_of_a_webhook_is_refused(typed: str) -> None:
    settings = Settings.model_validate({"paging": {"webhook": {"hosts": ["hooks.example.com"]}}})

    with pytest.raises(UserError, match="not a webhook address"):
        check_address(settings, "webhook", typed)
