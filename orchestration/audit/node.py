"""The trace as data: a tree of nodes, the evidence under its sums, the lines of export files it ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from orchestration.policy.clauses import Clause


@dataclass(frozen=True)
class Phrase:
    """The same in English and in Chinese; a calculation reads alike in both."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.en if self.en == self.zh else f"{self.en} · {self.zh}"

    def of(self, **values: object) -> Phrase:
        """The same with values in its braces; a Phrase among them is put in by its language."""
        en, zh = ({name: getattr(one, side, one) for name, one in values.items()} for side in ("en", "zh"))
        return Phrase(self.en.format(**en), self.zh.format(**zh))


@dataclass(frozen=True)
class SourceLine:
    """A line of an export file: `row_number` counts from 1 with the header; the hash's recipe stands in the
    audit guide.

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
    """One source row as one sum counts it. What is set aside keeps its numbers and says why."""

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
    """What one KPI, or one kind of event, counts of one agent in one period.

    `numerator` and `denominator` are sums over the counted rows. `without_rulings` is the pair as it would be
    with the rows that rulings set aside; None where there is no ruling. `rows` are the first few or all.
    """

    name: str
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
    """One number, or word, of the trace.

    `by_hand` says how it follows from its children (`37 / 41 = 0.902439`), `is_chosen` tells the row of a
    table that applies from the others, `band` for which numbers it is; `origin` is `site` for numbers that a
    site fills in and no document states. `is_shared`: what it is made of stands at its first place in the
    tree. `evidence` names an entry of `Trace.evidence`.
    """

    node_key: str
    kind: str
    operand: str
    label: str
    label_zh: str
    value: Decimal | None
    text: str | None
    unit: str
    clause_id: str | None = None
    origin: str | None = None
    effective_from: date | None = None
    reason: Phrase | None = None
    input_model: str | None = None
    input_key: str | None = None
    band: Phrase | None = None
    by_hand: Phrase | None = None
    is_chosen: bool | None = None
    is_shared: bool = False
    notes: tuple[Phrase, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    evidence: str | None = None
    children: tuple[Node, ...] = ()

    @property
    def not_paid(self) -> Decimal | None:
        """Of what is due and pays nothing: the amount that the plan states, None where it states none."""
        return next((child.value for child in self.children if child.operand == NOT_PAID), None)

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Trace:
    """How one bonus came about. `publication` has run id, business date and hashes of the manifest, `rules`
    the rules that the tree cites, in the order of the catalogue; None of one that it does not know.
    """

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
    rules: Mapping[str, Clause | None]
    notes: tuple[Phrase, ...] = field(default=())

    @property
    def unpaid(self) -> tuple[Node, ...]:
        """Components that are due and pay nothing, each with its reason."""
        return tuple(node for node in self.root.children if node.kind == UNPAID)

    @property
    def lines(self) -> tuple[Node, ...]:
        """What makes up the amount."""
        return tuple(node for node in self.root.children if node.kind != UNPAID)


UNPAID = "unpaid"
"""Kind of the nodes of what is due and pays nothing."""
NOT_PAID = "not_paid"
"""Operand of such a node: what the plan states for it."""
