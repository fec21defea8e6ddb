"""Every alert source keeps the same promises, so that the web layer treats them all alike."""

import inspect

import pytest

from bot.config.environment import VARIABLES
from bot.domain.alerts.events import SOURCE_NAMES
from bot.sources import SOURCES, alertmanager, generic, grafana


def test_the_table_has_a_reader_for_each_known_name():
    assert tuple(SOURCES) == SOURCE_NAMES


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_each_source_can_have_a_token_of_its_own(name):
    assert f"DOGWATCH_ALERT_TOKEN_{name.upper()}" in {variable.name for variable in VARIABLES}


@pytest.mark.parametrize("module", [alertmanager, grafana, generic], ids=lambda module: module.NAME)
def test_each_source_is_called_in_the_same_way(module):
    assert list(inspect.signature(module.verify).parameters) == ["headers", "body", "credentials", "now"]
    assert list(inspect.signature(module.parse).parameters) == ["payload", "received_at"]
    assert SOURCES[module.NAME].verify is module.verify
    assert SOURCES[module.NAME].parse is module.parse
