"""One text in several languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.vendor_status.languages.parts import name_unmarked, split_languages, split_title


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("FR\nBonjour.\n\nEN\nHello.\n\nIT\nCiao.", {"fr": "Bonjour.", "en": "Hello.", "it": "Ciao."}),
        (
            "FR Le portail est lent.\n\nEN The portal is slow.",
            {"fr": "Le portail est lent.", "en": "The portal is slow."},
        ),
        ("[FR] Lent.\n\n[EN] Slow.", {"fr": "Lent.", "en": "Slow."}),
        (
            "REF-1\n- Start: 16h11\n\nFR\nUn.\n\nEN\nOne.",
            {"fr": "REF-1\n- Start: 16h11\n\nUn.", "en": "REF-1\n- Start: 16h11\n\nOne."},
        ),
        ("Bonjour.\n\n=====ENGLISH VERSION=====\n\nHello.", {"": "Bonjour.", "en": "Hello."}),
        ("# _English version below_\n\nBonjour.\n\n==ENGLISH VERSION==\nHello.", {"": "Bonjour.", "en": "Hello."}),
        ("**Deutsch**\nHallo.\n\n**English**\nHello.", {"de": "Hallo.", "en": "Hello."}),
        ("EN Certificates are renewed.", {"en": "Certificates are renewed."}),
        ("We are looking into it.\n\nIT staff is informed, FR users too.", {}),
        ("The EN page is slow.\nFR users see errors.", {}),
        ("Plain text.", {}),
        ("", {}),
        ("FR\n\nEN\n", {}),
    ],
)
def test_parts_of_a_text(text: str, parts: dict[str, str]):
    assert split_languages(text) == parts


@pytest.mark.parametrize(
    ("title", "languages", "parts"),
    [
        ("Lenteurs / Slowness", ["fr", "en"], {"fr": "Lenteurs", "en": "Slowness"}),
        ("A | Un / One / Uno", ["fr", "en", "it"], {"fr": "A | Un", "en": "A | One", "it": "A | Uno"}),
        ("Un / One", ["fr", "en", "it"], {"fr": "Un", "en": "One"}),
        ("API / Dashboard", [], {}),
        ("a / b / c", ["fr", "en"], {}),
        ("One", ["fr", "en"], {}),
    ],
)
def test_parts_of_a_title(title: str, languages: list[str], parts: dict[str, str]):
    assert split_title(title, languages) == parts


@pytest.mark.parametrize(
    ("languages", "named"),
    [
        (["fr", "en", "it"], ["fr", "en"]),
        (["en", "fr"], ["", "en"]),
        (["de", "fr", "en"], ["", "en"]),
        ([], ["", "en"]),
    ],
)
def test_the_unmarked_part_has_the_only_language_left(languages: list[str], named: list[str]):
    assert [*name_unmarked({"": "Bonjour", "en": "Hello"}, languages)] == named


@given(st.text(alphabet=st.sampled_from("FREN \n=[]:-ab")))
def test_any_text_is_split_without_an_error(text: str):
    assert all((part and part in text) or "\n\n" in part for part in split_languages(text).values() if part)
