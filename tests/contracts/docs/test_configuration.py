"""The classes, the example file and the documentation say the same about the configuration."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from bot.config import Settings, check, load
from bot.config.environment import FAMILIES, FILE_SUFFIX, VARIABLES
from bot.config.file_schema import ANY, FILE_TABLES, SECTIONS, section_keys
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.sources import SOURCES, decode

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "dogwatch.example.toml"
FOLDER = ROOT / "docs/configuration"
ENVIRONMENT = (FOLDER / "environment.md").read_text()
HEADINGS = {
    "[incidents]": ("incidents",),
    "[severities.SEV1]": ("severities", ANY),
    "[statuses.STATUS]": ("statuses", ANY),
    "[roles.NAME]": ("roles", ANY),
    "[services.NAME]": ("services", ANY),
    "[services.NAME.working_hours]": ("services", ANY, "working_hours"),
    "[teams.NAME]": ("teams", ANY),
    "[teams.NAME.working_hours]": ("teams", ANY, "working_hours"),
    "[vendors.NAME]": ("vendors", ANY),
    "[vendors.NAME.hours]": ("vendors", ANY, "hours"),
    "[[routes]]": ("routes", ANY),
    "[alerts]": ("alerts",),
    "[changes]": ("changes",),
    "[alerts.grafana]": ("alerts", "grafana"),
    "[alerts.sns]": ("alerts", "sns"),
    "[alerts.mail]": ("alerts", "mail"),
    "[alerts.keep_images]": ("alerts", "keep_images"),
    "[alerts.sources.NAME]": ("alerts", "sources", ANY),
    "[heartbeats.NAME]": ("heartbeats", ANY),
    "[storms]": ("storms",),
    "[files]": ("files",),
    "[intake]": ("intake",),
    "[working_hours]": ("working_hours",),
    "[escalation]": ("escalation",),
    "[oncall]": ("oncall",),
    "[schedules.NAME]": ("schedules", ANY),
    "[[schedules.NAME.layers]]": ("schedules", ANY, "layers", ANY),
    "Hours of a layer": ("schedules", ANY, "layers", ANY, "hours", ANY),
    "[policies.NAME]": ("policies", ANY),
    "[[policies.NAME.levels]]": ("policies", ANY, "levels", ANY),
    "[policies.NAME.at_end]": ("policies", ANY, "at_end"),
    "[paging]": ("paging",),
    "[paging.email]": ("paging", "email"),
    "[paging.ntfy]": ("paging", "ntfy"),
    "[paging.pagerduty]": ("paging", "pagerduty"),
    "[paging.opsgenie]": ("paging", "opsgenie"),
    "[paging.webhook]": ("paging", "webhook"),
    "[paging.apprise]": ("paging", "apprise"),
    "[nudges]": ("nudges",),
    "[findings]": ("findings",),
    "[retention]": ("retention",),
    "[postmortem]": ("postmortem",),
    "[pages]": ("pages",),
    "[status]": ("status",),
    "[status.subscribers]": ("status", "subscribers"),
    "[status.subscribers.channels.NAME]": ("status", "subscribers", "channels", ANY),
    "[status.groups.NAME]": ("status", "groups", ANY),
    "[status.components.NAME]": ("status", "components", ANY),
}


def documented_tables() -> dict[str, dict[str, str]]:
    """By heading, on every page but the environment's: see `documented_rows`."""
    pages = [page.read_text() for page in sorted(FOLDER.glob("*.md"))]
    parts = [
        part for page in pages if page != ENVIRONMENT for part in re.split(r"^#{2,3} ", page, flags=re.MULTILINE)[1:]
    ]
    headings = [re.sub(r" to .*", "", part.splitlines()[0]).strip("`") for part in parts]
    assert len({*headings}) == len(headings)
    return {heading: documented_rows(part) for heading, part in zip(headings, parts, strict=True)}


def documented_rows(text: str) -> dict[str, str]:
    """The first column of a text's tables, and the second, both without backquotes."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|", text, flags=re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def written(value: Any) -> str:
    """A default as the file has it."""
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'


def switched_on(text: str) -> str:
    """The example with every setting in force: `#` without a space marks one that is off."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_every_section_is_documented_with_its_keys_and_defaults():
    tables = documented_tables()
    assert set(HEADINGS.values()) == set(SECTIONS)

    for heading, path in HEADINGS.items():
        fields = SECTIONS[path].model_fields
        assert list(tables[heading]) == list(section_keys(SECTIONS[path])), heading
        for name, field in zip(section_keys(SECTIONS[path]), fields.values(), strict=True):
            if field.default_factory is None and ((*path, name) not in SECTIONS or field.default is None):
                assert tables[heading][name] == written(field.default), f"{heading} {name}"


