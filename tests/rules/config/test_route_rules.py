"""`group_by`, `window` and `resolve_after` of routes and services: what is read, what is refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import examine, load

pytestmark = pytest.mark.usefixtures("empty_folder")


def problems(path: Path) -> list[str]:
    return [str(each).removeprefix(f"{path}:") for each in examine({}, config_path=path).problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[routes]]\nresolve_after = "soon"\n', 'Use one from "1m" to "52w", like "90m", "1h" or "1d". Or "never"'),
        ('[services.shop]\nresolve_after = "0m"\n', "This is not a length."),
        ('[[routes]]\nwindow = "5m"\n', "`window` is for `group_by`, and this route has none."),
        ('[[routes]]\ngroup_by = ["a"]\nwindow = "5"\n', "This is not a length."),
        ('[[routes]]\ngroup_by = "a"\n', "routes"),
    ],
)
def test_what_cannot_work_is_refused(write: Any, text: str, problem: str) -> None:
    (found,) = problems(write(text))
    assert problem in found


def test_routes_and_services_have_their_rules(write: Any) -> None:
    text = '[[routes]]\ngroup_by = ["a"]\nresolve_after = "never"\n[services.shop]\nresolve_after = "10m"\n'
    settings = load({}, config_path=write(text))

    (route,) = settings.alert_routes
    assert route.grouping is not None
    assert (route.grouping.window, route.resolve_after) == (timedelta(minutes=15), timedelta())
    assert settings.alert_defaults.service_resolutions == {"shop": timedelta(minutes=10)}
    assert settings.resolves_incidents


def test_nothing_resolves_by_default(write: Any) -> None:
    assert not load({}, config_path=write('[[routes]]\nresolve_after = "never"\n')).resolves_incidents
