"""What verify checked, what it could not, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SHOWN_PER_CHECK = 20
"""Findings kept per check: the rest is counted."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: file or relation, row and column where known, and in words what."""

    place: str
    problem: str
    row: str = ""
    column: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.place, self.row, self.column) if part)
        return f"{where}: {self.problem}"


@dataclass(frozen=True)
class Check:
    """One check that ran: how many things it looked at and how many were wrong."""

    name: str
    looked_at: int
    unit: str
    wrong: int


@dataclass
class Report:
    """Collects checks, findings and what could not be checked.

    `anchors` are the newest of each chain with their SHA-256, which no later one holds.
    """

    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.wrong == 0 for check in self.checks)

    def add(self, name: str, looked_at: int, unit: str, findings: Iterable[Finding]) -> None:
        """Record a check with what it found."""
        found = list(findings)
        self.checks.append(Check(name, looked_at, unit, len(found)))
        self.findings += found[:SHOWN_PER_CHECK]
        if len(found) > SHOWN_PER_CHECK:
            rest = len(found) - SHOWN_PER_CHECK
            self.findings.append(Finding(found[0].place, f"and {rest} more findings of the check '{name}'"))

    def skip(self, what: str, why: str) -> None:
        """Record what could not be checked."""
        self.not_checked.append(f"{what}: {why}")


def compare(
    place: str,
    published: Sequence[Mapping[str, Any]],
    expected: Mapping[tuple[Any, ...], Mapping[str, Any]],
    *,
    key: Sequence[str],
) -> list[Finding]:
    """Findings where published and recomputed rows differ: a value, a row too many, a row missing."""
    findings = []
    seen = set()
    for row in published:
        one = tuple(row[column] for column in key)
        name = _named(key, one)
        if one in seen:
            findings.append(Finding(place, "the row is published twice", row=name))
            continue
        seen.add(one)
        wanted = expected.get(one)
        if wanted is None:
            findings.append(
                Finding(place, "is published, but evidence and policy give no such row", row=name)
            )
            continue
        findings += [
            Finding(
                place, f"published {shown(row[column])}, recomputed {shown(value)}", row=name, column=column
            )
            for column, value in wanted.items()
            if row[column] != value
        ]
    findings += [
        Finding(place, "is missing: evidence and policy give it", row=_named(key, one))
        for one in expected
        if one not in seen
    ]
    return findings


def shown(value: object) -> str:
    """A value in a finding."""
    if value is None:
        return "nothing"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _named(key: Sequence[str], values: Sequence[object]) -> str:
    return " ".join(f"{column}={value}" for column, value in zip(key, values, strict=True))
