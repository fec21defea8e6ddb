"""Request bodies: JSON that can be stored, or a refusal that says what to change."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources import Malformed, decode


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "The body is empty."),
        (b"title=x", "The body is not JSON: Expecting value at line 1, column 1. It looks like a form"),
        (b"<alert/>", "It looks like XML or HTML"),
        (b'{"a": "b\nc"}', "Invalid control character at line 1, column 9. In texts, escape quotation marks"),
        (b'{"a": "say "yes" now"}', "In texts, escape quotation marks and line ends: "),
        (b'{"a": 1,}', "The body is not JSON"),
        (b'{"a": "\xff"}', "The body is not UTF-8: byte 7"),
        ('{"a": "é"}'.encode("utf-16"), "The body is not UTF-8: byte 0"),
        (b'{"a": 1, "b": 2, "a": 3}', 'The key "a" is repeated in one object'),
        (b'[{"b": {"a": 1, "a": 1}}]', 'The key "a" is repeated in one object'),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": [-Infinity]}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', 'The number "1e999" is too large'),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number that is too long"),
        (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"labels": {"a": "x\\u0000"}}', "labels.a: The text contains a NUL"),
        (b'{"a\\u0000": 1}', "The text contains a NUL"),
        (b'{"alerts": [{"b": "\\ud83d"}]}', "alerts[0].b: The text contains half of a surrogate pair"),
        (b'["\\udd25"]', "[0]: The text contains half of a surrogate pair"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body, says):
    with pytest.raises(Malformed) as refusal:
        decode(body)

    assert refusal.value.message.startswith(says) or says in refusal.value.message
    assert len(refusal.value.message) < 250


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "\\ud83d\\udd25"}', {"a": "\U0001f525"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b' [1.5, true, null, "\\u0026"]\n', [1.5, True, None, "&"]),
    ],
)
def test_a_body_that_can_be_read_is(body, value):
    assert decode(body) == value


def test_a_deep_body_with_long_keys_is_read_without_taking_all_memory():
    value: object = "x"
    for _ in range(200):
        value = {"k" * 5_000: value}

    assert decode(json.dumps(value).encode()) == value


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STORABLE,
        lambda inner: st.lists(inner) | st.dictionaries(STORABLE, inner),
        max_leaves=20,
    )
)
def test_every_storable_value_comes_through(value):
    assert decode(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_json_or_a_clear_refusal(body):
    try:
        outcome = json.dumps(decode(body))
    except Malformed as refusal:
        outcome = refusal.message

    assert outcome
