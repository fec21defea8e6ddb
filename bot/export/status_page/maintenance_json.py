"""Scheduled maintenance as JSON in Statuspage's shape."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.status_page.components import ComponentState, Indicator
from bot.domain.status_page.maintenance import MaintenancePhase, PublishedMaintenance
from bot.domain.status_page.page import public_key
from bot.export.status_page.component_json import ComponentWriter, Json

MOST_MAINTENANCES = 50
"""Statuspage lists as many."""
STATUSES = {MaintenancePhase.CANCELLED: MaintenancePhase.COMPLETED}
"""Statuspage has no cancelled maintenance: it is completed, and its last update says that it was cancelled."""
UPCOMING = frozenset({MaintenancePhase.SCHEDULED})
ACTIVE = frozenset({MaintenancePhase.IN_PROGRESS})


class MaintenanceWriter(ComponentWriter):
    """Lists of maintenance in one language. Each phase is an update, as on Statuspage."""

    def list_newest(self) -> Json:
        newest = reversed(self._state.maintenances[-MOST_MAINTENANCES:])
        return self._list(newest)

    def list_upcoming(self) -> Json:
        return self._list(self._in_phase(UPCOMING))

    def list_active(self) -> Json:
        return self._list(self._in_phase(ACTIVE))

    def list_unfinished(self) -> Json:
        return self._list(self._in_phase(ACTIVE | UPCOMING))

    def _in_phase(self, phases: frozenset[MaintenancePhase]) -> Iterator[PublishedMaintenance]:
        return (each for each in self._state.maintenances if each.phase_at(self._state.as_of) in phases)

    def _list(self, maintenances: Iterable[PublishedMaintenance]) -> Json:
        return {"scheduled_maintenances": [self._maintenance(each) for each in maintenances]}

    def _maintenance(self, maintenance: PublishedMaintenance) -> Json:
        now, phase = self._state.as_of, maintenance.phase_at(self._state.as_of)
        is_over = maintenance.finishes_at <= now
        named = [each for each in self._state.components if each.key in maintenance.components]
        return {
            "id": maintenance.public_id,
            "name": self._text(maintenance.titles),
            "status": STATUSES.get(phase, phase).value,
            "created_at": self._time(maintenance.published_at),
            "updated_at": self._time(maintenance.last_change(now)),
            "monitoring_at": None,
            "resolved_at": self._time(maintenance.finishes_at) if is_over else None,
            "impact": Indicator.MAINTENANCE.value,
            "shortlink": f"{self._frame.url}/{self._language}/maintenance/{maintenance.public_id}.html",
            "started_at": self._time(maintenance.published_at),
            "page_id": self._frame.page_id,
            "incident_updates": [*reversed([*self._updates(maintenance)])],
            "components": [self._component(each, place) for place, each in enumerate(named, 1)],
            "scheduled_for": self._time(maintenance.starts_at),
            "scheduled_until": self._time(maintenance.ends_at),
        }

    def _updates(self, maintenance: PublishedMaintenance) -> Iterator[Json]:
        """The announcement, the start and the end, as far as they have come."""
        now, published_at = self._state.as_of, maintenance.published_at
        finishes_at, before = max(maintenance.finishes_at, published_at), ComponentState.OPERATIONAL
        text, changed_at = self._text(maintenance.texts), maintenance.changed_at
        yield self._update(maintenance, MaintenancePhase.SCHEDULED, text, published_at, (before, before), changed_at)
        if maintenance.is_cancelled:
            body = self._words["page_maintenance_called_off"]
            yield self._update(maintenance, MaintenancePhase.COMPLETED, body, finishes_at, (before, before))
            return
        during = ComponentState.MAINTENANCE
        if maintenance.starts_at <= now:
            body, at = self._words["page_maintenance_begun"], max(maintenance.starts_at, published_at)
            yield self._update(maintenance, MaintenancePhase.IN_PROGRESS, body, at, (before, during))
        if maintenance.finishes_at <= now:
            body = self._words["page_maintenance_over"]
            yield self._update(maintenance, MaintenancePhase.COMPLETED, body, finishes_at, (during, before))

    def _update(
        self,
        maintenance: PublishedMaintenance,
        phase: MaintenancePhase,
        body: str,
        at: datetime,
        states: tuple[ComponentState, ComponentState],
        changed_at: datetime | None = None,
    ) -> Json:
        return {
            "id": public_key("maintenance update", maintenance.public_id, phase),
            "status": phase.value,
            "body": body,
            "incident_id": maintenance.public_id,
            "created_at": self._time(at),
            "updated_at": self._time(changed_at or at),
            "display_at": self._time(at),
            "affected_components": self._affected(maintenance, states) or None,
            "deliver_notifications": True,
            "custom_tweet": None,
            "tweet_id": None,
        }

    def _affected(self, maintenance: PublishedMaintenance, states: tuple[ComponentState, ComponentState]) -> list[Json]:
        return [
            {
                "code": public_key("component", key),
                "name": self._text(names),
                "old_status": states[0].value,
                "new_status": states[1].value,
            }
            for key, names in maintenance.components.items()
        ]
