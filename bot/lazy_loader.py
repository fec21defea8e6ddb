"""
Modules that are needed once a week, loaded at their first use.

Written as `if TYPE_CHECKING: import yaml`, `else: yaml = LazyModule("yaml")`: tools see the import, and the start is
spared it.
"""

from importlib import import_module
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """The module of this name. It may be loaded by several threads at once."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)
