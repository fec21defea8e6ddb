"""`KnownPage`: the state that is kept of a vendor's page between two looks."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import VendorIncident, VendorState, VendorUpdate
from bot.lazy_dataclass import dataclass

Json = dict[str, Any]

FORMAT = 1
FINGERPRINT_LENGTH = 16


@dataclass(frozen=True, slots=True)
class KnownUpdate:
    """
    An update whose news was found.

    `fingerprint` is that of its text, `at` the time it shows. `translations`: fingerprints of the words of further
    pages, by language.
    """

    fingerprint: str
    at: datetime | None = None
    translations: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> list[Any]:
        parts = [self.fingerprint, _format_time(self.at)]
        return [*parts, dict(self.translations)] if self.translations else parts


@dataclass(frozen=True, slots=True)
class KnownIncident:
    """
    An incident or a maintenance as it was seen last.

    `is_gone`: it left the page while it was open, and that was news.
    """

    title: str
    state: VendorState | None = None
    level: Indicator | None = None
    started_at: datetime | None = None
    changed_at: datetime | None = None
    is_over: bool = False
    is_gone: bool = False
    is_maintenance: bool = False
    planned: tuple[datetime | None, datetime | None] = (None, None)
    updates: Mapping[str, KnownUpdate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownPage:
    """
    All that is kept of a page, so that nothing is news twice.

    `changed_at`: the page's own time of its last change.

    `newest_at`: the first look, or a later time of an incident or update; what is older and was never seen is history.
    `older_since`: from when on only older copies than one seen before came; None if the last look was no older one.
    """

    kind: str
    incidents: Mapping[str, KnownIncident] = field(default_factory=dict)
    changed_at: datetime | None = None
    newest_at: datetime | None = None
    older_since: datetime | None = None

    def to_json(self) -> Json:
        """As JSON: texts only as fingerprints; equal for equal states."""
        return _without_empty(
            {
                "format": FORMAT,
                "kind": self.kind,
                "changed": _format_time(self.changed_at),
                "newest": _format_time(self.newest_at),
                "older_since": _format_time(self.older_since),
                "incidents": {key: _incident_to_json(self.incidents[key]) for key in sorted(self.incidents)},
            }
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "KnownPage":
        """Read what `to_json` wrote."""
        incidents = value.get("incidents", {})
        return cls(
            kind=value["kind"],
            incidents={key: _incident_from_json(each) for key, each in incidents.items()},
            changed_at=_parse_time(value.get("changed")),
            newest_at=_parse_time(value.get("newest")),
            older_since=_parse_time(value.get("older_since")),
        )


def fingerprint_text(text: str) -> str:
    """A short fingerprint of a text; blanks do not count, as pages wrap them differently."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def remember_incident(incident: VendorIncident, before: KnownIncident | None = None) -> KnownIncident:
    """The state to keep of an incident. A level that the page does not say any more stays."""
    seen = before.updates if before else {}
    return KnownIncident(
        title=incident.title,
        state=incident.state,
        level=incident.level or (before.level if before else None),
        started_at=incident.started_at,
        changed_at=incident.changed_at,
        is_over=incident.is_over,
        is_maintenance=incident.is_maintenance,
        planned=(incident.planned_start, incident.planned_end),
        updates={each.key: remember_update(each, seen.get(each.key)) for each in incident.updates},
    )


def remember_update(update: VendorUpdate, before: KnownUpdate | None = None) -> KnownUpdate:
    """The state to keep of an update. A translation that cannot be read now stays known."""
    translations = {code: fingerprint_text(text) for code, text in update.translations.items()}
    seen = before.translations if before else {}
    return KnownUpdate(fingerprint_text(update.text), update.told_at, {**seen, **translations})


def _incident_to_json(incident: KnownIncident) -> Json:
    start, end = incident.planned
    return _without_empty(
        {
            "title": incident.title,
            "state": incident.state.value if incident.state else None,
            "level": incident.level.value if incident.level else None,
            "started": _format_time(incident.started_at),
            "changed": _format_time(incident.changed_at),
            "over": incident.is_over,
            "gone": incident.is_gone,
            "maintenance": incident.is_maintenance,
            "planned": [_format_time(start), _format_time(end)] if start or end else None,
            "updates": {key: incident.updates[key].to_json() for key in sorted(incident.updates)},
        }
    )


def _incident_from_json(value: Mapping[str, Any]) -> KnownIncident:
    start, end = value.get("planned", (None, None))
    return KnownIncident(
        title=value.get("title", ""),
        state=VendorState(value["state"]) if "state" in value else None,
        level=Indicator(value["level"]) if "level" in value else None,
        started_at=_parse_time(value.get("started")),
        changed_at=_parse_time(value.get("changed")),
        is_over=value.get("over", False),
        is_gone=value.get("gone", False),
        is_maintenance=value.get("maintenance", False),
        planned=(_parse_time(start), _parse_time(end)),
        updates={key: _update_from_json(each) for key, each in value.get("updates", {}).items()},
    )


def _update_from_json(value: Sequence[Any]) -> KnownUpdate:
    fingerprint, at, *translations = value
    return KnownUpdate(fingerprint, _parse_time(at), *translations)


def _without_empty(values: Json) -> Json:
    return {key: value for key, value in values.items() if value not in (None, False, {}, "")}


def _format_time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
