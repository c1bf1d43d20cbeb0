"""Finds what the grades of a period hang on, from a publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.audit.below import read_below
from orchestration.audit.beside import text_beside
from orchestration.audit.calculation.evaluate import CannotEvaluate, decimal_of
from orchestration.audit.calculation.graph import FIELDS_OF_ARITHMETIC
from orchestration.audit.evidence import EvidenceReader
from orchestration.audit.lookup import require_agent_and_period
from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.relations import AuditFile, AuditFileUnreadable, Row
from orchestration.audit.sensitivity.change import (
    AMOUNT,
    SECONDS,
    Change,
    Finding,
    InputRow,
    Placed,
    Sensitivity,
    Shift,
)
from orchestration.audit.sensitivity.group import Group
from orchestration.audit.sensitivity.scores import Line, Score
from orchestration.audit.sensitivity.search import FURTHEST, MOST_ROWS, Inputs, Numbered, Search, Stack
from orchestration.errors import ConfigurationError
from orchestration.plain_yaml import load_yaml

INPUTS: Mapping[str, Any] = load_yaml(text_beside(__file__, "inputs.yml"))
RULED = frozenset(f"fct_{entity}" for entity in INPUTS["ruled"])
CALENDAR = "calendar"
"""The clock by which seconds pass as they do."""


def find(folder: Path, *, period_id: str, agent_id: str | None = None) -> Sensitivity:
    """What the grades of a period hang on, or one agent's, in the publication in `folder`.

    Raises ConfigurationError, with near names, for an unknown agent or period and where nothing is graded;
    AuditFileUnreadable where the published calculation cannot be worked out.
    """
    with AuditFile(folder) as audit:
        some = agent_id or next((row["agent_id"] for row in audit.select("facts.dim_agent")), "")
        require_agent_and_period(audit, agent_id=some, period_id=period_id)
        try:
            period = Period(audit, period_id)
            findings = period.findings(agent_id)
        except CannotEvaluate as error:
            raise AuditFileUnreadable(
                path=audit.path,
                problem=f"the published calculation cannot be worked out ({error})",
                remedy="Run meritline verify, which names what was changed",
            ) from error
        if not findings:
            raise ConfigurationError(
                problem=f"nobody has a grade in {period_id}",
                remedy="Name a period that a plan grades: a month, a quarter or a year",
            )
        settled = audit.select("facts.dim_settled_period", {"period_id": period_id})
        return Sensitivity(folder.name, period_id, bool(settled), period.with_places(findings))


class Period:
    """One graded period of a publication."""

    def __init__(self, audit: AuditFile, period_id: str) -> None:
        self._audit, self._id = audit, period_id
        self._grades = {row["agent_id"]: row for row in audit.select("grade.grade", {"period_id": period_id})}
        self._ranked = sorted(agent for agent, row in self._grades.items() if row["grade"] is not None)
        kinds = audit.select("facts.dim_period", {"period_id": period_id})
        self._is_year = kinds[0]["period_kind"] == "year"
        self._left_out: list[str] = []

    def findings(self, agent_id: str | None) -> tuple[Finding, ...]:
        """Of one agent or all, those that hang on a single row first."""
        asked = sorted(self._grades) if agent_id is None else [agent_id]
        found = [one for one in map(self._unranked, asked) if one is not None]
        wanted = [agent for agent in asked if self._grades.get(agent, {}).get("grade") is not None]
        if wanted:
            self._read(wanted)
            by_group: dict[str, list[str]] = {}
            for agent in wanted:
                by_group.setdefault(self._grades[agent]["cohort_id"], []).append(agent)
            for cohort_id, agents in by_group.items():
                group = self._group(cohort_id)
                found += [self._finding(agent, group) for agent in agents]
        return tuple(sorted(found, key=_order))

    def with_places(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with file and line of each row."""
        reader = EvidenceReader(self._audit, "", show_people=False)
        wanted: dict[str, set[str]] = {}
        for row in (row for one in findings for change in one.changes for row in change.rows):
            wanted.setdefault(row.entity, set()).add(row.key)
            if row.ruling_id is not None:
                wanted.setdefault("fct_ruling", set()).add(row.ruling_id)
        lines = {
            (model, line.key): line
            for model, keys in sorted(wanted.items())
            for line in reader.lines(model, dict.fromkeys(sorted(keys), ""))
        }
        measures = self._audit.select("policy.policy_score_measure", {"period_id": self._id})
        labels = {row["kpi_id"]: Phrase(row["name_en"], row["name_zh"]) for row in self._kpis} | {
            row["measure_id"]: Phrase(row["name_en"], row["name_zh"]) for row in measures
        }
        return tuple(
            replace(one, changes=tuple(_placed(change, lines, labels) for change in one.changes))
            for one in findings
        )

    def _unranked(self, agent_id: str) -> Finding | None:
        row = self._grades.get(agent_id)
        if row is None:
            return Finding(agent_id, self._id, "", note="not_graded")
        if row["grade"] is None:
            return Finding(agent_id, self._id, row["scheme_id"], note=row["status"])
        return None

    def _read(self, wanted: Sequence[str]) -> None:
        """The calculation of all who are ranked with those wanted, and the rows of those wanted."""
        cohorts = {self._grades[agent]["cohort_id"] for agent in wanted}
        members = [agent for agent in self._ranked if self._grades[agent]["cohort_id"] in cohorts]
        read = {"period": self._id, "beside_lines": INPUTS["beside_lines"]}
        self._audit.keep("evidence", text_beside(__file__, "evidence.sql"), read)
        follow_up = {"follow_up": INPUTS["follow_up"]}
        self._audit.keep("following", text_beside(__file__, "following.sql"), follow_up)
        self._audit.keep("shared", text_beside(__file__, "shared.sql"), {})
        shared = self._audit.query(
            "select * from shared order by kpi_id, evidence_key, evidence_model, agent_id, month_id"
        )
        self._shared: dict[tuple[str, str, str], list[Row]] = {}
        for row in shared:
            cell = row["kpi_id"], row["evidence_model"], row["evidence_key"]
            self._shared.setdefault(cell, []).append(row)
        # Only of those wanted, and of those who share a row with one of them, is the score taken apart.
        beside = {row["agent_id"] for rows in self._shared.values() for row in rows} & set(members)
        apart = sorted({*wanted, *beside})
        roots = [f"{name}:{agent}:{self._id}" for agent in members for name in ("grade", "position")]
        self._graph = read_below(
            self._audit,
            [*roots, *(f"score:{agent}:{self._id}" for agent in apart)],
            with_members=True,
            fields=FIELDS_OF_ARITHMETIC,
        )
        self._scores = self._score_of(apart)
        groups = {
            number.input_key
            for number in self._graph.numbers.values()
            if number.input_model == "kpi_group_observation"
        }
        self._left_out = sorted({str(key).rpartition(":")[2] for key in groups if key})
        values = {
            "period": self._id,
            "agents": list(wanted),
            "left_out": self._left_out,
            **follow_up,
        }
        self._rows: dict[str, list[Row]] = {}
        sql = text_beside(__file__, "rows.sql")
        read |= {**values, "by_quarter": self._is_year, "most": MOST_ROWS}
        for row in self._audit.query(sql, read):
            self._rows.setdefault(row["agent_id"], []).append(row)
        self._ruled: dict[str, list[Row]] = {}
        ruled = {name: value for name, value in values.items() if name != "period"}
        for row in self._audit.query(text_beside(__file__, "ruled.sql"), ruled):
            self._ruled.setdefault(row["agent_id"], []).append(row)
        self._written = self._read_written()
        self._rated: dict[str, list[Row]] = {}
        for row in self._audit.select("facts.fct_rating", {"agent_id": list(wanted)}, order=["rating_id"]):
            self._rated.setdefault(row["agent_id"], []).append(row)

    def _read_written(self) -> Mapping[tuple[str, str], Any]:
        """By KPI and key of a row whose number may be changed: what stands in its column."""
        keys: dict[tuple[str, str], set[str]] = {}
        for row in (row for rows in self._rows.values() for row in rows):
            if "fact" in INPUTS["numbers"].get(row["kpi_id"], {}):
                for one in _ends(row):
                    keys.setdefault((row["kpi_id"], one["model"]), set()).add(one["key"])
        return {
            (name, key): cell[INPUTS["numbers"][name]["fact"]]
            for (name, model), wanted in sorted(keys.items())
            for key, cell in self._audit.rows_by_key(model, wanted).items()
        }

    def _score_of(self, agents: Sequence[str]) -> dict[str, Score]:
        periods = sorted({self._id, *(one for found in self._longer.values() for one in found)})
        lines: dict[str, dict[str, list[Line]]] = {}
        sql = text_beside(__file__, "lines.sql")
        for row in self._audit.query(sql, {"periods": periods, "agents": list(agents)}):
            key = f"{row['agent_id']}:{row['period_id']}:{row['kpi_id']}"
            node = f"score_line:{row['agent_id']}:{row['period_id']}:{row['block']}:{row['kpi_id']}"
            if not row["is_sum"]:
                lines.setdefault(row["agent_id"], {}).setdefault(key, []).append(
                    Line(node, row["min_sample"])
                )
        return {
            agent: Score(self._graph, f"score:{agent}:{self._id}", lines.get(agent, {})) for agent in agents
        }

    def _group(self, cohort_id: str) -> Group:
        members = [agent for agent in self._ranked if self._grades[agent]["cohort_id"] == cohort_id]
        one = self._grades[members[0]]
        bands = self._audit.select(
            "policy.policy_grade_band", {name: one[name] for name in ("period_id", "scheme_id", "method")}
        )
        keys = {
            name: {agent: f"{name}:{agent}:{self._id}" for agent in members}
            for name in ("score", "grade", "position")
        }
        return Group(
            self._graph,
            scores=keys["score"],
            grades=keys["grade"],
            positions=keys["position"],
            bands={row["grade"]: row["band_no"] for row in bands},
            begins=[Fraction(row["min_score"]) for row in bands if row["min_score"] is not None],
        )

    def _finding(self, agent_id: str, group: Group) -> Finding:
        row = self._grades[agent_id]
        search = Search(agent_id, self._scores, group, self._others)
        total = group.totals[agent_id]
        better, worse = search.edges.better, search.edges.worse
        return Finding(
            agent_id=agent_id,
            period_id=self._id,
            scheme_id=row["scheme_id"],
            cohort_id=row["cohort_id"],
            cohort_size=row["cohort_size"],
            method=row["method"],
            rank=row["rank"],
            grade=row["grade"],
            total=row["total_score"],
            points_to_better=decimal_of(better - total) if better is not None else None,
            points_to_worse=decimal_of(total - worse) if worse is not None else None,
            changes=search.changes(self.inputs(agent_id)),
        )

    def inputs(self, agent_id: str) -> Inputs:
        """What the grade of an agent that was asked for is tried with."""
        stacks: list[Stack] = []
        ends: dict[str, list[InputRow]] = {}
        for row in self._rows.get(agent_id, ()):
            name = row["kpi_id"]
            is_one_number = row["highest"][0]["number"] == row["lowest"][0]["number"]
            for side in ("highest",) if is_one_number else ("highest", "lowest"):
                rows = [self._input(row, one["model"], one["key"], one["number"]) for one in row[side]]
                if rows and rows[0].model in RULED:
                    stacks.append(Stack(name, rows, row["is_shared"]))
            if name in INPUTS["numbers"]:
                ends.setdefault(name, []).extend(
                    self._input(row, one["model"], one["key"], one["number"]) for one in _ends(row)
                )
        return Inputs(
            stacks=stacks,
            ruled=[
                self._input(
                    {**row, "part_id": row["month_id"]},
                    row["evidence_model"],
                    row["evidence_key"],
                    row["numerator"],
                    ruling_id=row["ruling_id"],
                )
                for row in self._ruled.get(agent_id, ())
                if row["evidence_model"] in RULED
            ],
            numbers=[*self._numbers(ends), *self._ratings(agent_id)],
        )

    def _input(
        self, row: Mapping[str, Any], model: str, key: str, number: Decimal, *, ruling_id: str | None = None
    ) -> InputRow:
        name = row["kpi_id"]
        return InputRow(
            model=model,
            key=key,
            name=name,
            periods=self._periods(row["part_id"]),
            numerator=Fraction(number),
            denominator=Fraction(0 if name in self._sums else row["denominator"]),
            ruling_id=ruling_id,
            column=INPUTS["numbers"].get(name, {}).get("column", ""),
        )

    def _numbers(self, ends: Mapping[str, Sequence[InputRow]]) -> Iterable[Numbered]:
        for name, rows in sorted(ends.items()):
            if name in self._other_clock:
                continue
            said = INPUTS["numbers"][name]
            for row in dict.fromkeys(rows):
                if said["kind"] == AMOUNT and not row.numerator:
                    continue  # cancelled or refunded whole: more of it would be nothing still
                number, written = _numbered(said, row), self._written.get((name, row.key))
                if said["kind"] == SECONDS and written is not None:
                    number = replace(
                        number, room=min(Fraction(FURTHEST), _seconds_left(written, self._cut_at))
                    )
                elif said["kind"] == AMOUNT and written is not None:
                    # What was refunded of it stays: the column has more than the row counts.
                    number = replace(number, offset=Fraction(written) - row.numerator)
                yield number

    def _ratings(self, agent_id: str) -> Iterable[Numbered]:
        """Ratings of the period, or of its months where it has none of its own (CG-04)."""
        rated = self._rated.get(agent_id, [])
        own = {(row["period_id"], row["dimension"]) for row in rated}
        inside = self._periods_inside
        for row in rated:
            if row["period_id"] not in inside:
                continue
            name = row["dimension"]
            held_by = self._longer[row["period_id"]] if row["period_id"] in self._months else ()
            wider = [one for one in held_by if one != row["period_id"] and (one, name) not in own]
            periods = (row["period_id"], *wider)
            if not any(
                self._scores[agent_id].has("score_rating", f"{agent_id}:{one}:{name}") for one in periods
            ):
                continue
            score = Fraction(row["score"])
            if score > Fraction(INPUTS["rating"]["most"]):
                continue
            found = InputRow(
                model="fct_rating",
                key=row["rating_id"],
                name=name,
                periods=periods,
                numerator=score,
                column=INPUTS["rating"]["column"],
                model_of_sum="score_rating",
            )
            yield _numbered(INPUTS["rating"], found)

    def _others(self, row: InputRow) -> Mapping[str, Sequence[Shift]]:
        """What the going of a row takes from others that it counts for."""
        found: dict[str, list[Shift]] = {}
        for one in self._shared.get((row.name, row.model, row.key), ()):
            agent = one["agent_id"]
            if agent in self._scores:
                denominator = 0 if row.name in self._sums else one["denominator"]
                found.setdefault(agent, []).extend(
                    Shift(
                        "kpi_observation",
                        f"{agent}:{period}:{row.name}",
                        -Fraction(one["numerator"]),
                        -Fraction(denominator),
                    )
                    for period in self._periods(one["month_id"])
                )
        return found

    def _periods(self, part_id: str) -> tuple[str, ...]:
        """The periods whose sums have rows of this part: the one asked for, and what its score rests on."""
        longer = self._longer.get(part_id, ())
        return tuple(sorted({self._id, *(one for one in longer if one in self._periods_inside)}))

    @cached_property
    def _longer(self) -> Mapping[str, tuple[str, ...]]:
        """By month or quarter inside the period: it and the periods of this period that hold it."""
        found: dict[str, set[str]] = {self._id: {self._id}}
        months: dict[str, set[str]] = {}
        for row in self._audit.select("facts.dim_period_month"):
            months.setdefault(row["period_id"], set()).add(row["month_id"])
        own = months.get(self._id, set())
        inside = {period: held for period, held in months.items() if held <= own and held}
        for period, held in inside.items():
            found.setdefault(period, set()).update(one for one, others in inside.items() if held <= others)
        return {period: tuple(sorted(held)) for period, held in found.items()}

    @cached_property
    def _months(self) -> frozenset[str]:
        rows = self._audit.select("facts.dim_period_month", {"period_id": self._id})
        return frozenset(row["month_id"] for row in rows)

    @cached_property
    def _periods_inside(self) -> frozenset[str]:
        return frozenset(self._longer)

    @cached_property
    def _sums(self) -> frozenset[str]:
        """KPIs that are sums: their denominator is 1, whatever the rows say."""
        return frozenset(row["kpi_id"] for row in self._kpis if row["aggregation"] == "sum")

    @cached_property
    def _other_clock(self) -> frozenset[str]:
        """KPIs whose seconds stand still at night: a later time is not so many seconds more."""
        return frozenset(row["kpi_id"] for row in self._kpis if row["clock"] != CALENDAR)

    @cached_property
    def _cut_at(self) -> datetime:
        [row] = self._audit.select("facts.dim_run_context")
        found: datetime = row["cut_at"]
        return found

    @cached_property
    def _kpis(self) -> Sequence[Row]:
        periods = sorted(self._periods_inside)
        return self._audit.select("policy.policy_kpi_period", {"period_id": periods})


