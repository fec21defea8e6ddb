"""Database addresses as operators paste them."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.database_url import LOCK_RELEASE_SETTINGS, parse_database_url
from bot.domain.errors import UserError
from bot.store.database.session import open_database

NAMES = {"server_settings": {"application_name": "dogwatch", **LOCK_RELEASE_SETTINGS}}
ONE = "postgresql://bot@db.example/dogwatch"
TWO = "postgresql://bot@db1,db2:5433/dogwatch"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://db.example/dogwatch", [("db.example", 5432)]),
        ("postgresql://bot:word@db.example:6432/dogwatch", [("db.example", 6432)]),
        ("postgresql://bot@db1:5432,db2:5433/dogwatch", [("db1", 5432), ("db2", 5433)]),
        ("postgresql://db1,db2,db3/dogwatch", [("db1", 5432), ("db2", 5432), ("db3", 5432)]),
        ("postgresql://[2001:db8::1]:5433,[2001:db8::2]/dogwatch", [("2001:db8::1", 5433), ("2001:db8::2", 5432)]),
        ("postgresql:///dogwatch?host=db1,db2&port=5433", [("db1", 5433), ("db2", 5433)]),
        ("postgresql:///dogwatch?host=db1,db2&port=5433,5434", [("db1", 5433), ("db2", 5434)]),
        ("postgresql:///dogwatch?host=/run/postgresql", [("/run/postgresql", 5432)]),
        ("postgresql://bot@%2Frun%2Fpostgresql/dogwatch", [("/run/postgresql", 5432)]),
        ("postgresql:///dogwatch", [None]),
    ],
)
def test_the_hosts_are_asked_in_their_order(url: str, expected: list[Any]) -> None:
    assert list(parse_database_url(url).hosts) == expected


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", {}),
        ("?sslmode=require", {"dsn": "postgresql://?sslmode=require"}),
        ("?ssl=verify-full", {"dsn": "postgresql://?sslmode=verify-full"}),
        ("?ssl=true", {"dsn": "postgresql://?sslmode=require"}),
        ("?application_name=pager", {"server_settings": {"application_name": "pager", **LOCK_RELEASE_SETTINGS}}),
        ("?user=other&password=word&dbname=ignored", {"password": "word"}),
        ("?passfile=/etc/dogwatch/pgpass", {"passfile": "/etc/dogwatch/pgpass"}),
    ],
)
def test_what_managed_servers_append_is_understood(query: str, arguments: dict[str, Any]) -> None:
    found = parse_database_url(ONE + query).arguments

    expected = NAMES | {"user": "bot", "database": "dogwatch", "command_timeout": 30.0} | arguments
    assert {name: value for name, value in found.items() if value is not None} == expected


def test_a_password_may_hold_anything_that_is_escaped() -> None:
    found = parse_database_url("postgresql://b%6Ft:p%40ss%2F%3Fw%3Ard@db1,db2/dog%20watch")

    assert (found.arguments["user"], found.arguments["password"]) == ("bot", "p@ss/?w:rd")
    assert found.arguments["database"] == "dog watch"
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (ONE, "any"),
        (f"{ONE}?target_session_attrs=primary", "primary"),
        (TWO, "read-write"),
        (f"{TWO}?target_session_attrs=read-write", "read-write"),
    ],
)
def test_of_several_hosts_one_that_takes_writes_is_chosen(url: str, target: str) -> None:
    assert parse_database_url(url).target == target


def test_each_host_is_waited_for_as_long_as_is_said() -> None:
    assert parse_database_url(TWO).connect_seconds == 5
    assert parse_database_url(f"{TWO}?connect_timeout=2").connect_seconds == 2


def test_the_certificate_has_to_be_there(tmp_path: Path) -> None:
    """A missing file would look like a server that is away."""
    (tmp_path / "root.crt").write_text("a certificate")

    found = parse_database_url(f"{ONE}?sslmode=verify-full&sslrootcert={tmp_path}/root.crt")

    assert found.arguments["dsn"].startswith("postgresql://?sslmode=verify-full&sslrootcert=")
    with pytest.raises(ValueError, match=r"sslrootcert: there is no file .*other\.crt"):
        parse_database_url(f"{ONE}?sslrootcert={tmp_path}/other.crt")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"{ONE}?channel_binding=require", "does not support the parameter channel_binding"),
        (f"{ONE}?sslmode=full", "sslmode is 'full'"),
        (f"{ONE}?sslmode=", "sslmode is empty"),
        (f"{ONE}?connect_timeout=0", "connect_timeout is '0'"),
        (f"{ONE}?target_session_attrs=standby", "Dogwatch needs write access"),
        (f"{TWO}?target_session_attrs=any", "Dogwatch needs write access"),
        ("postgresql://db1,/dogwatch", "'' is not a host"),
        ("postgresql://2001:db8::1/dogwatch", "[address]:port"),
        ("postgresql://db1:54x2/dogwatch", "'54x2' is not a port"),
        ("postgresql:///dogwatch?host=db1,db2&port=1,2,3", "2 hosts and 3 ports"),
        ("mysql://bot@db.example/dogwatch", "mysql"),
        ("sqlite://", "must be a file"),
        ("sqlite://rel.db", "must be a file"),
        ("nonsense", "not a database address"),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(url: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        open_database(url)

    assert refused.value.message.startswith("DATABASE_URL")
    assert said in refused.value.message


def test_all_that_is_wrong_with_an_address_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="names") as refused:
        parse_database_url(
            f"{TWO}?channel_binding=require&names=x&passfile=&sslmode=full&sslcert=/no/such&sslkey=/nor/this"
            "&connect_timeout=soon&target_session_attrs=standby&port=1,2,3"
        )

    said = str(refused.value)
    for each in (
        "the parameters channel_binding, names",
        "passfile is empty",
        "sslmode is 'full'",
        "sslcert: there is no file",
        "sslkey: there is no file",
        "connect_timeout is 'soon'",
        "target_session_attrs is 'standby'",
        "2 hosts and 3 ports",
    ):
        assert each in said, each


@given(st.text())
def test_any_address_is_read_or_refused_in_words(rest: str) -> None:
    with suppress(ValueError):
        assert parse_database_url(f"postgresql://{rest}").hosts