def test_every_variable_is_documented_with_its_default():
    before_postgresql = ENVIRONMENT.split("## PostgreSQL addresses")[0]
    documented = {name: default for name, default in documented_rows(before_postgresql).items() if "`…" not in default}
    for family in FAMILIES:
        assert f"| `{family.prefix}`… |" in ENVIRONMENT
    assert list(documented) == [variable.name for variable in VARIABLES]

    for variable in VARIABLES:
        if variable.name == "DOGWATCH_CONFIG":
            continue  # its default is a path that may be absent
        if variable.name == "DOGWATCH_INCIDENTS_CHANNEL":
            default: Any = Settings().incidents.channel
        elif variable.name == "DATABASE_URL":
            default = Settings().database_url.get_secret_value()
        else:
            found = getattr(Settings(), str(variable.path[0]))
            default = None if found == {} else found
        assert documented[variable.name] == ("none" if default is None else str(default)), variable.name


def test_every_default_reaction_is_documented():
    assert documented_tables()["[reactions]"] == {emoji: kind.value for emoji, kind in DEFAULT_REACTIONS.items()}


def test_the_example_as_it_stands_changes_nothing():
    settings = load({}, config_path=EXAMPLE)

    assert settings == Settings(config_path=EXAMPLE)


def test_the_example_with_everything_switched_on_is_right(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_text(switched_on(EXAMPLE.read_text()))

    assert check(path) == []


def test_the_example_has_every_key():
    table = tomllib.loads(switched_on(EXAMPLE.read_text()))
    assert set(table) == set(FILE_TABLES)

    for path, section in SECTIONS.items():
        present: set[str] = set()
        for each in _tables_at(table, path):
            present |= set(each)
        assert present == set(section_keys(section)), path


def _tables_at(value: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    if not path:
        return [value] if isinstance(value, dict) else []
    inner = list(value.values()) if path[0] == ANY and isinstance(value, dict) else value
    if path[0] == ANY:
        return [found for each in inner for found in _tables_at(each, path[1:])]
    return _tables_at(inner.get(path[0], []), path[1:])


def test_every_key_of_the_example_is_explained_above_it():
    """A comment stands before it, or before its neighbours."""
    explained = False
    for number, line in enumerate(EXAMPLE.read_text().splitlines(), 1):
        if line.startswith("# ") or line == "#":
            explained = True
        elif not line.strip():
            explained = False
        else:
            assert explained or line.lstrip("#").startswith("["), f"line {number}: {line}"


@pytest.mark.parametrize(
    "path", ["docs/configuration/environment.md", "docs/alerts/reference.md", "dogwatch.example.toml"]
)
def test_the_documents_name_no_key_that_is_not_there(path):
    known = {name for variable in VARIABLES for name in (variable.name, f"{variable.name}{FILE_SUFFIX}")}
    named = set(re.findall(r"\bDOGWATCH_[A-Z_]+\b", (ROOT / path).read_text()))
    prefixes = tuple(each.prefix for each in FAMILIES)

    assert {each for each in named if not each.startswith(prefixes)} <= known


def fenced(path: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / path).read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_routes_in_the_documentation_are_right(tmp_path):
    blocks = fenced("docs/alerts/reference.md", "toml")
    assert blocks

    for block in blocks:
        path = tmp_path / "dogwatch.toml"
        path.write_text(block)
        assert check(path) == []


def test_the_requests_in_the_documentation_are_read():
    now = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
    calls = [
        call
        for language in ("bash", "console")
        for block in fenced("docs/alerts/reference.md", language)
        for call in re.findall(r"/alerts/(\w+) .*?-d '(.*?)'\n(?=\$|\Z)", block, flags=re.DOTALL)
    ]
    bodies = [(source, body.replace("'\"$(date -u +%FT%TZ)\"'", now.isoformat())) for source, body in calls]
    events = [SOURCES[source].parse(decode(body.encode()), now).events[0] for source, body in bodies]

    assert [event.source for event in events] == ["alertmanager", "generic", "generic"]
    assert [event.status.value for event in events] == ["firing", "firing", "resolved"]
    assert events[1].fingerprint == events[2].fingerprint


def test_the_fields_of_a_plain_alert_are_documented():
    """Every documented environment variable changes a setting."""
    now = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
    values: dict[str, Any] = {
        "title": "Other",
        "status": "resolved",
        "service": "s",
        "severity": "s",
        "description": "d",
        "labels": {"a": "b"},
        "group": "g",
        "fingerprint": "f",
        "id": "f",
        "starts_at": "2026-11-18T14:00:00Z",
        "ends_at": "2026-11-18T14:01:00Z",
        "url": "https://example.test",
        "runbook_url": "https://example.test/runbook",
        "dashboard_url": "https://example.test/dashboard",
        "image_url": "https://example.test/graph.png",
        "value": 8.1,
    }
    section = (ROOT / "docs/alerts/reference.md").read_text().split("## From anything else")[1].split("```")[0]
    names = [
        name
        for row in re.findall(r"^\| (`.+?) \|", section, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    plain = SOURCES["generic"].parse({"title": "Title"}, now)

    assert sorted(names) == sorted(values)
    for name in names:
        assert SOURCES["generic"].parse({"title": "Title", name: values[name]}, now) != plain, name
