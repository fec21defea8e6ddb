"""Documented webhook bodies, filled as the monitoring tools fill them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.terms import AlertStatus
from bot.sources import SOURCES, decode

PAGE = Path(__file__).parents[3] / "docs" / "alerts" / "webhook.md"
SENDERS = PAGE.with_name("senders.md")
DATADOG = {"$ALERT_TITLE": "title", "$ALERT_CYCLE_KEY": "cycle_key", "$ALERT_TRANSITION": "transition"}
DATADOG |= {"$ALERT_PRIORITY": "priority", "$LINK": "link"}
CHECKLY = {"{{CHECK_NAME}}": "check_name", "{{CHECK_ID}}": "check_id", "{{ALERT_TYPE}}": "alert_type"}
CHECKLY |= {"{{RESULT_LINK}}": "link"}
HEALTHCHECKS = {"$NAME_JSON": "name", "$CODE": "code", "$STATUS": "status"}


def template(tool: str) -> str:
    found = re.search(rf"\*\*{re.escape(tool)}\*\*:.*?```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, tool
    return found[1]


@pytest.mark.parametrize(
    ("tool", "variables", "firing", "resolved"),
    [
        ("Datadog", DATADOG, ("triggered", "renotify", "warn", "no-data"), "recovered"),
        ("Checkly", CHECKLY, ("failure", "failure-remain"), "recovery"),
        ("healthchecks.io", HEALTHCHECKS, ("down",), "up"),
    ],
)
def test_a_template_of_the_page_is_read_from_firing_to_resolved(
    tool: str, variables: dict[str, str], firing: tuple[str, ...], resolved: str, conformance: Path
) -> None:
    def sent(what: str):
        values = json.loads((conformance / "alerts" / f"{tool.removesuffix('.io').casefold()}-{what}.json").read_text())
        body = template(tool)
        for variable, field in variables.items():
            value = str(values[field])
            body = body.replace(variable, json.dumps(value) if variable.endswith("_JSON") else value)
        (event,) = SOURCES["generic"].parse(decode(body.encode()), datetime(2026, 11, 18, 15, tzinfo=UTC)).events
        return event

    told, over = [sent(each) for each in firing], sent(resolved)
    assert {each.status for each in told} == {AlertStatus.FIRING}
    assert over.status is AlertStatus.RESOLVED
    assert over.fingerprint in {each.fingerprint for each in told}
    assert set("{$").isdisjoint(over.summary)


@pytest.mark.parametrize(
    ("heading", "source", "files"),
    [
        ("Datadog", "datadog", ("datadog-triggered", "datadog-recovered")),
        ("healthchecks.io", "healthchecks", ("healthchecks-down", "healthchecks-up")),
        ("Icinga and Nagios", "icinga", ("icinga-problem", "icinga-recovery")),
        ("Zabbix", "zabbix", ("zabbix-problem", "zabbix-resolved")),
    ],
)
def test_the_fields_of_a_sender_s_template_are_enough(
    heading: str, source: str, files: tuple[str, str], conformance: Path
) -> None:
    """Real bodies, cut down to the fields of the page."""
    section = SENDERS.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    keys = set(re.findall(r'"(\w+)": ', section)) | set(re.findall(r"[{ ](\w+): \$", section))
    assert len(keys) > 5

    events = []
    for name in files:
        body = json.loads((conformance / "alerts" / f"{name}.json").read_text())
        kept = {key: value for key, value in body.items() if key in keys}
        events += SOURCES[source].parse(kept, datetime(2026, 11, 18, 15, tzinfo=UTC)).events

    assert [each.status for each in events] == [AlertStatus.FIRING, AlertStatus.RESOLVED]
    assert events[0].fingerprint == events[1].fingerprint
    assert events[0].starts_at < datetime(2026, 11, 18, 15, tzinfo=UTC)
