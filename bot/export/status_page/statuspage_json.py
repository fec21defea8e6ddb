"""The page as JSON in the shape of Statuspage's API, version 2, which aggregators read."""

from collections.abc import Mapping

from bot.domain.status_page.components import ComponentState
from bot.domain.status_page.page import public_key
from bot.domain.status_page.publication import PublishedIncident, PublishedUpdate
from bot.domain.terms import UpdateState
from bot.export.status_page.component_json import ComponentWriter, Json, encode_json
from bot.export.status_page.maintenance_json import MaintenanceWriter

MOST_INCIDENTS = 50
"""Statuspage lists as many."""
RESOLVED_STATES = frozenset({UpdateState.RESOLVED, UpdateState.POSTMORTEM})


class StatuspageWriter(ComponentWriter):
    """The documents in one language."""

    def write_files(self) -> Mapping[str, bytes]:
        """The documents by their path below `api/v2/`."""
        newest = self._state.incidents[:MOST_INCIDENTS]
        unresolved = [self._incident(each) for each in self._state.open_incidents]
        status, components = {"status": self._status()}, {"components": self._components()}
        maintenance = MaintenanceWriter(self._state, self._frame, self._language)
        documents = {
            "summary": {**components, "incidents": unresolved, **maintenance.list_unfinished(), **status},
            "status": status,
            "components": components,
            "incidents": {"incidents": [self._incident(each) for each in newest]},
            "incidents/unresolved": {"incidents": unresolved},
            "scheduled-maintenances": maintenance.list_newest(),
            "scheduled-maintenances/active": maintenance.list_active(),
            "scheduled-maintenances/upcoming": maintenance.list_upcoming(),
        }
        return {f"{name}.json": encode_json({"page": self._page(), **values}) for name, values in documents.items()}

    def _incident(self, incident: PublishedIncident) -> Json:
        updates = incident.active_updates
        ended_at = incident.resolved_at
        monitoring = [each.published_at for each in updates if each.state is UpdateState.MONITORING]
        named = [each for each in self._state.components if each.key in incident.components]
        return {
            "id": incident.public_id,
            "name": self._text(incident.titles),
            "status": incident.state.value,
            "created_at": self._time(incident.announced_at),
            "updated_at": self._time(incident.changed_at),
            "monitoring_at": self._time(monitoring[0]) if monitoring else None,
            "resolved_at": self._time(ended_at) if ended_at else None,
            "impact": incident.impact.value,
            "shortlink": f"{self._frame.url}/{self._language}/incidents/{incident.public_id}.html",
            "started_at": self._time(incident.began_at),
            "page_id": self._frame.page_id,
            "incident_updates": [self._update(incident, place) for place in reversed(range(len(updates)))],
            "components": [self._component(each, place) for place, each in enumerate(named, 1)],
            "reminder_intervals": None,
        }

    def _update(self, incident: PublishedIncident, place: int) -> Json:
        update = incident.active_updates[place]
        return {
            "id": public_key("update", incident.public_id, update.number),
            "status": update.state.value,
            "body": self._body(update),
            "incident_id": incident.public_id,
            "created_at": self._time(update.added_at or update.published_at),
            "updated_at": self._time(update.corrected_at or update.added_at or update.published_at),
            "display_at": self._time(update.published_at),
            "affected_components": self._affected(incident, place) or None,
            "deliver_notifications": True,
            "custom_tweet": None,
            "tweet_id": None,
        }

    def _body(self, update: PublishedUpdate) -> str:
        document = self._text(update.documents)
        text = self._text(update.texts)
        if not text and not document and update.state is UpdateState.POSTMORTEM:
            return self._words["page_postmortem_published"]
        return "\n\n".join(filter(None, [text, document])) or self._words["page_removed"]

    def _affected(self, incident: PublishedIncident, place: int) -> list[Json]:
        earlier = [each.components for each in incident.active_updates[:place]]
        before = {key: each.state for components in earlier for key, each in components.items()}
        return [
            {
                "code": public_key("component", key),
                "name": self._text(each.names),
                "old_status": before.get(key, ComponentState.OPERATIONAL).value,
                "new_status": each.state.value,
            }
            for key, each in incident.active_updates[place].components.items()
        ]
