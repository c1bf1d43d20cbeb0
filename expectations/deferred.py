"""Modules that are imported when they are first used, and not when somebody writes `import`.

Great Expectations imports scipy and altair for expectations and charts that no suite here has: a third of its
import time, every night.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def defer(*names: str) -> None:
    """Put a stand-in for each module that is not imported yet; a parent comes before its submodules.

    The first use of an attribute, or the import of another submodule, imports the module in its place.
    """
    for name in names:
        if name in sys.modules:
            continue
        stand_in = _Deferred(name)
        sys.modules[name] = stand_in
        parent, _, child = name.rpartition(".")
        if isinstance(sys.modules.get(parent), _Deferred):
            sys.modules[parent].__dict__[child] = stand_in


class _Deferred(ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__["__path__"] = _Path(name)

    def __getattr__(self, attribute: str) -> Any:
        # Whoever walks over all modules asks for __file__ and the like: that is no use of them.
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(_imported(self.__name__), attribute)


class _Path:
    """Where the import system looks for submodules; looking is a use."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return iter(_imported(self._name).__path__)


def _imported(name: str) -> ModuleType:
    family = name.partition(".")[0]
    for one, module in list(sys.modules.items()):
        if isinstance(module, _Deferred) and one.partition(".")[0] == family:
            del sys.modules[one]
    return importlib.import_module(name)
