"""Payloads of outbox rows: each kind has one, and what is stored reads back as it was."""

from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from bot.domain.text.payload import Payload
from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import PAYLOADS, InvitePayload, PagePayload

EXAMPLES: dict[Any, Any] = {str: "U1", int: 7, bool: True, datetime: datetime(2026, 3, 2, 14, 0, tzinfo=UTC)}


def example(kind: type[Payload]) -> Payload:
    """One with a value other than the default in each field."""
    given = {}
    for name, hint in get_type_hints(kind).items():
        inner = next((each for each in getattr(hint, "__args__", (hint,)) if each is not type(None)), hint)
        if "Mapping" in str(hint):
            given[name] = {"by": "U1"}
        elif "tuple" in str(hint):
            given[name] = (EXAMPLES[int if "int" in str(hint) else str],)
        else:
            given[name] = EXAMPLES[inner]
    return kind(**given)


def test_every_kind_has_a_payload():
    assert set(PAYLOADS) == set(OutboxKind)


@pytest.mark.parametrize("kind", sorted(set(PAYLOADS.values()), key=lambda each: each.__name__))
def test_what_is_stored_reads_back(kind: type[Payload]):
    payload = example(kind)

    assert kind.from_json(payload.as_json()) == payload


@pytest.mark.parametrize("kind", sorted(set(PAYLOADS.values()), key=lambda each: each.__name__))
def test_a_stored_object_may_lack_defaults_and_hold_unknown_fields(kind: type[Payload]):
    required = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}
    stored = {name: value for name, value in example(kind).as_json().items() if name in required}

    assert kind.from_json({**stored, "added_later": 1}) == kind.from_json(stored)


def test_a_missing_field_is_an_error():
    with pytest.raises(KeyError, match="page_id"):
        PagePayload.from_json({"user_id": "U1", "escalation_id": 1})


def test_what_is_at_its_default_is_not_stored():
    assert InvitePayload(users=("U1",)).as_json() == {"users": ["U1"]}
