"""
Check the shape of Slack's answers.

An answer of another shape counts as none: what it was about is looked up or read again. Taken as it is, an answer
without messages would mean that a message was never posted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.api.errors import Unreachable

MAX_PAGES = 2_000
"""Pages of one list. The largest workspaces have fewer."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_named(value: object) -> bool:
    return isinstance(value, dict) and _is_text(value.get("id"))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_object, value))


FIELDS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {
    "apps.connections.open": {"url": _is_text},
    "auth.teams.list": {"teams": _are_objects},
    "auth.test": {"user_id": _is_text},
    "bookmarks.list": {"bookmarks": _are_objects},
    "canvases.create": {"canvas_id": _is_text},
    "chat.postMessage": {"ts": _is_text},
    "conversations.create": {"channel": _is_named},
    "conversations.history": {"messages": _are_objects},
    "conversations.info": {"channel": _is_object},
    "conversations.list": {"channels": _are_objects},
    "conversations.members": {"members": _are_texts},
    "conversations.open": {"channel": _is_named},
    "conversations.replies": {"messages": _are_objects},
    "files.getUploadURLExternal": {"upload_url": _is_text, "file_id": _is_text},
    "files.info": {"file": _is_object},
    "usergroups.list": {"usergroups": _are_objects},
    "users.info": {"user": _is_named},
    "users.lookupByEmail": {"user": _is_named},
    "views.open": {"view": _is_named},
}
"""Fields that are read of an answer, by method. Source: docs.slack.dev/reference/methods."""


def check_answer(method: str, answer: Mapping[str, Any]) -> None:
    """Raises Unreachable for an answer that does not have its method's shape."""
    wrong = [name for name, is_valid in FIELDS.get(method, {}).items() if not is_valid(answer.get(name))]
    if not _is_object(answer.get("response_metadata") or {}):
        wrong.append("response_metadata")
    if wrong:
        raise Unreachable(method, f"an answer without a valid {', '.join(wrong)}", maybe_done=True)


class ListCursors:
    """The cursors of one list, which may lead back or never end."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._seen: set[str] = set()

    def find_next(self, answer: Mapping[str, Any]) -> str | None:
        """
        Return the cursor of the next page, None after the last.

        Raises Unreachable if the pages do not end.
        """
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return None
        if cursor in self._seen or len(self._seen) == MAX_PAGES:
            raise Unreachable(self._method, "a list whose pages do not end", maybe_done=False)
        self._seen.add(cursor)
        return cursor
