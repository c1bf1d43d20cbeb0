"""The evidence under the sums of one agent: counted or set aside, and from which export lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Evidence, EvidenceRow, FileCount, Phrase, Ruling, SourceLine
from orchestration.audit.relations import AuditFile, Row

SHOWN_ROWS = 3
"""Counted rows shown per sum unless all are asked for; rows under a ruling are always shown."""

KPI, EVENT = "kpi.kpi_evidence", "bonus.bonus_evidence"
NAMES: Mapping[str, str] = {KPI: "kpi_id", EVENT: "event_kind"}
"""The relations that keep evidence: what a row is evidence of."""

COLUMNS = (
    "wanted.key, evidence.month_id, evidence.event_on, evidence.evidence_model, evidence.evidence_key, "
    "evidence.is_counted, evidence.exclusion_reason, evidence.ruling_id, "
    "source.file, source.row_number, source.row_hash, source.load_id, {numbers}"
)
NUMBERS: Mapping[str, str] = {
    KPI: "evidence.numerator, evidence.denominator",
    EVENT: "evidence.quantity as numerator, 0 as denominator",
}
"""What a row adds to a sum."""


@dataclass(frozen=True)
class Wanted:
    """A sum whose evidence is wanted: `name` is a KPI or a kind of event, `relation` where its rows are; rows
    of `days` (first and last, both included) make it up.
    """

    relation: str
    name: str
    period_id: str
    days: tuple[tuple[date, date], ...]
    label: Phrase
    is_sum: bool


class EvidenceReader:
    """Reads evidence and export lines of one agent; without `show_people` reviewers stay unnamed."""

    def __init__(self, audit: AuditFile, agent_id: str, *, show_people: bool) -> None:
        self.audit, self.agent_id, self.show_people = audit, agent_id, show_people
        loads = audit.select("audit.load_file", {"status": "loaded"})
        self._files = {str(row["load_id"]): row for row in loads}
        self._rulings: dict[str, Ruling] = {}

    def line(self, row: Row, *, says: str = "") -> SourceLine:
        """The export line of a row that carries the columns of `audit.source_row`."""
        load = self._files.get(str(row["load_id"]), {})
        return SourceLine(
            model=row["evidence_model"],
            key=row["evidence_key"],
            file=row["file"] or load.get("file"),
            row_number=row["row_number"],
            row_hash=row["row_hash"],
            file_hash=load.get("sha256"),
            says=says,
        )

    def lines(self, model: str, keys: Mapping[str, str]) -> tuple[SourceLine, ...]:
        """The export lines of fact rows of one model, in the order of `keys`: key → what it contributes."""
        if not keys:
            return ()
        wanted = {"evidence_model": model, "evidence_key": list(keys)}
        found = {row["evidence_key"]: row for row in self.audit.select("audit.source_row", wanted)}
        return tuple(self.line(found[key], says=says) for key, says in keys.items() if key in found)

    def rows(self, relation: str, wanted: Mapping[str, Wanted], columns: str) -> list[Row]:
        """The rows of one relation that make up the agent's sums. Reads none of others."""
        parts = [
            (key, one.name, *days)
            for key, one in wanted.items()
            if one.relation == relation
            for days in one.days
        ]
        if not parts:
            return []
        keys, names, firsts, lasts = (list(column) for column in zip(*parts, strict=True))
        sql = text_beside(__file__, "sql/evidence.sql")
        return self.audit.query(
            sql.format(columns=columns, relation=relation, name=NAMES[relation]),
            {"agent": self.agent_id, "keys": keys, "names": names, "firsts": firsts, "lasts": lasts},
        )

    def evidence(self, wanted: Mapping[str, Wanted], *, show_all: bool) -> dict[str, Evidence]:
        """The evidence of the agent's sums by the name given to each."""
        rows: dict[str, list[Row]] = {key: [] for key in wanted}
        for relation, numbers in NUMBERS.items():
            for row in self.rows(relation, wanted, COLUMNS.format(numbers=numbers)):
                rows[row["key"]].append(row)
        self._read_rulings({row["ruling_id"] for found in rows.values() for row in found} - {None})
        return {key: self._summed(wanted[key], found, show_all=show_all) for key, found in rows.items()}

    def _read_rulings(self, ruling_ids: set[str]) -> None:
        wanted = sorted(ruling_ids)
        lines = {line.key: line for line in self.lines("fct_ruling", dict.fromkeys(wanted, ""))}
        for row in self.audit.select("facts.fct_ruling", {"ruling_id": wanted}) if wanted else ():
            self._rulings[row["ruling_id"]] = Ruling(
                ruling_id=row["ruling_id"],
                reason=row["reason"],
                reviewer_id=row["reviewer_id"] if self.show_people else None,
                decided_at=row["decided_at"],
                note=row["note"],
                source=lines.get(row["ruling_id"]),
            )

    def _summed(self, wanted: Wanted, rows: Sequence[Row], *, show_all: bool) -> Evidence:
        counted = [row for row in rows if row["is_counted"]]
        ruled = [row for row in rows if row["exclusion_reason"] == "ruling"]
        aside = Counter(row["exclusion_reason"] or "–" for row in rows if not row["is_counted"])
        files: dict[str, Counter[bool]] = defaultdict(Counter)
        for row in rows:
            files[self.line(row).file or "–"][row["is_counted"]] += 1
        numerator, denominator = _sums(counted)
        return Evidence(
            name=wanted.name,
            period_id=wanted.period_id,
            name_en=wanted.label.en,
            name_zh=wanted.label.zh,
            is_sum=wanted.is_sum,
            numerator=numerator,
            denominator=denominator,
            counted=len(counted),
            set_aside=dict(sorted(aside.items())),
            files=tuple(FileCount(file, count[True], count[False]) for file, count in sorted(files.items())),
            without_rulings=_sums([*counted, *ruled]) if ruled else None,
            rows=tuple(map(self._row, rows if show_all else [*ruled, *counted[:SHOWN_ROWS]])),
            row_count=len(rows),
        )

    def _row(self, row: Row) -> EvidenceRow:
        return EvidenceRow(
            month_id=row["month_id"] or f"{row['event_on']:%Y-%m}",
            event_on=row["event_on"],
            numerator=row["numerator"],
            denominator=row["denominator"],
            is_counted=row["is_counted"],
            exclusion_reason=row["exclusion_reason"],
            ruling=self._rulings.get(row["ruling_id"]),
            source=self.line(row),
        )


def _sums(rows: Sequence[Row]) -> tuple[Decimal, int]:
    return sum((row["numerator"] for row in rows), Decimal(0)), sum(row["denominator"] for row in rows)
