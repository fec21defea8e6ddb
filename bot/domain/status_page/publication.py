"""Published incidents and their updates: all that the public page is computed from."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

from bot.domain.status_page.components import INDICATORS, ComponentState, Indicator, TextByLanguage, worst_state
from bot.domain.terms import UpdateState
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PublishedState:
    """The state of a component in an update, with the names that it had then."""

    state: ComponentState
    names: TextByLanguage


@dataclass(frozen=True, slots=True)
class PublishedUpdate:
    """
    One update, in all its languages. Text under `""`: nobody said in which language.

    `languages`: those in which it exists, also where its text is empty. `corrected_at`: the texts were changed after
    their publication. A withdrawn update has no text. `documents`: the public postmortem by language, as Markdown.
    """

    number: int
    state: UpdateState
    published_at: datetime
    texts: TextByLanguage
    languages: tuple[str, ...] = ()
    components: Mapping[str, PublishedState] = field(default_factory=dict)
    corrected_at: datetime | None = None
    added_at: datetime | None = None
    """When it was published, if its time is an earlier one."""
    is_withdrawn: bool = False
    is_closing: bool = False
    """The incident was cancelled or merged: a fixed text says that no further updates follow."""
    documents: TextByLanguage = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The key of the words for its state."""
        return label_of_update(self.state, is_closing=self.is_closing)

    @property
    def ends_incident(self) -> bool:
        return self.state in {UpdateState.RESOLVED, UpdateState.POSTMORTEM}


def label_of_update(state: UpdateState, *, is_closing: bool) -> str:
    """
    The key of the words for a state.

    A report that ends without a resolution is ended, not resolved.
    """
    return "page_report_ended" if is_closing else f"public_{state}"


@dataclass(frozen=True, slots=True)
class PublishedIncident:
    """
    An incident as the public knows it. `updates` in the order of publication, at least one.

    `impact_started_at` and `impact_ended_at` are published facts, None unless a person published them.
    """

    public_id: str
    titles: TextByLanguage
    updates: tuple[PublishedUpdate, ...]
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None

    @property
    def active_updates(self) -> tuple[PublishedUpdate, ...]:
        return tuple(each for each in self.updates if not each.is_withdrawn)

    @property
    def state(self) -> UpdateState:
        """That of the last update; resolved if every update was withdrawn."""
        return self.active_updates[-1].state if self.active_updates else UpdateState.RESOLVED

    @property
    def label(self) -> str:
        """The key of the words for its state."""
        return self.active_updates[-1].label if self.active_updates else "page_report_withdrawn"

    @property
    def is_open(self) -> bool:
        return self.state not in {UpdateState.RESOLVED, UpdateState.POSTMORTEM}

    @property
    def announced_at(self) -> datetime:
        return self.updates[0].published_at

    @property
    def began_at(self) -> datetime:
        """Start of the impact if it is published, else the announcement."""
        return self.impact_started_at or self.announced_at

    @property
    def resolved_at(self) -> datetime | None:
        """When the last resolution was published; None while it is open."""
        if self.is_open:
            return None
        ending = [each for each in self.active_updates if each.ends_incident]
        first = next(iter(_last_run(ending, self.active_updates)), None)
        return first.published_at if first else self.updates[-1].published_at

    @property
    def announced_for(self) -> timedelta | None:
        """From the first update to the resolution; None while it is open."""
        return self.resolved_at - self.announced_at if self.resolved_at else None

    @property
    def changed_at(self) -> datetime:
        return max(max(each.published_at, each.corrected_at or each.published_at) for each in self.updates)

    @property
    def states(self) -> tuple[UpdateState, ...]:
        """The states in order; one that is repeated counts once."""
        found = [each.state for each in self.active_updates]
        return tuple(state for place, state in enumerate(found) if place == 0 or found[place - 1] is not state)

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language in which an update exists, in order of appearance."""
        return tuple(dict.fromkeys(code for each in self.updates for code in each.languages if code))

    @property
    def components(self) -> dict[str, PublishedState]:
        """Each component that was named, in its last state."""
        found: dict[str, PublishedState] = {}
        for update in self.active_updates:
            found |= update.components
        return found

    @property
    def impact(self) -> Indicator:
        """The worst that was published of any component."""
        return INDICATORS[worst_state(each.state for up in self.active_updates for each in up.components.values())]

    def find_spans(self, key: str) -> list["Span"]:
        """
        The states of a component, from update to update.

        The last has no end while the incident is open.
        """
        named = [each for each in self.active_updates if key in each.components]
        ends = [*(each.published_at for each in named[1:]), self.resolved_at]
        return [
            Span(each.published_at, end, each.components[key].state) for each, end in zip(named, ends, strict=False)
        ]


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a component had a state. `ends_at` None: it still has it."""

    starts_at: datetime
    ends_at: datetime | None
    state: ComponentState


def _last_run(ending: list[PublishedUpdate], every: tuple[PublishedUpdate, ...]) -> list[PublishedUpdate]:
    """The updates since the incident was resolved for the last time."""
    run: list[PublishedUpdate] = []
    for update in reversed(every):
        if update not in ending:
            break
        run.insert(0, update)
    return run


def stated_spans(incident: PublishedIncident, key: str) -> list[Span]:
    """
    Spans of impact for the history.

    A published start or end of the impact wins over the updates' times.
    """
    spans = [each for each in incident.find_spans(key) if each.state is not ComponentState.OPERATIONAL]
    if not spans:
        return []
    starts_at, ends_at = incident.impact_started_at, incident.impact_ended_at
    spans[0] = replace(spans[0], starts_at=starts_at or spans[0].starts_at)
    if ends_at is not None:
        spans = [each for each in spans if each.starts_at < ends_at]
        spans = [replace(each, ends_at=min(each.ends_at or ends_at, ends_at)) for each in spans]
        spans[-1:] = [replace(each, ends_at=ends_at) for each in spans[-1:]]
    return [each for each in spans if each.ends_at is None or each.ends_at > each.starts_at]
