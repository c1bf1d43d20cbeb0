"""The evidence under the KPIs of one agent and period: counted or set aside, and from which export lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.audit.node import Evidence, EvidenceRow, FileCount, Ruling, SourceLine
from orchestration.audit.recompute.events import Event, Events
from orchestration.audit.recompute.exact import rounded
from orchestration.audit.relations import AuditFile, Row

SHOWN_ROWS = 3
"""Counted rows shown per KPI unless all are asked for; rows under a ruling are always shown."""

_EVIDENCE = """
    select
        evidence.kpi_id, evidence.month_id, evidence.event_on,
        evidence.evidence_model, evidence.evidence_key,
        evidence.numerator, evidence.denominator,
        evidence.is_counted, evidence.exclusion_reason, evidence.ruling_id,
        source.file, source.row_number, source.row_hash, source.load_id
    from kpi.kpi_evidence as evidence
    left join audit.source_row as source
        on evidence.evidence_model = source.evidence_model and evidence.evidence_key = source.evidence_key
    where
        evidence.agent_id = $agent
        and list_contains($months, evidence.month_id)
        and list_contains($kpis, evidence.kpi_id)
    order by evidence.kpi_id, evidence.event_on, evidence.evidence_model, evidence.evidence_key
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


def read_evidence(
    audit: AuditFile,
    sources: Sources,
    *,
    agent_id: str,
    months: Sequence[str],
    definitions: Mapping[str, Row],
    period_id: str,
    show_all: bool,
    show_people: bool = True,
) -> dict[str, Evidence]:
    """The evidence of an agent's KPIs over the months of a period, by KPI.

    `definitions` are the KPIs wanted with their rows of `policy.policy_kpi_period`. Reads no evidence beyond
    the agent, the months and these KPIs.
    """
    rows = audit.query_named(
        _EVIDENCE, {"agent": agent_id, "months": list(months), "kpis": list(definitions)}
    )
    named = {row["ruling_id"] for row in rows if row["ruling_id"]}
    rulings = _rulings(audit, sources, named, show_people=show_people)
    by_kpi: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kpi[row["kpi_id"]].append(row)
    return {
        kpi_id: _summed(
            by_kpi.get(kpi_id, []),
            sources,
            rulings,
            definition=definition,
            period_id=period_id,
            show_all=show_all,
        )
        for kpi_id, definition in definitions.items()
    }


def read_events(
    facts: Events,
    sources: Sources,
    *,
    kinds: Mapping[str, str],
    months: Sequence[str],
    period_id: str,
    show_all: bool,
) -> dict[str, Evidence]:
    """The rows that pay counts one by one, as evidence by kind of event.

    `kinds` are the kinds wanted with their Chinese labels.
    """
    by_kind: dict[str, list[tuple[Event, str]]] = defaultdict(list)
    for event, segment in facts.judged():
        month_id = "" if event.day is None else f"{event.day:%Y-%m}"
        if event.kind in kinds and month_id in months:
            by_kind[event.kind].append((event, month_id if segment is None else segment["month_id"]))
    wanted = [(event, month) for rows in by_kind.values() for event, month in rows]
    lines: dict[tuple[str, str], SourceLine] = {}
    for model in sorted({event.model for event, _ in wanted}):
        keys = dict.fromkeys((event.key for event, _ in wanted if event.model == model), "")
        lines |= {(model, line.key): line for line in sources.lines(model, keys)}
    return {
        kind: _counted(kind, label, by_kind.get(kind, []), lines, period_id=period_id, show_all=show_all)
        for kind, label in kinds.items()
    }


def _counted(
    kind: str,
    label: str,
    rows: Sequence[tuple[Event, str]],
    lines: Mapping[tuple[str, str], SourceLine],
    *,
    period_id: str,
    show_all: bool,
) -> Evidence:
    ordered = sorted(rows, key=lambda one: (one[0].day or date.min, one[0].model, one[0].key))
    counted = [one for one in ordered if one[0].reason is None]
    files: dict[str, Counter[bool]] = defaultdict(Counter)
    for event, _ in ordered:
        line = lines.get((event.model, event.key))
        files[(line.file if line is not None else None) or "–"][event.reason is None] += 1
    shown = ordered if show_all else counted[:SHOWN_ROWS]
    return Evidence(
        kpi_id=kind,
        period_id=period_id,
        name_en=kind.replace("_", " "),
        name_zh=label,
        is_sum=True,
        numerator=rounded(sum((event.quantity for event, _ in counted), Fraction(0)), 6),
        denominator=0,
        counted=len(counted),
        set_aside=dict(sorted(Counter(event.reason for event, _ in ordered if event.reason).items())),
        files=tuple(FileCount(file, count[True], count[False]) for file, count in sorted(files.items())),
        without_rulings=None,
        rows=tuple(_event_row(event, month_id, lines) for event, month_id in shown),
        row_count=len(ordered),
    )


def _event_row(event: Event, month_id: str, lines: Mapping[tuple[str, str], SourceLine]) -> EvidenceRow:
    unknown = SourceLine(event.model, event.key, None, None, None, None)
    return EvidenceRow(
        month_id=month_id,
        event_on=event.day,
        numerator=rounded(event.quantity, 6),
        denominator=0,
        is_counted=event.reason is None,
        exclusion_reason=event.reason,
        ruling=None,
        source=lines.get((event.model, event.key), unknown),
    )


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
    definition: Mapping[str, Any],
    period_id: str,
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
        kpi_id=definition["kpi_id"],
        period_id=period_id,
        name_en=definition["name_en"],
        name_zh=definition["name_zh"],
        is_sum=definition["aggregation"] == "sum",
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
        month_id=row["month_id"],
        event_on=row["event_on"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        is_counted=row["is_counted"],
        exclusion_reason=row["exclusion_reason"],
        ruling=rulings.get(row["ruling_id"]),
        source=sources.line(row),
    )
