"""What a plan reads of the exports, and what of it is not there (S-EXPORT): tables, and optional columns.

A pure function over policy rows and deliveries: the night, `doctor` and the publication say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from orchestration.ingest.deliveries import Deliveries
from orchestration.plain_yaml import load_yaml
from orchestration.policy.kpi_models import kpi_reads
from orchestration.policy.rows import PolicyRow, PolicyTable

READS = Path(__file__).with_name("reads.yml")
ROSTER = "workforce.agent"
TEAMS = "workforce.team"
EITHER = " or "
"""Between columns of which one will do."""

ROSTER_KEYS = ("level", "education", "role", "customer_group")
"""Attributes of the job history by which a table of rates may be keyed."""

SCOPES = {"department": "department", "team": "team_id", "role": "role"}
"""Column of the roster that an award or a ranking within a scope groups by."""

RULES = {"supervisor_share": "workforce.rating", "collaboration_share": "workforce.collaboration"}
"""Tables that rules of a plan read."""

Status = Literal["there", "empty", "absent"]
Tables = Mapping[str, PolicyTable]


@dataclass(frozen=True, order=True)
class Need:
    """A table, or an optional column of one (`a or b` where either will do), that a plan reads, and what of
    the plan does: `component ss_base`, `kpi csat`, `condition internal_complaints`, `rule cohort_scope`.
    """

    scheme_id: str
    table_name: str
    column_name: str
    needed_by: str
    clause_id: str

    @property
    def place(self) -> str:
        """`source.table` or `source.table.column`."""
        return f"{self.table_name}.{self.column_name}" if self.column_name else self.table_name


@dataclass(frozen=True)
class PlanNeed:
    """A need and whether it is met: `there`, `empty` (it came, never with a row or value), `absent`."""

    need: Need
    status: Status

    @property
    def is_lacking(self) -> bool:
        """Whether the plan reads what is not there."""
        return self.status != "there"


def plan_needs(tables: Tables, day: date, *, own_kpis: Path | None = None) -> tuple[Need, ...]:
    """Everything that the plans in force on `day` read of the exports, each need once. `own_kpis` has the
    models of a site's own KPIs.
    """
    found: dict[tuple[str, ...], Need] = {}
    reader = _Reader(tables, day, kpi_reads(own_kpis) if own_kpis else {})
    for need in reader.needs():
        found.setdefault((need.scheme_id, need.table_name, need.column_name, need.needed_by), need)
    return tuple(sorted(found.values()))


def judged_needs(
    needs: Iterable[Need], deliveries: Deliveries, schemes: Iterable[str]
) -> tuple[PlanNeed, ...]:
    """Needs of the plans in use (`schemes`, of which agents are on) against what was ever delivered.

    A column of a table that never came is not listed: the table is.
    """
    used = frozenset(schemes)
    found = []
    for need in needs:
        table = deliveries[need.table_name]
        if need.scheme_id not in used or (need.column_name and not table.is_delivered):
            continue
        if need.column_name:
            columns = [table.column(name) for name in need.column_name.split(EITHER)]
            is_delivered, has_values = (
                any(column.is_delivered for column in columns),
                any(column.has_values for column in columns),
            )
            # Of a table without rows the table itself is told.
            has_values = has_values or not table.has_rows
        else:
            is_delivered, has_values = table.is_delivered, table.has_rows
        status: Status = "there" if has_values and is_delivered else "empty" if is_delivered else "absent"
        found.append(PlanNeed(need, status))
    return tuple(found)


def lack_sentences(needs: Sequence[PlanNeed]) -> list[str]:
    """One sentence per plan that lacks anything, for the operator."""
    by_plan: dict[str, dict[tuple[str, Status], list[str]]] = {}
    for one in needs:
        if one.is_lacking:
            places = by_plan.setdefault(one.need.scheme_id, {})
            places.setdefault((one.need.place, one.status), []).append(one.need.needed_by)
    return [
        f"plan {scheme} reads what is not there: "
        + "; ".join(
            f"{place} {'never came' if status == 'absent' else 'is empty'} ({_some(readers)})"
            for (place, status), readers in places.items()
        )
        for scheme, places in by_plan.items()
    ]


def _some(readers: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(readers) - shown} more" if len(readers) > shown else ""
    return ", ".join(readers[:shown]) + more


@cache
def column_reads() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Optional columns by catalogue (`kpi`, `event_kind`, `review_measure`) and entry."""
    reads: Mapping[str, Mapping[str, Sequence[str]]] = load_yaml(READS.read_text(encoding="utf-8"))
    return {"kpi": kpi_reads(), **reads}


