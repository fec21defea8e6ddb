"""Encrypted addresses: decryption with the same key, for the same person only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings, load
from bot.config.crypto import CannotDecrypt, decrypt_text, encrypt_text
from bot.domain.errors import UserError

OURS = {"DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests"}
ABOUT = "contact T0HARBOUR U0ONCALL email"
ADDRESS = "oncall@example.com"


def settings(environment: dict[str, str]) -> Settings:
    return load(environment)


@given(st.text(max_size=60))
def test_what_was_sealed_is_opened_again(text: str) -> None:
    assert decrypt_text(settings(OURS), encrypt_text(settings(OURS), text, about=ABOUT), about=ABOUT) == text


def test_a_sealed_text_shows_nothing_and_is_never_the_same() -> None:
    one, other = (encrypt_text(settings(OURS), ADDRESS, about=ABOUT) for _ in range(2))

    assert one != other
    assert "oncall" not in one


@pytest.mark.parametrize(
    ("key", "about", "change"),
    [
        ("another secret key that is long enough too", ABOUT, str),
        (OURS["DOGWATCH_SECRET_KEY"], "contact T0HARBOUR U0DBA email", str),
        (OURS["DOGWATCH_SECRET_KEY"], ABOUT, lambda sealed: sealed[:-4] + "AAAA"),
        (OURS["DOGWATCH_SECRET_KEY"], ABOUT, lambda sealed: sealed[:20]),
        (OURS["DOGWATCH_SECRET_KEY"], ABOUT, lambda _: "oncall@example.com"),
        (OURS["DOGWATCH_SECRET_KEY"], ABOUT, lambda _: "v1.ä"),
        ("", ABOUT, str),
    ],
    ids=["another key", "another person", "changed", "cut", "never sealed", "no base64", "no key"],
)
def test_nothing_else_opens_it(key: str, about: str, change: type[str]) -> None:
    sealed = change(encrypt_text(settings(OURS), ADDRESS, about=ABOUT))

    with pytest.raises(CannotDecrypt):
        decrypt_text(settings({"DOGWATCH_SECRET_KEY": key} if key else {}), sealed, about=about)


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(UserError, match="DOGWATCH_SECRET_KEY"):
        encrypt_text(settings({}), ADDRESS, about=ABOUT)
