"""The rules and the dashboard in `deploy/` are about metrics that there are, and say what they should."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.runtime.metrics import REGISTRY
from tests.support.servers import requirements as needs

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "dogwatch.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dogwatch.json"
MONITORING = ROOT / "docs" / "operate" / "monitoring.md"
CASES = Path(__file__).with_name("dogwatch.rules.test.yml")
METRIC = re.compile(r"\bdogwatch_[a-z_]+")


def metrics() -> set[str]:
    """The names under which Prometheus stores what `/metrics` shows."""
    names = set()
    for family in REGISTRY.collect():
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        names |= {family.name + ending for ending in endings}
    return names


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: path.name)
def test_only_metrics_that_there_are_stand_in_it(path: Path):
    used = set(METRIC.findall(path.read_text()))

    assert used
    assert used - metrics() == set()


def test_operators_are_told_what_is_normal_of_each_metric():
    told = set(METRIC.findall(MONITORING.read_text()))

    assert {
        family.name + ("_total" if family.type == "counter" else "") for family in REGISTRY.collect()
    } - told == set()
    assert {name for name in told if name not in metrics() and f"{name}_bucket" not in metrics()} == set()


def test_the_rules_fire_when_they_should(tmp_path: Path):
    promtool = needs.program("promtool", package="prometheus")
    cases = tmp_path / "cases.yml"
    cases.write_text(CASES.read_text().replace("[RULES]", f"[{RULES}]"))

    done = subprocess.run([promtool, "test", "rules", cases], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_has_a_case_in_which_it_is_quiet():
    rules = {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    quiet = {
        case["alertname"]
        for test in yaml.safe_load(CASES.read_text())["tests"]
        for case in test["alert_rule_test"]
        if not case.get("exp_alerts")
    }

    assert rules - quiet == set()


def test_the_dashboard_can_be_imported_anywhere():
    """No panel names a data source of one installation."""
    board = json.loads(DASHBOARD.read_text())

    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${source}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["description"] for panel in board["panels"])
