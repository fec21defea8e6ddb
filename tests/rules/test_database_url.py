"""Database addresses as operators paste them."""

import pytest
from sqlalchemy import make_url

from bot.domain.errors import UserError
from bot.store.session import for_asyncpg, open_database


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", {}),
        ("?sslmode=require", {"ssl": "require"}),
        ("?ssl=verify-full", {"ssl": "verify-full"}),
        ("?application_name=dogwatch", {"server_settings": {"application_name": "dogwatch"}}),
    ],
)
def test_what_managed_servers_append_is_understood(query: str, arguments: dict) -> None:
    address, found = for_asyncpg(make_url(f"postgresql://bot@db.example/dogwatch{query}"))

    assert found == arguments
    assert address.drivername == "postgresql+asyncpg"
    assert not address.query


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://bot@db.example/dogwatch?chanel_binding=require", "chanel_binding"),
        ("mysql://bot@db.example/dogwatch", "mysql"),
        ("sqlite://", "in a file"),
        ("nonsense", "not a database address"),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(url: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        open_database(url)

    assert said in refused.value.message
