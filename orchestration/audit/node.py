"""The trace as data: a tree of nodes, the evidence under its KPIs, the lines of export files it ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Kind = Literal[
    "bonus",
    "line",
    "recalculated",
    "settled",
    "quantity",
    "rate",
    "days",
    "rate_row",
    "event",
    "base",
    "deduction",
    "gate",
    "award",
    "parameter",
    "grade",
    "band",
    "score",
    "score_part",
    "score_line",
    "points",
    "value",
    "numerator",
    "denominator",
    "other",
]


@dataclass(frozen=True)
class SourceLine:
    """A line of an export file: `row_number` counts from 1 with the header, `row_hash` is SHA-256.

    `model` and `key` name the fact row that was read from it; `says` what it contributes.
    """

    model: str
    key: str
    file: str | None
    row_number: int | None
    row_hash: str | None
    file_hash: str | None
    says: str = ""


@dataclass(frozen=True)
class Ruling:
    """A ruling that set a row aside (CG-30)."""

    ruling_id: str
    reason: str | None
    reviewer_id: str | None
    decided_at: datetime | None
    note: str | None
    source: SourceLine | None


@dataclass(frozen=True)
class EvidenceRow:
    """One source row as one KPI counts it. What is set aside keeps its numbers and says why."""

    month_id: str
    event_on: date | None
    numerator: Decimal
    denominator: int
    is_counted: bool
    exclusion_reason: str | None
    ruling: Ruling | None
    source: SourceLine


@dataclass(frozen=True)
class FileCount:
    """Evidence rows from one export file."""

    file: str
    counted: int
    set_aside: int


@dataclass(frozen=True)
class Evidence:
    """What one KPI of one agent and period counts.

    `numerator` and `denominator` are sums over the counted rows. `without_rulings` is the pair as it would be
    with the rows that rulings set aside; None where there is no ruling. `rows` are the first few or all.
    """

    kpi_id: str
    period_id: str
    name_en: str
    name_zh: str
    is_sum: bool
    numerator: Decimal
    denominator: int
    counted: int
    set_aside: Mapping[str, int]
    files: tuple[FileCount, ...]
    without_rulings: tuple[Decimal, int] | None
    rows: tuple[EvidenceRow, ...]
    row_count: int


@dataclass(frozen=True)
class Node:
    """One number of the trace.

    `by_hand` are calculations in published numbers (`37 / 41 = 0.902439`), `is_chosen` tells the row of a
    table that applies from the others, `origin` is `site` for numbers that a site fills in and no document
    states. `evidence` names an entry of `Trace.evidence`.
    """

    node_id: str
    kind: Kind
    label: str
    label_zh: str
    value: Decimal | None
    unit: str
    clause_id: str | None
    input_model: str | None
    input_key: str | None
    parameter: str | None = None
    parameter_value: str | None = None
    effective_from: date | None = None
    by_hand: tuple[str, ...] = ()
    origin: str | None = None
    is_chosen: bool | None = None
    notes: tuple[str, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    evidence: str | None = None
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Unpaid:
    """A component of the plan that pays no line, and why."""

    component_id: str
    label: str
    label_zh: str
    clause_id: str
    reason: str


@dataclass(frozen=True)
class Trace:
    """How one bonus came about. `publication` has run id, business date and hashes of the manifest."""

    agent_id: str
    agent_name: str | None
    period_id: str
    scheme_id: str
    scheme_en: str
    scheme_zh: str
    amount_cny: Decimal
    maturity: str
    score_status: str
    publication: Mapping[str, str]
    root: Node
    evidence: Mapping[str, Evidence]
    unpaid: tuple[Unpaid, ...] = ()
    notes: tuple[str, ...] = field(default=())
