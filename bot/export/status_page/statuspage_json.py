"""The page as JSON in the shape of Statuspage's API, version 2, which aggregators read."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.languages import get_language
from bot.domain.status_page.components import ComponentState, Group
from bot.domain.status_page.page import PageFrame, choose_text, public_key
from bot.domain.status_page.publication import PublishedIncident, PublishedUpdate
from bot.domain.status_page.state import PublicComponent, PublicState
from bot.domain.terms import UpdateState

Json = dict[str, Any]
MOST_INCIDENTS = 50
"""Statuspage lists as many."""
RESOLVED_STATES = frozenset({UpdateState.RESOLVED, UpdateState.POSTMORTEM})


class StatuspageWriter:
    """The documents in one language. Texts in no other language take the place of missing ones."""

    def __init__(self, state: PublicState, frame: PageFrame, language: str) -> None:
        self._state = state
        self._frame = frame
        self._language = language
        self._words = get_language(language).words

    def write_files(self) -> Mapping[str, bytes]:
        """The documents by their path below `api/v2/`."""
        newest = self._state.incidents[:MOST_INCIDENTS]
        unresolved = [self._incident(each) for each in self._state.open_incidents]
        status, components = {"status": self._status()}, {"components": self._components()}
        maintenances: Json = {"scheduled_maintenances": []}
        documents = {
            "summary": {**components, "incidents": unresolved, **maintenances, **status},
            "status": status,
            "components": components,
            "incidents": {"incidents": [self._incident(each) for each in newest]},
            "incidents/unresolved": {"incidents": unresolved},
            "scheduled-maintenances": maintenances,
            "scheduled-maintenances/active": maintenances,
            "scheduled-maintenances/upcoming": maintenances,
        }
        return {f"{name}.json": _encode({"page": self._page(), **values}) for name, values in documents.items()}

    def _page(self) -> Json:
        return {
            "id": self._frame.page_id,
            "name": self._frame.title,
            "url": self._frame.url,
            "time_zone": self._state.zone.key,
            "updated_at": self._time(self._state.changed_at or self._state.as_of),
        }

    def _status(self) -> Json:
        indicator = self._state.indicator
        return {"indicator": indicator.value, "description": self._words[f"page_indicator_{indicator}"]}

    def _components(self) -> list[Json]:
        found: list[Json] = []
        for place, (group, members) in enumerate(self._state.groups, 1):
            if group is None:
                found += [self._component(each, place + index) for index, each in enumerate(members)]
                continue
            found.append(self._group(group, members, place))
            found += [self._component(each, index) for index, each in enumerate(members, 1)]
        return found

    def _component(self, component: PublicComponent, position: int) -> Json:
        changed_at = self._time(component.changed_at or self._first_day())
        return {
            "id": public_key("component", component.key),
            "name": self._text(component.names),
            "status": component.state.value,
            "created_at": self._time(self._first_day()),
            "updated_at": changed_at,
            "position": position,
            "description": None,
            "showcase": True,
            "start_date": self._first_day().astimezone(self._state.zone).date().isoformat(),
            "group_id": public_key("group", component.group.key) if component.group else None,
            "page_id": self._frame.page_id,
            "group": False,
            "only_show_if_degraded": False,
        }

    def _group(self, group: Group, members: Sequence[PublicComponent], position: int) -> Json:
        worst = max((each.state for each in members), key=lambda each: each.rank)
        return {
            "id": public_key("group", group.key),
            "name": self._text(group.names),
            "status": worst.value,
            "created_at": self._time(self._first_day()),
            "updated_at": self._time(self._first_day()),
            "position": position,
            "description": None,
            "showcase": False,
            "start_date": None,
            "group_id": None,
            "page_id": self._frame.page_id,
            "group": True,
            "only_show_if_degraded": False,
            "components": [public_key("component", each.key) for each in members],
        }

    def _first_day(self) -> datetime:
        """The first publication: before that nothing is known of any component."""
        return min((each.announced_at for each in self._state.incidents), default=self._state.as_of)

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

    def _text(self, texts: Mapping[str, str]) -> str:
        return choose_text(texts, self._language, self._frame.languages)[0]

    def _time(self, at: datetime) -> str:
        return at.astimezone(self._state.zone).isoformat(timespec="milliseconds")


def _encode(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
