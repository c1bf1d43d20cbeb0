"""What verify checked, what it could not, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.audit.verify.data import RelationUnreadable

ODD_ROWS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What looking at rows comes to that no publication has: a key without a name, a number that is none."""

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

    @contextmanager
    def skipping(self, what: str) -> Iterator[None]:
        """Record what a relation that does not read keeps from being checked."""
        try:
            yield
        except RelationUnreadable as error:
            self.skip(what, str(error))

    @contextmanager
    def guarding(self, name: str, place: str) -> Iterator[None]:
        """Record as a finding that what a check looks at, in `place`, has not the form that it is published
        in.
        """
        try:
            yield
        except ODD_ROWS as error:
            problem = f"has not the form of what is published ({type(error).__name__}: {error})"
            self.add(name, 0, "rows", [Finding(place, problem)])


def shown(value: object) -> str:
    """A value in a finding."""
    if value is None:
        return "nothing"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
