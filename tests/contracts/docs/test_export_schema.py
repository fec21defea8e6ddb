"""`docs/reference/incident.schema.json` agrees with `docs/reference/export.md` and with exports."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.domain.findings import review_record
from bot.domain.record.model import Record
from bot.domain.record.transcript import Transcript
from bot.export.json import incident_json
from tests.rules.export.test_json_export import TRANSCRIPT, whole
from tests.support.build import export_schema
from tests.support.records.samples import checkout_500s, payment_outage

VALIDATOR = Draft202012Validator(json.loads(export_schema.SCHEMA.read_text()))


def exported(record: Record, transcript: Transcript | None = None) -> dict[str, Any]:
    return dict(json.loads(json.dumps(incident_json(record, review_record(record), transcript=transcript))))


def test_the_schema_is_made_of_the_tables() -> None:
    assert export_schema.SCHEMA.read_text() == export_schema.text(), "run: python -m tests.support.build.export_schema"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(export_schema.build_schema())


@pytest.mark.parametrize(
    "record", [checkout_500s(), payment_outage(), whole()], ids=lambda record: record.incident.reference
)
@pytest.mark.parametrize("transcript", [None, TRANSCRIPT], ids=["", "transcript"])
def test_an_export_is_as_the_schema_says(record: Record, transcript: Transcript | None) -> None:
    found = exported(record, transcript)

    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(found)] == []


def undocumented(value: Any, schema: dict[str, Any], path: str = "$") -> list[str]:
    """The keys of an export that the schema lacks."""
    schema = next((each for each in schema.get("anyOf", []) if "properties" in each), schema)
    if isinstance(value, list):
        return [found for each in value for found in undocumented(each, schema.get("items", {}), f"{path}[]")]
    if not isinstance(value, dict):
        return []
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    found = []
    for key, inner in value.items():
        if key not in known and others is None:
            found.append(f"{path}.{key}")
        found += undocumented(inner, known.get(key) or others or {}, f"{path}.{key}")
    return found


def test_no_key_is_undocumented() -> None:
    found = exported(whole(), TRANSCRIPT)

    assert undocumented(found, export_schema.build_schema()) == []
    assert undocumented({**found, "new": 1}, export_schema.build_schema()) == ["$.new"]


@pytest.mark.parametrize(
    ("path", "value"), [(("incident", "started_at"), None), (("incident", "status"), 1), (("timeline", 0, "ref"), None)]
)
def test_what_is_not_as_it_says_is_found(path: tuple[str | int, ...], value: object) -> None:
    found = exported(whole())
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert not VALIDATOR.is_valid(found)
