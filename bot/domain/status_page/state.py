"""
`PublicState`: everything that the public page shows, as one value.

Its types hold published words, public ids and keys of components. Names of people, channels, references, services and
private incidents have no place in it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.status_page.components import (
    INDICATORS,
    Component,
    ComponentState,
    Group,
    Indicator,
    TextByLanguage,
    worst_state,
)
from bot.domain.status_page.history import ImpactDay, build_days, compute_uptime
from bot.domain.status_page.maintenance import MaintenancePhase, PublishedMaintenance, find_next_edge
from bot.domain.status_page.publication import PublishedIncident
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PublicComponent:
    """A component as readers see it, without the services behind it."""

    key: str
    names: TextByLanguage
    group: Group | None
    state: ComponentState
    days: tuple[ImpactDay, ...]
    uptime: float
    """Percent of the 90 days."""
    changed_at: datetime | None = None
    """When its state was published last; None if never."""


@dataclass(frozen=True, slots=True)
class PublicState:
    """
    The page at one time. `incidents`: all that were ever published, the newest first.

    `as_of` is when it was computed; `zone` is that of its days and times. `maintenances`: the first to begin first.
    """

    as_of: datetime
    zone: ZoneInfo
    components: tuple[PublicComponent, ...]
    incidents: tuple[PublishedIncident, ...]
    maintenances: tuple[PublishedMaintenance, ...] = ()

    @property
    def announced_maintenances(self) -> tuple[PublishedMaintenance, ...]:
        """Planned ones, those in progress, and cancelled ones until their planned end."""
        return tuple(each for each in self.maintenances if each.is_announced(self.as_of))

    @property
    def next_edge(self) -> datetime | None:
        """When the page changes by itself, because a maintenance begins or ends."""
        return find_next_edge(self.maintenances, self.as_of)

    @property
    def open_incidents(self) -> tuple[PublishedIncident, ...]:
        return tuple(each for each in self.incidents if each.is_open)

    @property
    def worst(self) -> ComponentState:
        return worst_state(each.state for each in self.components)

    @property
    def indicator(self) -> Indicator:
        """The worst component; an open incident without one is minor, also during a maintenance."""
        worst = INDICATORS[self.worst]
        if worst not in {Indicator.NONE, Indicator.MAINTENANCE}:
            return worst
        if any(worst is Indicator.NONE or each.impact is not Indicator.MAINTENANCE for each in self.open_incidents):
            return Indicator.MINOR
        phases = {each.phase_at(self.as_of) for each in self.maintenances}
        return Indicator.MAINTENANCE if MaintenancePhase.IN_PROGRESS in phases else worst

    @property
    def changed_at(self) -> datetime | None:
        """When readers saw a change last; None if never."""
        changes = [each.changed_at for each in self.incidents]
        return max([*changes, *(each.last_change(self.as_of) for each in self.maintenances)], default=None)

    @property
    def groups(self) -> tuple[tuple[Group | None, tuple[PublicComponent, ...]], ...]:
        """The components below their headings, in the order of the configuration."""
        parts = groupby(self.components, key=lambda each: each.group)
        return tuple((group, tuple(members)) for group, members in parts)

    @property
    def months(self) -> tuple[tuple[date, tuple[PublishedIncident, ...]], ...]:
        """
        Each month with its incidents by the day of their start, newest first.

        Months without any: this one, and those in which a maintenance ended.
        """
        this_month = self.month_of(self.as_of)
        found: dict[date, list[PublishedIncident]] = {this_month: []}
        found |= {self.month_of(each.began_at): [] for each in self.maintenances if each.finishes_at <= self.as_of}
        for incident in sorted(self.incidents, key=lambda each: each.began_at, reverse=True):
            found.setdefault(self.month_of(incident.began_at), []).append(incident)
        return tuple((month, tuple(found[month])) for month in sorted(found, reverse=True))

    def find_finished(self, month: date) -> tuple[PublishedMaintenance, ...]:
        """Maintenance of a month that is over or cancelled, the newest first."""
        over = [each for each in self.maintenances if each.finishes_at <= self.as_of]
        return tuple(each for each in reversed(over) if self.month_of(each.began_at) == month)

    def month_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date().replace(day=1)


def build_state(
    components: Sequence[Component],
    incidents: Sequence[PublishedIncident],
    now: datetime,
    zone: ZoneInfo,
    maintenances: Sequence[PublishedMaintenance] = (),
) -> PublicState:
    """Compute the page from what was published. Components of the same group stand together."""
    newest_first = tuple(sorted(incidents, key=lambda each: (each.announced_at, each.public_id), reverse=True))
    keys = [each.group.key if each.group else None for each in components]
    pairs = sorted(zip(keys, components, strict=True), key=lambda pair: keys.index(pair[0]))
    in_order = tuple(sorted(maintenances, key=lambda each: (each.starts_at, each.public_id)))
    built = tuple(_build_component(each, newest_first, in_order, now, zone) for _, each in pairs)
    return PublicState(now, zone, built, newest_first, in_order)


def _build_component(
    component: Component,
    incidents: Sequence[PublishedIncident],
    maintenances: Sequence[PublishedMaintenance],
    now: datetime,
    zone: ZoneInfo,
) -> PublicComponent:
    days = build_days(incidents, component.key, now, zone, maintenances)
    active = [each for each in incidents if each.is_open and each.impact_ended_at is None]
    current = [span.state for each in active for span in each.find_spans(component.key)[-1:]]
    updates = [update for each in incidents for update in each.active_updates]
    named_at = [each.published_at for each in updates if component.key in each.components]
    spans = [span for each in maintenances if component.key in each.components and (span := each.find_span(now))]
    current += [each.state for each in spans if each.ends_at is None]
    named_at += [each.ends_at or each.starts_at for each in spans]
    return PublicComponent(
        component.key,
        component.names,
        component.group,
        worst_state(current),
        days,
        compute_uptime(days),
        max(named_at, default=None),
    )
