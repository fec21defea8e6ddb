"""Maintenance windows under way and planned, with what is published of them."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.services.incidents.maintenance_windows import list_windows
from bot.store import status_page
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class WindowView:
    """
    One window.

    `titles` and `texts` by language and `components` are what is published; `is_public` if anything is.
    `by`: name of the person who planned it.
    """

    key: int
    service: str
    starts_at: datetime
    ends_at: datetime
    is_running: bool
    reason: str
    by: str
    is_public: bool
    titles: Mapping[str, str]
    texts: Mapping[str, str]
    components: tuple[str, ...]


def load_windows(session: Session, team_id: str, at: datetime) -> list[WindowView]:
    """Open and planned windows, the first to begin first."""
    windows = list_windows(session, team_id, at)
    public = status_page.find_announced(session, [each.key for each in windows])
    names = people.find_names(session, team_id, {each.by for each in windows if each.by})
    return [
        WindowView(
            each.key,
            each.service,
            each.starts_at,
            each.ends_at,
            each.starts_at <= at,
            each.reason,
            names.get(each.by or "", each.by or ""),
            row is not None,
            row.titles if row else {},
            row.texts if row else {},
            tuple(row.components) if row else (),
        )
        for each in windows
        for row in [public.get(each.key)]
    ]
