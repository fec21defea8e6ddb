"""Scenarios in `examples/`: they play, hold their facts, and are listed."""

import json
import re
from pathlib import Path

import pytest

from bot.cli.commands.replay import replay
from bot.scenario.reader import read_scenario

EXAMPLES = Path(__file__).parents[3] / "examples"
SCENARIOS = sorted(EXAMPLES.glob("*.yaml"))


def names(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", SCENARIOS, ids=names)
async def test_every_fact_holds(path: Path, tmp_path: Path):
    assert await replay(path, tmp_path) == []

    headings = re.findall(r"^# (.+)", (tmp_path / "postmortem.md").read_text(), re.MULTILINE)
    for title, heading in zip(read_scenario(path).titles.values(), headings, strict=True):
        assert heading.endswith(title)
    assert "<h1" in (tmp_path / "postmortem.html").read_text()
    assert json.loads((tmp_path / "incident.json").read_text())["incident"]["reference"] == "INC-1"


@pytest.mark.parametrize("path", SCENARIOS, ids=names)
def test_each_expects_enough_to_be_a_test(path: Path):
    """A scenario without facts would hold whatever comes out of it."""
    expected = read_scenario(path).expected

    for each in ("zone_label", "escalations", "improvements", "tasks", "misleading_paths"):
        assert getattr(expected, each) is not None, each


@pytest.mark.parametrize("path", SCENARIOS, ids=names)
def test_each_is_listed_and_begins_with_what_it_is(path: Path):
    assert f"]({path.name})" in (EXAMPLES / "README.md").read_text()
    assert re.match(r"# [A-Z].+\.\n#\n", path.read_text()), "the first line says what happened, and a blank one follows"
