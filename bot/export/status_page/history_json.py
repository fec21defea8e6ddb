"""The history of the page as one JSON document: days of components, incidents, maintenance."""

from bot.domain.status_page.history import ImpactDay
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.page import public_key
from bot.domain.status_page.publication import PublishedIncident
from bot.domain.status_page.state import PublicComponent
from bot.export.status_page.component_json import ComponentWriter, Json, encode_json


class HistoryWriter(ComponentWriter):
    """`history.json` in one language. docs/pages/status-readers.md describes its shape."""

    def write_history(self) -> bytes:
        document = {
            "page": self._page(),
            "components": [self._component_history(each) for each in self._state.components],
            "incidents": [self._incident_line(each) for each in self._state.incidents],
            "maintenances": [self._maintenance_line(each) for each in reversed(self._state.maintenances)],
        }
        return encode_json(document)

    def _component_history(self, component: PublicComponent) -> Json:
        return {
            "id": public_key("component", component.key),
            "name": self._text(component.names),
            "status": component.state.value,
            "uptime_percent": round(component.uptime, 4),
            "days": [self._day(each) for each in component.days],
        }

    def _day(self, day: ImpactDay) -> Json:
        maintenances = {each.public_id for each in self._state.maintenances}
        return {
            "date": day.day.isoformat(),
            "status": day.worst.value,
            "minutes": {state.value: minutes for state, minutes in day.minutes.items()},
            "incidents": [each for each in day.public_ids if each not in maintenances],
            "maintenances": [each for each in day.public_ids if each in maintenances],
        }

    def _incident_line(self, incident: PublishedIncident) -> Json:
        started_at, ended_at, resolved_at = incident.impact_started_at, incident.impact_ended_at, incident.resolved_at
        return {
            "id": incident.public_id,
            "name": self._text(incident.titles),
            "status": incident.state.value,
            "impact": incident.impact.value,
            "impact_started_at": self._time(started_at) if started_at else None,
            "impact_ended_at": self._time(ended_at) if ended_at else None,
            "announced_at": self._time(incident.announced_at),
            "resolved_at": self._time(resolved_at) if resolved_at else None,
            "components": [public_key("component", key) for key in incident.components],
            "url": f"{self._frame.url}/{self._language}/incidents/{incident.public_id}.html",
        }

    def _maintenance_line(self, maintenance: PublishedMaintenance) -> Json:
        ended_at = maintenance.ended_at
        return {
            "id": maintenance.public_id,
            "name": self._text(maintenance.titles),
            "status": maintenance.phase_at(self._state.as_of).value,
            "announced_at": self._time(maintenance.published_at),
            "scheduled_for": self._time(maintenance.starts_at),
            "scheduled_until": self._time(maintenance.ends_at),
            "ended_at": self._time(ended_at) if ended_at else None,
            "components": [public_key("component", key) for key in maintenance.components],
            "url": f"{self._frame.url}/{self._language}/maintenance/{maintenance.public_id}.html",
        }
