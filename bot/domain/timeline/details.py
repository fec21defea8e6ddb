"""Values of a timeline entry beyond its text and kinds."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from bot.domain.incidents.impact import AffectedUsers
from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class EntryDetails(Payload):
    """
    Values of an entry. None or empty: it has none.

    Times are ISO 8601. `stated_about` names the stated times that are approximate.
    """

    started: str | None = None
    ended: str | None = None
    stated_about: tuple[str, ...] = ()
    users: int | None = None
    """Number of affected users; `users_percent` is their share, 20.0 for 20 %. At most one of both is given."""
    users_percent: float | None = None
    users_about: bool = False
    """The number or the share is an estimate."""
    status: str | None = None
    status_before: str | None = None
    severity: str | None = None
    severity_before: str | None = None
    role: str | None = None
    role_id: int | None = None
    role_label: str | None = None
    user: str | None = None
    user_before: str | None = None
    handed_over: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)
    """Fields that were changed, with their new values."""
    public: str | None = None
    """State of a status update."""
    public_languages: tuple[str, ...] = ()
    escalation_id: int | None = None
    vendor: str | None = None
    alert_id: int | None = None
    alert_ids: tuple[int, ...] = ()
    action_id: int | None = None
    change_id: int | None = None
    """The change that was the cause."""
    vendor_incident_id: int | None = None
    """The vendor's incident that it is about."""
    marked_by_hand: tuple[str, ...] = ()
    """Marks that a person chose: no reaction takes them away."""
    marks_dropped: tuple[str, ...] = ()
    """Marks that a person removed: no reaction brings them back."""
    from_page: bool = False
    """A person recorded it on a page, not in Slack."""
    parts: tuple[Any, ...] = ()
    """`[entry id, text]` of each source of a merged text, until somebody amends it."""
    came_from: Mapping[str, Any] = field(default_factory=dict)
    """Of an entry of an incident that was merged: its `reference`, the `entry` there, where it was `posted`."""
    posted: Mapping[str, str] = field(default_factory=dict)
    """`channel` and `ts` of the bot's message about it, in a channel that the incident left."""

    @property
    def affected_users(self) -> AffectedUsers | None:
        if self.users is None and self.users_percent is None:
            return None
        return AffectedUsers(self.users, self.users_percent, self.users_about)
