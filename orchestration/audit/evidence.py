"""The evidence under the sums of one agent: counted or set aside, and from which export lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.audit.node import Evidence, EvidenceRow, FileCount, Phrase, Ruling, SourceLine
from orchestration.audit.relations import AuditFile, Row

SHOWN_ROWS = 3
"""Counted rows shown per sum unless all are asked for; rows under a ruling are always shown."""

KPI, EVENT = "kpi.kpi_evidence", "bonus.bonus_evidence"
_COLUMNS: Mapping[str, str] = {
    KPI: "evidence.kpi_id as name, evidence.numerator, evidence.denominator",
    EVENT: "evidence.event_kind as name, evidence.quantity as numerator, 0 as denominator",
}
"""The relations that keep evidence, and what a row of each adds to a sum."""

_EVIDENCE = """
    select
        evidence.month_id, evidence.event_on, evidence.evidence_model, evidence.evidence_key,
        evidence.is_counted, evidence.exclusion_reason, evidence.ruling_id,
        source.file, source.row_number, source.row_hash, source.load_id, {columns}
    from {relation} as evidence
    left join audit.source_row as source
        on evidence.evidence_model = source.evidence_model and evidence.evidence_key = source.evidence_key
    where
        evidence.agent_id = $agent
        and list_contains($months, strftime(evidence.event_on, '%Y-%m'))
        and list_contains($names, name)
    order by name, evidence.event_on, evidence.evidence_model, evidence.evidence_key
"""

_SOURCE = """
    select evidence_model, evidence_key, file, row_number, row_hash, load_id
    from audit.source_row
    where evidence_model = $model and evidence_key in (select unnest($keys))
"""


class Sources:
    """Finds the export line of a fact row, and the hash of its file."""

    def __init__(self, audit: AuditFile) -> None:
        self._audit = audit
        self._files = {
            str(row["load_id"]): row
            for row in audit.query(
                "select load_id, file, sha256 from audit.load_file where status = 'loaded'"
            )
        }

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
        found = {
            row["evidence_key"]: row
            for row in self._audit.query_named(_SOURCE, {"model": model, "keys": list(keys)})
        }
        return tuple(self.line(found[key], says=says) for key, says in keys.items() if key in found)


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

    @property
    def months(self) -> set[str]:
        """The months that it reaches into."""
        return {
            f"{month // 12:04}-{month % 12 + 1:02}"
            for first, last in self.days
            for month in range(_month(first), _month(last) + 1)
        }

    def has(self, day: date | None) -> bool:
        """Whether a row of that day makes it up."""
        return day is not None and any(first <= day <= last for first, last in self.days)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def read_evidence(
    audit: AuditFile,
    sources: Sources,
    wanted: Mapping[str, Wanted],
    *,
    agent_id: str,
    show_all: bool,
    show_people: bool = True,
) -> dict[str, Evidence]:
    """The evidence of an agent's sums by the name given to each. Reads no row of others or other months."""
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for relation, columns in _COLUMNS.items():
        asked = [one for one in wanted.values() if one.relation == relation]
        if not asked or not audit.has(relation):
            continue
        months: set[str] = set().union(*(one.months for one in asked))
        named = {"agent": agent_id, "months": sorted(months), "names": sorted({one.name for one in asked})}
        for row in audit.query_named(_EVIDENCE.format(columns=columns, relation=relation), named):
            rows[relation, row["name"]].append(row)
    ruled = {row["ruling_id"] for found in rows.values() for row in found if row["ruling_id"]}
    rulings = _rulings(audit, sources, ruled, show_people=show_people)
    return {
        key: _summed(
            [row for row in rows[one.relation, one.name] if one.has(row["event_on"])],
            sources,
            rulings,
            wanted=one,
            show_all=show_all,
        )
        for key, one in wanted.items()
    }


def _rulings(
    audit: AuditFile, sources: Sources, ruling_ids: Iterable[str], *, show_people: bool
) -> dict[str, Ruling]:
    wanted = sorted(ruling_ids)
    if not wanted:
        return {}
    rows = audit.select("facts.fct_ruling", {"ruling_id": wanted})
    lines = {line.key: line for line in sources.lines("fct_ruling", dict.fromkeys(wanted, ""))}
    return {
        row["ruling_id"]: Ruling(
            ruling_id=row["ruling_id"],
            reason=row["reason"],
            reviewer_id=row["reviewer_id"] if show_people else None,
            decided_at=row["decided_at"],
            note=row["note"],
            source=lines.get(row["ruling_id"]),
        )
        for row in rows
    }


def _summed(
    rows: Sequence[Row],
    sources: Sources,
    rulings: Mapping[str, Ruling],
    *,
    wanted: Wanted,
    show_all: bool,
) -> Evidence:
    counted = [row for row in rows if row["is_counted"]]
    numerator = sum((row["numerator"] for row in counted), Decimal(0))
    denominator = sum(row["denominator"] for row in counted)
    ruled = [row for row in rows if row["exclusion_reason"] == "ruling"]
    files: dict[str, Counter[bool]] = defaultdict(Counter)
    for row in rows:
        files[sources.line(row).file or "–"][row["is_counted"]] += 1
    shown = rows if show_all else [*ruled, *counted[:SHOWN_ROWS]]
    return Evidence(
        name=wanted.name,
        period_id=wanted.period_id,
        name_en=wanted.label.en,
        name_zh=wanted.label.zh,
        is_sum=wanted.is_sum,
        numerator=numerator,
        denominator=denominator,
        counted=len(counted),
        set_aside=dict(
            sorted(Counter(row["exclusion_reason"] or "–" for row in rows if not row["is_counted"]).items())
        ),
        files=tuple(FileCount(file, count[True], count[False]) for file, count in sorted(files.items())),
        without_rulings=(
            numerator + sum((row["numerator"] for row in ruled), Decimal(0)),
            denominator + sum(row["denominator"] for row in ruled),
        )
        if ruled
        else None,
        rows=tuple(_row(row, sources, rulings) for row in shown),
        row_count=len(rows),
    )


def _row(row: Row, sources: Sources, rulings: Mapping[str, Ruling]) -> EvidenceRow:
    return EvidenceRow(
        month_id=row["month_id"] or f"{row['event_on']:%Y-%m}",
        event_on=row["event_on"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        is_counted=row["is_counted"],
        exclusion_reason=row["exclusion_reason"],
        ruling=rulings.get(row["ruling_id"]),
        source=sources.line(row),
    )