def _numbered(said: Mapping[str, Any], row: InputRow) -> Numbered:
    room = max(Fraction(said["most"]) - row.numerator, Fraction(0)) if "most" in said else None
    return Numbered(said["kind"], row, said["unit"], Fraction(said["step"]), room)


def _ends(row: Row) -> list[Mapping[str, Any]]:
    """The rows whose number may be changed furthest: down the highest, up the lowest or, by seconds, the
    earliest, which is furthest from the cut. By the same change all move their sum alike.
    """
    return [row["highest"][0], row["lowest"][0], row["earliest"][0]]


def _seconds_left(at: datetime, cut_at: datetime) -> Fraction:
    """Whole seconds by which a moment may be later and still lie before the cut (S-ASOF)."""
    micros = (cut_at - at) // timedelta(microseconds=1)
    return Fraction(max((micros - 1) // 1_000_000, 0))


def _placed(
    change: Change, lines: Mapping[tuple[str, str], SourceLine], labels: Mapping[str, Phrase]
) -> Change:
    rows = []
    for row in change.rows:
        line = lines.get((row.entity, row.key))
        if row.ruling_id is not None:
            line = lines.get(("fct_ruling", row.ruling_id))
        rows.append(
            Placed(
                row.entity.removeprefix("fct_"),
                row.key,
                line.file if line else None,
                line.row_number if line else None,
                row.ruling_id,
            )
        )
    label = labels.get(change.name, Phrase(change.name, change.name))
    return replace(change, rows=tuple(rows), label=label)


def _order(one: Finding) -> tuple[Any, ...]:
    """Fewest rows first, then by the narrower margin; those without a grade last."""
    margins = [points for points in (one.points_to_better, one.points_to_worse) if points is not None]
    narrowest = min(margins, default=None)
    return (
        bool(one.note),
        one.fewest_rows if one.fewest_rows is not None else MOST_ROWS + 1,
        narrowest is None,
        narrowest,
        one.agent_id,
    )
