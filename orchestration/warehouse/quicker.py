"""dbt's own work per node, made cheaper for a night: five places inside dbt, for exactly the versions that
they were read in. With any other version nothing is touched, and the night is as dbt makes it.

- A context holds a callable for each of some 600 macros, made anew twice a node; a node calls a few of them.
  Here they are made when they are asked for.
- Nine of ten events are for debugging. They are made, written as protobuf and then dropped by every listener.
  Here they are dropped first, as long as nobody listens, and an event is made when it is looked at.
- A template is compiled anew in each process, though it changes only with its text. Here the code that Jinja
  made of a text is kept, as Python keeps that of a module.
- For each answer of the database, types are made that could read dates from texts. Here they are made once.
- The graph is written to a file in which dbt itself never looks again. Here it is not.

What is built stays the same: `tests/integration/test_dbt_quicker.py` compares every relation.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import get_ident
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from orchestration.state.folder import OWNER_FILE

if TYPE_CHECKING:
    from dbt.contracts.graph.nodes import Macro

READ_IN = {
    "dbt-core": "1.11.16",
    "dbt-adapters": "1.24.5",
    "dbt-common": "1.39.0",
    "dbt-duckdb": "1.11.1",
    "Jinja2": "3.1.6",
}
"""Versions whose insides are known."""
ASKED, MESSAGE = "_asked", "pb_msg"
"""Attributes of an event: what it was asked with, and dbt's own name for the message made of it."""
DIGEST_BYTES = hashlib.sha256().digest_size
UNHEARD = frozenset({"debug", "test"})
"""Levels of events below everything that a night writes down or hears."""


def is_known() -> bool:
    """Whether exactly the versions are installed that this module was written for."""
    return {name: _installed(name) for name in READ_IN} == READ_IN


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@contextmanager
def quicker(templates: Path) -> Iterator[bool]:
    """Have dbt do less while the block runs; says whether it does. `templates` keeps compiled templates."""
    if not is_known():
        yield False
        return
    with ExitStack() as stack:
        stack.enter_context(_lazy_macros())
        stack.enter_context(_unheard_events_dropped())
        stack.enter_context(_events_made_when_looked_at())
        stack.enter_context(_kept_templates(templates))
        stack.enter_context(_types_made_once())
        stack.enter_context(_no_file_of_the_graph())
        yield True


@contextmanager
def _replaced(owner: type | ModuleType, name: str, replacement: Any) -> Iterator[None]:
    inherited = object()
    before = owner.__dict__.get(name, inherited)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if before is inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


# Macros


class _Macros:
    """Which macro a name means in a project, looked up once: as dbt's MacroNamespace searches it."""

    def __init__(self, packages: Mapping[str, Mapping[str, Macro]], builder: Any) -> None:
        from dbt.include.global_project import PROJECT_NAME

        internal = builder.internal_package_names
        self.packages = {name: macros for name, macros in packages.items() if name not in internal}
        self.global_project: dict[str, Macro] = {}
        for name in reversed(builder.internal_package_names_order):
            self.global_project.update(packages.get(name, {}))
        self.project_name = PROJECT_NAME
        self.named: dict[str, Macro | Mapping[str, Macro]] = {**self.global_project}
        self.named[PROJECT_NAME] = self.global_project
        self.named.update(self.packages)
        self.named.update(self.packages.get(builder.root_package, {}))
        self.named.update(self.packages.get(builder.search_package, {}))


