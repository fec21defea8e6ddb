"""Scenarios for tests of replays."""

from pathlib import Path
from typing import Any

import yaml

from bot.scenario.model import Scenario
from bot.scenario.reader import read_scenario_text

HEAD = {"title": "Card payments fail", "timezone": "Europe/Paris", "date": "2025-03-27", "template": "classic"}
ALERT = {
    "source": "generic",
    "labels": {"alertname": "CardsFail", "service": "payments"},
    "annotations": {"summary": "Card payments fail"},
}
FIRES = {"at": "23:50", "alert": {**ALERT, "status": "firing"}}
RESOLVED = {"command": {"who": "oncall", "text": "/incident resolve Rolled back"}}


def scenario(*steps: dict[str, Any], **head: Any) -> Scenario:
    return read_scenario_text(yaml.safe_dump({**HEAD, "steps": list(steps), **head}, sort_keys=False))


def typed(text: str, who: str = "oncall") -> dict[str, Any]:
    return {"command": {"who": who, "text": text}}


def written(folder: Path, *steps: dict[str, Any], **head: Any) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "steps": list(steps), **head}, sort_keys=False))
    return path
