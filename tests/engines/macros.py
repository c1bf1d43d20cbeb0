"""The project's macros as one engine has them, rendered without dbt: what differs is tried by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROOT = Path(__file__).resolve().parents[2]
MACROS = ROOT / "dbt_project" / "macros"
ON_SPARK = ROOT / "dbt_project" / "materializations" / "on_spark.sql"
VARIABLES = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
ONE = re.compile(r"{%-?\s*macro\s+(\w+)\(.*?{%-?\s*endmacro\s*-?%}", re.DOTALL)
DISPATCHED = re.compile(r"adapter\.dispatch\('(\w+)'\)")


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def macros_of(*engines: str) -> Mapping[str, Callable[..., Any]]:
    """Every macro by name; a dispatched one as the first of `engines` that has it writes it."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    named: dict[str, Callable[..., Any]] = {}

    class Adapter:
        @staticmethod
        def dispatch(name: str) -> Callable[..., Any]:
            return next(named[f"{engine}__{name}"] for engine in engines if f"{engine}__{name}" in named)

    def returned(value: Any) -> None:
        raise _Returned(value)

    environment.globals.update(
        {
            "adapter": Adapter,
            "return": returned,
            "env_var": lambda _, shipped: shipped,
            "var": VARIABLES.__getitem__,
        }
    )
    for path in sorted([*MACROS.rglob("*.sql"), ON_SPARK]):
        for found in ONE.finditer(path.read_text(encoding="utf-8")):
            named[found[1]] = _callable(environment.from_string(found[0]), found[1])
    environment.globals.update(named)
    return named


def dispatched_macros() -> set[str]:
    """Names of the macros that engines write differently."""
    return {
        name
        for path in MACROS.rglob("*.sql")
        for name in DISPATCHED.findall(path.read_text(encoding="utf-8"))
    }


def _callable(template: jinja2.Template, name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return str(getattr(template.module, name)(*arguments, **named)).strip()
        except _Returned as result:
            return result.value

    return call
