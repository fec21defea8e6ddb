"""
The JSON Schema of `incident.json`, made from the tables of `docs/reference/export.md`.

`python -m tests.support.build.export_schema` writes `docs/reference/incident.schema.json`; a test sees if it is stale.
"""

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[3] / "docs" / "reference"
SCHEMA = DOCS / "incident.schema.json"
TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "true or false": {"type": "boolean"},
    "number": {"type": "integer"},
    "number, seconds": {"type": "integer"},
    "number, percent": {"type": "number"},
    "list of text": {"type": "array", "items": {"type": "string"}},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "object of text": {"type": "object", "additionalProperties": {"type": "string"}},
}
OPTIONAL = "with `--transcript` only"


def tables() -> dict[str, list[list[str]]]:
    """By heading: the rows of its table, without the head."""
    found = {}
    for part in re.split(r"^##+ ", (DOCS / "export.md").read_text(), flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0].strip("`")
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:3] == "| `"
        ]
        found[heading] = rows
    return found


def build_schema() -> dict[str, Any]:
    """Further keys are allowed everywhere: they are added over time."""
    parts = tables()
    incident, cause = _object(parts["incident"]), _object(parts["incident.cause"])
    impact = _object(parts["incident.impact"])
    for statement in (impact, cause):
        without = {name: kind for name, kind in statement["properties"].items() if name != "texts"}
        statement["properties"]["texts"] = _list({"type": "object", "properties": without, "required": [*without]})
    properties = incident["properties"]
    properties["titles"] = TYPES["object of text"]
    properties["service_names"] = {"type": "object", "additionalProperties": TYPES["list of text"]}
    properties["sources"] = {"type": "object", "additionalProperties": _object(parts["incident.sources"])}
    properties |= {"impact": _or_null(impact), "cause": _or_null(cause), "resolution": _or_null(cause)}
    for name, rows in parts.items():
        if name.startswith("incident.") and name.endswith("[]"):
            properties[name.removeprefix("incident.")[:-2]] = _list(_object(rows))
    entry = _object(parts["timeline[]"])
    taken_in = {"ref": TYPES["text"], "link": _or_null(TYPES["text"])}
    entry["properties"]["also"] = _list({"type": "object", "properties": taken_in, "required": [*taken_in]})
    translations, action = _list(_object(parts["translations"])), _object(parts["actions[]"])
    entry["properties"]["translations"] = action["properties"]["translations"] = translations
    escalation = _object(parts["escalations[]"])
    for name in ("steps", "pages", "answers"):
        escalation["properties"][name] = _list(_object(parts[f"escalations.{name}[]"]))
    escalation["properties"]["vendor"] = _or_null(_object(parts["escalations.vendor"]))
    update = _object(parts["updates[]"])
    update["properties"]["links"] = _list(_or_null(TYPES["text"]))
    items = {"timeline": entry, "updates": update, "escalations": escalation, "actions": action}
    top = {"incident": incident}
    for name, rows in parts.items():
        if name.endswith("[]") and "." not in name:
            top[name[:-2]] = _list(items.get(name[:-2]) or _object(rows))
    top["transcript_deleted_to"] = _or_null(TYPES["time"])
    keys = parts["incident.json"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An incident of Dogwatch, as `dogwatch export --format json` writes it",
        "description": "What the keys mean stands in export.md. Keys may be added: skip those that you do not know.",
        "type": "object",
        "properties": {_key(row): top[_key(row)] for row in keys},
        "required": [_key(row) for row in keys if OPTIONAL not in row[-1]],
    }


def _object(rows: list[list[str]]) -> dict[str, Any]:
    properties = {}
    for row in rows:
        kind, null = row[1], row[2]
        assert kind in TYPES, f"export.md: {row[0]} is of no known type: {kind!r}. Known: {', '.join(TYPES)}"
        properties[_key(row)] = _or_null(TYPES[kind]) if null else TYPES[kind]
    return {"type": "object", "properties": properties, "required": [*properties]}


def _key(row: list[str]) -> str:
    return row[0].strip("`")


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]} if "properties" in kind else {**kind, "type": [kind["type"], "null"]}


def text() -> str:
    return json.dumps(build_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text())
