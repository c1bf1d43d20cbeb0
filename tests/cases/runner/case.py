"""Worked cases as read from YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

AS_OF = "2026-10-31"
"""Business date of a case that names none."""

KEYS = {
    "case",
    "scheme",
    "rules",
    "period",
    "as_of",
    "given",
    "absent_exports",
    "policy",
    "expect",
    "absent",
    "calculation",
}
REQUIRED = {"case", "scheme", "rules", "period", "given", "expect", "calculation"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One worked case. `given` and `expect` are as written; `tag` is what its keys are prefixed with."""

    tag: str
    path: Path
    name: str
    scheme: str
    rules: tuple[str, ...]
    period: str
    as_of: str
    given: Mapping[str, Sequence[Row]]
    policy: Sequence[Mapping[str, Any]]
    expect: Mapping[str, Any]
    absent: Mapping[str, Any]
    absent_exports: frozenset[str] = frozenset()

    @property
    def plan(self) -> str:
        """The case's own copy of its plan."""
        return f"{self.scheme}.{self.tag}"

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}: {self.name}"


def read_cases(folder: Path) -> list[Case]:
    """Every case under `folder`, in the order of files. A file holds one case, several documents, or a list.

    Raises ValueError naming the file for a case that lacks a part or has one that means nothing.
    """
    cases: list[Case] = []
    for path in sorted(folder.glob("*/*.yml")):
        for content in _documents(path):
            cases.append(_case(content, path, f"c{len(cases) + 1:03d}"))
    return cases


def _documents(path: Path) -> Iterator[Mapping[str, Any]]:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        yield from document if isinstance(document, list) else [document]


def _case(content: Mapping[str, Any], path: Path, tag: str) -> Case:
    name = content.get("case", "a case without a name")
    unknown, missing = set(content) - KEYS, REQUIRED - set(content)
    if unknown or missing:
        raise ValueError(f"{path}: {name}: {sorted(missing)} missing, {sorted(unknown)} unknown")
    return Case(
        tag=tag,
        path=path,
        name=str(name),
        scheme=content["scheme"],
        rules=tuple(content["rules"]),
        period=str(content["period"]),
        as_of=str(content.get("as_of", AS_OF)),
        given=content["given"] or {},
        policy=tuple(content.get("policy", ())),
        expect=content["expect"] or {},
        absent=content.get("absent", {}),
        absent_exports=frozenset(content.get("absent_exports", ())),
    )
