"""
`Look`: the content of a vendor's status page at one time, as plain values.

Every kind of page is read into it. All texts are the vendor's words: foreign text, plain or Markdown. None means that
the page does not say it, never "no" or "healthy".
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.status_page.components import ComponentState, Indicator
from bot.lazy_dataclass import dataclass

BACKDATED_FROM = timedelta(minutes=1)
"""Time between what an update shows and its writing from which it counts as backdated."""

TITLE_SEPARATOR = " / "
"""Between the languages of a title."""

LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
"""Stands for a time that a page does not say, when values are put in order."""


class VendorState(StrEnum):
    """State of a vendor's incident or maintenance, in the words of Statuspage."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"

    @property
    def is_over(self) -> bool:
        return self in {VendorState.RESOLVED, VendorState.POSTMORTEM, VendorState.COMPLETED}


class Listing(StrEnum):
    """
    The incidents that a look can hold: absence from it has another meaning each time.

    RECENT: open and past ones; OPEN: unresolved ones alone; NONE: none at all, as in a list of components.
    """

    RECENT = "recent"
    OPEN = "open"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class VendorPage:
    """
    The page itself.

    `zone`: its IANA name. `changed_at`: the vendor's own time of the last change.
    """

    name: str = ""
    address: str = ""
    zone: str = ""
    changed_at: datetime | None = None
    indicator: Indicator | None = None


@dataclass(frozen=True, slots=True)
class VendorComponent:
    """
    A part of the vendor's product.

    `key` is the page's id, else the name. `state` None: unknown.
    """

    key: str
    name: str
    group: str = ""
    state: ComponentState | None = None


@dataclass(frozen=True, slots=True)
class VendorUpdate:
    """
    One message of an incident.

    `key` identifies it within the incident. `said_at` is the time that the page shows, `written_at` when it was
    written, `edited_at` the last change. Times keep the vendor's offset. `text` is plain text or Markdown; `texts` has
    its parts by language if the vendor marks them, or has a page for each. `translations`: those of further pages.
    """

    key: str
    text: str = ""
    state: VendorState | None = None
    said_at: datetime | None = None
    written_at: datetime | None = None
    edited_at: datetime | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    translations: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The text in every language that has a page of its own."""
        if not self.translations:
            return self.text
        return "\n\n".join(f"{code.upper()}: {text}" for code, text in self.texts.items() if text)

    @property
    def told_at(self) -> datetime | None:
        """The time shown, else that of writing: a postmortem shows none."""
        return self.said_at or self.written_at

    @property
    def backdated_by(self) -> timedelta:
        """Zero unless it was written more than a minute after the time it shows."""
        if self.said_at is None or self.written_at is None:
            return timedelta()
        delay = self.written_at - self.said_at
        return delay if delay > BACKDATED_FROM else timedelta()


@dataclass(frozen=True, slots=True)
class VendorIncident:
    """
    An incident, or a maintenance: then `is_maintenance`, with its planned times.

    `updates` in any order. `level` is the impact, None if the page has no such thing. `components`: names.
    `started_at` and `ended_at` are what the vendor says, `changed_at` is the last change of anything.
    """

    key: str
    title: str
    link: str = ""
    state: VendorState | None = None
    level: Indicator | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None
    components: tuple[str, ...] = ()
    updates: tuple[VendorUpdate, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    title_translations: Mapping[str, str] = field(default_factory=dict)
    is_maintenance: bool = False
    planned_start: datetime | None = None
    planned_end: datetime | None = None

    @property
    def full_title(self) -> str:
        """The title in every language that has a page of its own."""
        return TITLE_SEPARATOR.join(dict.fromkeys((self.title, *self.title_translations.values())))

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None or (self.state is not None and self.state.is_over)

    @property
    def ordered_updates(self) -> tuple[VendorUpdate, ...]:
        """
        The earliest first, by the times that they show.

        A list without times keeps the order of its keys.
        """
        return tuple(sorted(self.updates, key=lambda each: (each.told_at or LONG_AGO, len(each.key), each.key)))

    @property
    def last_update(self) -> VendorUpdate | None:
        """The last one that is no postmortem; None if there is none."""
        words = [each for each in self.ordered_updates if each.state is not VendorState.POSTMORTEM]
        return words[-1] if words else None

    @property
    def first_said_at(self) -> datetime | None:
        """The vendor's first word as it was written: a backdated update counts from its writing."""
        written = (each.written_at or each.said_at for each in self.updates)
        return min((at for at in (self.created_at, *written) if at), default=self.started_at)


@dataclass(frozen=True, slots=True)
class Look:
    """
    One reading of a page. `kind` is that of the feed, as `statuspage`.

    `history_address`: where past incidents are, if this address lists the open ones alone; empty if nowhere.
    `has_all_updates`: an update that is missing from an incident was taken back. `remarks`: parts that could not be
    read, for operators, each with its place.
    """

    kind: str
    page: VendorPage = VendorPage()
    components: tuple[VendorComponent, ...] = ()
    incidents: tuple[VendorIncident, ...] = ()
    listing: Listing = Listing.RECENT
    history_address: str = ""
    has_all_updates: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def open_incidents(self) -> tuple[VendorIncident, ...]:
        """Without maintenances."""
        return tuple(each for each in self.incidents if not each.is_over and not each.is_maintenance)

    @property
    def maintenances(self) -> tuple[VendorIncident, ...]:
        return tuple(each for each in self.incidents if each.is_maintenance)
