"""States of components: typed, suggested by an incident, and the worst of several."""

import pytest

from bot.domain.errors import UserError
from bot.domain.status_page.components import Component, ComponentState, parse_states, suggest_states
from bot.domain.terms import Severity

CHECKOUT = Component("checkout", {"en": "Checkout"}, None, frozenset({"shop", "payments-api"}))
SEARCH = Component("search", {"en": "Search"}, None, frozenset({"index"}))


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("", {}),
        ("checkout=major", {"checkout": "major_outage"}),
        ("Checkout = DOWN , search=ok", {"checkout": "major_outage", "search": "operational"}),
        ("search=degraded_performance", {"search": "degraded_performance"}),
    ],
)
def test_states_are_read_by_key(text: str, states: dict[str, str]) -> None:
    assert parse_states(text, [CHECKOUT, SEARCH]) == states


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chekout=major", "Did you mean `checkout`?"),
        ("checkout=mayor", "Did you mean `major`?"),
        ("checkout", "`` is no state of a component."),
    ],
)
def test_an_unknown_component_or_state_is_refused_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_states(text, [CHECKOUT, SEARCH])


@pytest.mark.parametrize(
    ("services", "severity", "is_over", "suggested"),
    [
        (["shop"], Severity.SEV1, False, {"checkout": ComponentState.MAJOR}),
        (["index", "shop"], Severity.SEV3, False, dict.fromkeys(("checkout", "search"), ComponentState.DEGRADED)),
        (["shop"], Severity.SEV1, True, {"checkout": ComponentState.OPERATIONAL}),
        (["billing"], Severity.SEV1, False, {}),
    ],
)
def test_an_incident_suggests_states_by_its_services(
    services: list[str], severity: Severity, is_over: bool, suggested: dict[str, ComponentState]
) -> None:
    assert suggest_states([CHECKOUT, SEARCH], services, severity, is_over=is_over) == suggested
