"""Every alert source keeps the same promises, so that the web layer treats them all alike."""

import inspect

import pytest

from bot.config.environment import VARIABLES, variable_suffix
from bot.domain.alerts.events import SOURCE_NAMES, TOKEN_SOURCES
from bot.sources import SOURCES


def test_the_table_has_a_reader_for_each_known_name():
    assert tuple(SOURCES) == SOURCE_NAMES


@pytest.mark.parametrize("name", TOKEN_SOURCES)
def test_each_source_can_have_a_token_of_its_own(name):
    assert f"DOGWATCH_ALERT_TOKEN_{variable_suffix(name)}" in {variable.name for variable in VARIABLES}


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_each_source_is_called_in_the_same_way(name):
    source = SOURCES[name]
    module = inspect.getmodule(source.parse)

    assert name == module.NAME
    assert (source.verify, source.parse) == (module.verify, module.parse)
    assert list(inspect.signature(source.verify).parameters) == ["headers", "body", "credentials", "now"]
    assert list(inspect.signature(source.parse).parameters) == ["payload", "received_at"]
