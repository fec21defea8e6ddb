"""Monitors' payloads from the reference data, moved in time."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")
MOVED = ("startsAt", "endsAt")


class Notifications:
    """
    Samples of one scenario, moved together so that the first alert of `anchor` begins `at`.

    `notifications["02-firing-grouped-three"]` is a payload; identities stay the same from one sample to the next.
    """

    def __init__(self, folder: Path, *, anchor: str, at: datetime) -> None:
        self._folder = folder
        first = min(moment(alert["startsAt"]) for alert in self._stored(anchor)["alerts"])
        self.moved_by = at - first

    def _stored(self, name: str) -> Any:
        return json.loads((self._folder / f"{name}.json").read_text())

    def __getitem__(self, name: str) -> dict[str, Any]:
        payload: dict[str, Any] = self._stored(name)
        for alert in payload["alerts"]:
            alert |= {key: moved(alert[key], self.moved_by) for key in MOVED}
        return payload


def moment(text: str) -> datetime:
    """A time of the samples, which may have more digits than Python reads."""
    found = TIME.fullmatch(text)
    assert found, text
    return datetime.fromisoformat(found[1] + found[2].replace("Z", "+00:00"))


def moved(text: str, by: timedelta) -> str:
    """The zero time means "still firing", and stays."""
    return text if text.startswith("0001") else stamp(moment(text) + by)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def an_alert(name: str = "HighCPU", *, at: datetime, ended: datetime | None = None, **labels: str) -> dict[str, Any]:
    """One alert as Alertmanager tells it; without `ended` it fires."""
    return {
        "status": "resolved" if ended else "firing",
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is too high"},
        "startsAt": stamp(at),
        "endsAt": stamp(ended) if ended else "0001-01-01T00:00:00Z",
        "generatorURL": f"https://prometheus.example.test/graph?alert={name}",
    }


def a_notification(*alerts: dict[str, Any], group: str = "the group") -> dict[str, Any]:
    return {"version": "4", "groupKey": group, "truncatedAlerts": 0, "alerts": list(alerts)}