class _Reader:
    """The rows in force on a day, read for what they need."""

    def __init__(self, tables: Tables, day: date, own: Mapping[str, Sequence[str]]) -> None:
        reads = column_reads()
        self._reads = {**reads, "kpi": {**reads["kpi"], **own}}
        self._rows = {name: list(table.in_force(day)) for name, table in tables.items()}
        self._catalogues = {
            catalogue: {row.text(column): row for row in self._rows.get(file, ())}
            for catalogue, file, column in (
                ("kpi", "kpi", "kpi_id"),
                ("event_kind", "event_kind", "event_kind"),
                ("measure", "score_measure", "measure_id"),
                ("review_measure", "review_measure", "measure_id"),
            )
        }
        self._parameters: dict[str, dict[str, PolicyRow]] = {}
        for row in self._rows["component_parameter"]:
            self._parameters.setdefault(row.text("component_id"), {})[row.text("parameter")] = row
        self._components = {row.text("component_id"): row for row in self._rows["component"]}

    def needs(self) -> Iterator[Need]:
        """Needs in the order of files, some more than once."""
        for row in self._rows["component"]:
            yield from self._component(row)
        for row in self._rows["component_event"]:
            component = self._components.get(row.text("component_id"))
            if component is not None:
                by = f"component {row.text('component_id')}"
                yield from self._counted(component, "event_kind", row.text("event_kind"), by, row)
        for row in self._rows["score_kpi"]:
            catalogue = "kpi" if row.text("kpi_id") in self._catalogues["kpi"] else "measure"
            yield from self._counted(row, catalogue, row.text("kpi_id"), f"kpi {row.text('kpi_id')}", row)
            if row.text("role") not in ("", "*"):
                yield self._need(row, ROSTER, "role", f"kpi {row.text('kpi_id')}")
        for row in self._rows["career_condition"]:
            yield from self._condition(row)
        for row in self._rows["scheme_rule"]:
            yield from self._rule(row)

    def _component(self, row: PolicyRow) -> Iterator[Need]:
        component_id, mechanism, basis = (row.text(name) for name in ("component_id", "mechanism", "basis"))
        by, parameters = f"component {component_id}", self._parameters.get(component_id, {})
        key, band = row.text("key_attribute"), row.text("band_attribute")
        if key in ROSTER_KEYS and "default_rate_key" not in parameters:
            yield self._need(row, ROSTER, key, by)
        if row.text("role") not in ("", "*"):
            yield self._need(row, ROSTER, "role", by)
        if band == "service_years" or "max_service_months" in parameters:
            yield self._need(row, ROSTER, "hired_on", by)
        if band == "deduction_points" or (mechanism == "points" and basis == "deduction"):
            yield from self._counted(row, "event_kind", "qa_deduction", by, row)
        if basis == "base_salary":
            yield self._need(row, ROSTER, "base_salary", by)
        if basis in self._catalogues["kpi"]:
            yield from self._counted(row, "kpi", basis, by, row)
        if mechanism == "per_event":
            yield from self._counted(row, "event_kind", basis, by, row)
        if mechanism in ("commission", "threshold") or basis == "attainment":
            yield self._need(row, "workforce.target", "", by)
        for name in ("metric", "tie_break_1", "tie_break_2"):
            if name in parameters:
                yield from self._counted(row, "kpi", parameters[name].text("text_value"), by, row)
        yield from self._award(row, parameters, by)
        if mechanism == "points" and basis == "deduction":
            for rate in self._rows["component_rate"]:
                if rate.text("component_id") == component_id:
                    yield from self._counted(row, "kpi", rate.text("rate_key"), by, rate)

    def _award(self, row: PolicyRow, parameters: Mapping[str, PolicyRow], by: str) -> Iterator[Need]:
        """What winners are found within, and of teams the team: its department is its own."""
        scope, subject = (
            parameters[name].text("text_value") if name in parameters else "" for name in ("scope", "subject")
        )
        if subject == "team":
            yield self._need(row, ROSTER, SCOPES[subject], by)
        if (scope, subject) == ("department", "team"):
            yield self._need(row, TEAMS, "", by)
            yield self._need(row, TEAMS, scope, by)
        elif scope in SCOPES:
            yield self._need(row, ROSTER, SCOPES[scope], by)

    def _condition(self, row: PolicyRow) -> Iterator[Need]:
        measure = row.text("measure")
        by = f"condition {measure}"
        catalogue = "kpi" if measure in self._catalogues["kpi"] else "review_measure"
        yield from self._counted(row, catalogue, measure, by, row)
        if row.text("level") not in ("", "*"):
            yield self._need(row, ROSTER, "level", by)

    def _rule(self, row: PolicyRow) -> Iterator[Need]:
        parameter = row.text("parameter")
        by = f"rule {parameter}"
        if parameter in RULES:
            yield self._need(row, RULES[parameter], "", by)
        if parameter == "cohort_scope" and row.text("value") in SCOPES:
            yield self._need(row, ROSTER, SCOPES[row.text("value")], by)

    def _counted(
        self, owner: PolicyRow, catalogue: str, name: str, by: str, cited: PolicyRow
    ) -> Iterator[Need]:
        """The tables whose rows an entry of a catalogue counts, and the columns that decide it."""
        entry = self._catalogues[catalogue].get(name)
        if entry is None:
            return
        for table in entry.text("source_tables").split():
            if table != ROSTER:
                yield self._need(owner, table, "", by, cited)
        for place in self._reads.get(catalogue, {}).get(name, ()):
            places = place.split(EITHER)
            table = places[0].rpartition(".")[0]
            columns = EITHER.join(one.rpartition(".")[2] for one in places)
            yield self._need(owner, table, columns, by, cited)

    def _need(
        self, owner: PolicyRow, table: str, column: str, by: str, cited: PolicyRow | None = None
    ) -> Need:
        return Need(owner.text("scheme_id"), table, column, by, (cited or owner).text("clause_id"))


def as_rows(needs: Iterable[PlanNeed]) -> list[dict[str, Any]]:
    """Rows of `run.plan_need`."""
    return [{**vars(one.need), "status": one.status} for one in needs]