class _Package(Mapping[str, Any]):
    """The macros of one package in one context."""

    def __init__(self, macros: Mapping[str, Macro], callable_of: Callable[[Macro], Any]) -> None:
        self._macros, self._callable_of = macros, callable_of

    def __getitem__(self, name: str) -> Any:
        return self._callable_of(self._macros[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._macros)

    def __len__(self) -> int:
        return len(self._macros)


class _Namespace(Mapping[str, Any]):
    """dbt's MacroNamespace, whose members are made when they are asked for."""

    def __init__(self, macros: _Macros, context: dict[str, Any], builder: Any) -> None:
        self._macros, self._context, self._builder = macros, context, builder
        self._made: dict[str, Any] = {}

    def _callable_of(self, macro: Macro) -> Any:
        from dbt.clients.jinja import MacroGenerator

        made = self._made.get(macro.unique_id)
        if made is None:
            made = MacroGenerator(macro, self._context, self._builder.node, self._builder.thread_ctx)
            self._made[macro.unique_id] = made
        return made

    def __getitem__(self, name: str) -> Any:
        found = self._macros.named[name]
        if isinstance(found, Mapping):
            return _Package(found, self._callable_of)
        return self._callable_of(found)

    def __contains__(self, name: object) -> bool:
        return name in self._macros.named

    def __iter__(self) -> Iterator[str]:
        return iter(self._macros.named)

    def __len__(self) -> int:
        return len(self._macros.named)

    def get_from_package(self, package_name: str | None, name: str) -> Any:
        """The macro of a package, or of the nearest one; None where it has none of the name."""
        from dbt.exceptions import PackageNotFoundForMacroError

        if package_name is None:
            return self.get(name)
        if package_name == self._macros.project_name:
            macros: Mapping[str, Macro] = self._macros.global_project
        elif package_name in self._macros.packages:
            macros = self._macros.packages[package_name]
        else:
            raise PackageNotFoundForMacroError(package_name)
        return self._callable_of(macros[name]) if name in macros else None


class _Context(dict[str, Any]):
    """A context that takes from a namespace what it does not hold."""

    namespace: Mapping[str, Any] = {}

    def __missing__(self, name: str) -> Any:
        self[name] = value = self.namespace[name]
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.namespace

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name."""
        try:
            return self[name]
        except KeyError:
            return default


@contextmanager
def _lazy_macros() -> Iterator[None]:
    from dbt.context.configured import ConfiguredContext
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients.jinja import MacroFuzzTemplate, NativeSandboxTemplate

    known: dict[tuple[int, str, str], tuple[Any, _Macros]] = {}
    as_dbt_does: Callable[[Any], dict[str, Any]] = ManifestContext.to_dict

    def build_namespace(self: Any) -> _Namespace:
        builder, packages = self._get_namespace_builder(), self.manifest.get_macros_by_package()
        key = (id(packages), builder.root_package, builder.search_package)
        if key not in known:
            # With the mapping itself, whose id is in the key: another may not come to lie in its place.
            known[key] = (packages, _Macros(packages, builder))
        self._ctx = _Context(self._ctx)
        self._ctx.namespace = _Namespace(known[key][1], self._ctx, builder)
        namespace: _Namespace = self._ctx.namespace
        return namespace

    def to_dict(self: Any) -> dict[str, Any]:
        if not isinstance(self.namespace, _Namespace):
            return as_dbt_does(self)
        context: dict[str, Any] = ConfiguredContext.to_dict(self)  # type: ignore[no-untyped-call]
        for name in [name for name in context if name in self.namespace]:
            context[name] = self.namespace[name]
        return context

    with (
        _replaced(ManifestContext, "_build_namespace", build_namespace),
        _replaced(ManifestContext, "to_dict", to_dict),
        # The arguments of generic tests are rendered by this one, which would copy the context.
        _replaced(NativeSandboxTemplate, "new_context", MacroFuzzTemplate.new_context),
    ):
        yield


# Events


@contextmanager
def _unheard_events_dropped() -> Iterator[None]:
    from dbt_common.events.event_manager import EventManager

    as_dbt_does = EventManager.fire_event

    def fire_event(
        self: Any,
        e: Any,
        level: Any = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        said = (level or e.level_tag()).value
        if said in UNHEARD and not any(logger.level.value in UNHEARD for logger in self.loggers):
            return
        as_dbt_does(self, e, level, node, force_warn_or_error_handling)

    with _replaced(EventManager, "fire_event", fire_event):
        yield


@contextmanager
def _events_made_when_looked_at() -> Iterator[None]:
    """Make an event's message of what it was asked with when it is first looked at."""
    from dbt_common.events.base_types import BaseEvent

    as_dbt_does: Callable[..., None] = BaseEvent.__init__

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        self.__dict__[ASKED] = arguments, named

    def message(self: Any) -> Any:
        if ASKED in self.__dict__:
            arguments, named = self.__dict__.pop(ASKED)
            as_dbt_does(self, *arguments, **named)
        return self.__dict__[MESSAGE]

    def set_message(self: Any, made: Any) -> None:
        self.__dict__[MESSAGE] = made

    with (
        _replaced(BaseEvent, "__init__", __init__),
        _replaced(BaseEvent, MESSAGE, property(message, set_message)),
    ):
        yield


# Answers


@contextmanager
def _types_made_once() -> Iterator[None]:
    """Make the types that an answer's columns may have once a thread and kind of answer."""
    from dbt_common.clients import agate_helper

    as_dbt_does: Callable[..., Any] = agate_helper.build_type_tester
    made: dict[tuple[Any, ...], Any] = {}

    def build_type_tester(text_columns: Iterable[str], string_null_values: Any = ("null", "")) -> Any:
        key = (get_ident(), tuple(sorted(text_columns)), tuple(string_null_values))
        if key not in made:
            made[key] = as_dbt_does(key[1], key[2])
        return made[key]

    with _replaced(agate_helper, "build_type_tester", build_type_tester):
        yield


# The graph


@contextmanager
def _no_file_of_the_graph() -> Iterator[None]:
    from dbt.compilation import Compiler

    with _replaced(Compiler, "write_graph_file", lambda self, linker, manifest: None):
        yield


# Templates

_made: dict[bytes, CodeType] = {}
"""Code of templates that this process has made: a second state has it without a file."""


@contextmanager
def _kept_templates(file: Path) -> Iterator[None]:
    """Keep in `file` the code that Jinja makes of a text, by the text and the kind of environment."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    stamp = repr((sys.version, sorted(READ_IN.items())))
    kept, used = _read_templates(file, stamp), dict[bytes, CodeType]()
    as_jinja_does = MacroFuzzEnvironment.compile

    def compile_template(self: Any, source: Any, *arguments: Any, **named: Any) -> Any:
        if arguments or named or not isinstance(source, str):
            return as_jinja_does(self, source, *arguments, **named)
        key = hashlib.sha256(f"{type(self).__name__}\n{source}".encode()).digest()
        code = kept.get(key) or _made.get(key) or as_jinja_does(self, source)
        used[key] = _made[key] = code
        return code

    with _replaced(MacroFuzzEnvironment, "compile", compile_template):
        yield
    if used.keys() - kept.keys():
        _write_templates(file, stamp, used)


def _read_templates(file: Path, stamp: str) -> dict[bytes, CodeType]:
    try:
        content = file.read_bytes()
        digest, kept = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        # A bit that flipped in kept code would build other SQL.
        if digest != hashlib.sha256(kept).digest():
            return {}
        said, templates = marshal.loads(kept)
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return dict(templates) if said == stamp else {}


def _write_templates(file: Path, stamp: str, templates: Mapping[bytes, CodeType]) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    kept = marshal.dumps((stamp, dict(templates)))
    draft.write_bytes(hashlib.sha256(kept).digest() + kept)
    draft.chmod(OWNER_FILE)
    draft.replace(file)
