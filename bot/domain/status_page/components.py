"""Components of the status page: their states, and the states that an incident suggests."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from enum import StrEnum

from bot.domain.errors import UserError, did_you_mean
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass

TextByLanguage = Mapping[str, str]


class ComponentState(StrEnum):
    """State of a component, in the words of Statuspage; from the best to the worst."""

    OPERATIONAL = "operational"
    MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"

    @property
    def rank(self) -> int:
        return list(ComponentState).index(self)

    @property
    def is_outage(self) -> bool:
        """True for the states that count as downtime."""
        return self in {ComponentState.PARTIAL, ComponentState.MAJOR}


class Indicator(StrEnum):
    """Summary of the page, and impact of an incident, in the words of Statuspage."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


INDICATORS: Mapping[ComponentState, Indicator] = {
    ComponentState.OPERATIONAL: Indicator.NONE,
    ComponentState.MAINTENANCE: Indicator.MAINTENANCE,
    ComponentState.DEGRADED: Indicator.MINOR,
    ComponentState.PARTIAL: Indicator.MAJOR,
    ComponentState.MAJOR: Indicator.CRITICAL,
}
SUGGESTIONS: Mapping[Severity, ComponentState] = {
    Severity.SEV1: ComponentState.MAJOR,
    Severity.SEV2: ComponentState.PARTIAL,
    Severity.SEV3: ComponentState.DEGRADED,
    Severity.SEV4: ComponentState.OPERATIONAL,
}
_SHORT_NAMES: Mapping[str, ComponentState] = {
    "ok": ComponentState.OPERATIONAL,
    "up": ComponentState.OPERATIONAL,
    "maintenance": ComponentState.MAINTENANCE,
    "degraded": ComponentState.DEGRADED,
    "slow": ComponentState.DEGRADED,
    "partial": ComponentState.PARTIAL,
    "major": ComponentState.MAJOR,
    "down": ComponentState.MAJOR,
}


@dataclass(frozen=True, slots=True)
class Group:
    """
    A heading above components.

    `names` by language; that of the page's first language is always there.
    """

    key: str
    names: TextByLanguage


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the product as readers know it. `key` stays when the name changes."""

    key: str
    names: TextByLanguage
    group: Group | None = None
    services: frozenset[str] = field(default=frozenset())
    """The services that it depends on. No page shows them."""


def worst_state(states: Iterable[ComponentState]) -> ComponentState:
    """The worst of the states; operational if there is none."""
    return max(states, key=lambda each: each.rank, default=ComponentState.OPERATIONAL)


def suggest_states(
    components: Iterable[Component], services: Collection[str], severity: Severity, *, is_over: bool
) -> dict[str, ComponentState]:
    """States of the components that depend on these services, for a person to confirm."""
    state = ComponentState.OPERATIONAL if is_over else SUGGESTIONS[severity]
    return {each.key: state for each in components if each.services & {*services}}


def parse_keys(text: str, components: Iterable[Component]) -> tuple[str, ...]:
    """
    Read `checkout,search`: keys of components, each once. `none` is no component.

    Raises UserError for an unknown one, with the nearest.
    """
    keys = [each.key for each in components]
    named = dict.fromkeys(filter(None, (each.strip().casefold() for each in text.split(","))))
    if [*named] == ["none"]:
        return ()
    for key in named:
        _require_known(key, keys)
    return tuple(named)


def _require_known(key: str, keys: list[str]) -> None:
    if key not in keys:
        listed = ", ".join(keys) or "none"
        raise UserError(f"The status page has no component `{key}`.{did_you_mean(key, keys)} Components: {listed}.")


def parse_states(text: str, components: Iterable[Component]) -> dict[str, ComponentState]:
    """
    Read `checkout=major,search=ok`: the state of each component by its key.

    Raises UserError for an unknown component or state, with the nearest one.
    """
    keys = [each.key for each in components]
    states = {**_SHORT_NAMES, **{each.value: each for each in ComponentState}}
    found: dict[str, ComponentState] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        key, _, word = (each.strip().casefold() for each in part.partition("="))
        _require_known(key, keys)
        if word not in states:
            names = ", ".join(ComponentState)
            raise UserError(f"`{word}` is no state of a component.{did_you_mean(word, list(states))} States: {names}.")
        found[key] = states[word]
    return found
