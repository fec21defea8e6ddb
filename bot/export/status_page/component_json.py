"""The page and its components as JSON in Statuspage's shape."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.languages import get_language
from bot.domain.status_page.components import Group, TextByLanguage
from bot.domain.status_page.page import PageFrame, choose_text, public_key
from bot.domain.status_page.state import PublicComponent, PublicState

Json = dict[str, Any]


class ComponentWriter:
    """Values in one language. Texts in another language take the place of missing ones."""

    def __init__(self, state: PublicState, frame: PageFrame, language: str) -> None:
        self._state = state
        self._frame = frame
        self._language = language
        self._words = get_language(language).words

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
        published = [each.announced_at for each in self._state.incidents]
        return min([*published, *(each.published_at for each in self._state.maintenances)], default=self._state.as_of)

    def _text(self, texts: TextByLanguage) -> str:
        return choose_text(texts, self._language, self._frame.languages)[0]

    def _time(self, at: datetime) -> str:
        return at.astimezone(self._state.zone).isoformat(timespec="milliseconds")


def encode_json(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
