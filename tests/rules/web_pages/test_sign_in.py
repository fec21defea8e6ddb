"""Paths, origins, cookies and attempts of signing in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings
from bot.web.auth.attempts import MAX_FAILURES, WINDOW_SECONDS, FailedAttempts, network_of
from bot.web.auth.local_paths import local_path, sign_in_path, site_origin, site_root
from bot.web.auth.page_sessions import cookie_name


@pytest.mark.parametrize(
    ("given_path", "expected"),
    [
        ("/", "/"),
        ("/incidents/INC-7?kind=fix&person=U1#e1", "/incidents/INC-7?kind=fix&person=U1#e1"),
        ("", "/"),
        ("incidents", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 1000, "/"),
    ],
)
def test_only_paths_of_this_site_are_followed(given_path, expected):
    assert local_path(given_path) == expected


@given(st.text())
def test_any_text_is_a_path_of_this_site(text):
    path = local_path(text)

    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert path.isprintable()


@pytest.mark.parametrize(
    ("url", "origin", "root", "cookie"),
    [
        ("https://bot.example.org", "https://bot.example.org", "", "__Host-s"),
        ("https://Bot.Example.org:443/", "https://bot.example.org", "", "__Host-s"),
        ("https://example.org:8443/dogwatch/", "https://example.org:8443", "/dogwatch", "__Host-s"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000", "", "s"),
        ("http://[::1]:3000", "http://[::1]:3000", "", "s"),
    ],
)
def test_the_public_address_decides_origin_root_and_cookie(url, origin, root, cookie):
    settings = Settings(public_url=url)

    assert (site_origin(settings), site_root(settings), cookie_name(settings, "s")) == (origin, root, cookie)
    assert sign_in_path(settings, "/a?b=c") == f"{root}/sign-in?next=/a%3Fb%3Dc"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "20010db800010002/64"),
        ("2001:db8:1:2:ffff::1", "20010db800010002/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_a_network_counts_as_one_sender(address, network):
    assert network_of(address) == network


def test_failures_of_a_minute_are_limited_by_sender():
    now = 0.0
    attempts = FailedAttempts(lambda: now)

    results = [attempts.record("192.0.2.7") for _ in range(MAX_FAILURES + 1)]

    assert results == [True] * MAX_FAILURES + [False]
    assert attempts.record("192.0.2.8")
    now = WINDOW_SECONDS
    assert attempts.record("192.0.2.7")


def test_failures_count_for_a_person_from_any_address():
    attempts = FailedAttempts(lambda: 0.0)

    results = [attempts.record(f"192.0.2.{number}", "U0ANA") for number in range(MAX_FAILURES + 1)]

    assert results == [True] * MAX_FAILURES + [False]
    assert attempts.record("192.0.2.99", "U0BO")
    assert attempts.record("192.0.2.99")


def test_an_address_with_too_many_failures_adds_nothing_to_a_person():
    attempts = FailedAttempts(lambda: 0.0)
    for _ in range(MAX_FAILURES * 3):
        attempts.record("192.0.2.7")

    assert not attempts.record("192.0.2.7", "U0ANA")
    assert all(attempts.record(f"192.0.2.{number + 20}", "U0ANA") for number in range(MAX_FAILURES))
