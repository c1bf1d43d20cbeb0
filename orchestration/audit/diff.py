"""`diff`: what changed between two publications, line by line, and why; and which scores and grades moved.

Causes are found where the calculation reads: evidence and its export lines, rulings, ratings, targets, job
history, policy rows, definitions, the business date, the code. A change without any of them is unexplained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb

from orchestration.audit.outcomes import OutcomeChange, changed_outcomes, method_change
from orchestration.audit.policy_rows import PolicyChange, policy_changes
from orchestration.audit.publications import other_release, read_manifest
from orchestration.audit.relations import AuditFileUnreadable
from orchestration.audit.text import in_words
from orchestration.errors import ConfigurationError
from orchestration.state import auditor_database

Kind = Literal[
    "late rows",
    "rulings",
    "definitions",
    "policy",
    "code",
    "business date",
    "method",
    "ranking",
    "settlement",
]

EXAMPLES = 3
"""Rows named per cause; the rest is counted."""

INPUT_RELATIONS: Mapping[str, tuple[str, str]] = {
    "dim_agent_month_segment": ("month_id", "dim_agent_segment"),
    "fct_rating": ("period_id", "fct_rating"),
    "fct_target": ("period_id", "fct_target"),
}
"""Facts of an agent that pay reads beside evidence, by the period they belong to, and their export table."""

CENTRE_NPS = "centre_nps"

GENERATED = frozenset({"bonus_line_id", "line_no"})
"""Columns of a line that are no statement of their own: its key, and its place among the agent's lines, which
another line of theirs moves."""

RANKED = frozenset({"top_n", "improvement"})
"""Mechanisms that pay by `bonus.bonus_ranking`."""

NO_INPUT = ("load_id", "source_row_number", "source_row_hash", "agent_name")
"""Columns of facts that say where a row came from, not what pay reads."""


@dataclass(frozen=True)
class Cause:
    """Why a line changed: the kind, how many rows, and the first few of them in words."""

    kind: Kind
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = "" if self.count <= len(self.examples) else f" and {self.count - len(self.examples)} more"
        said = f": {'; '.join(self.examples)}{more}" if self.examples else ""
        return f"{self.kind} ({self.count}){said}" if self.count else f"{self.kind}{said}"


@dataclass(frozen=True)
class LineChange:
    """One line that changed; an amount is None where the publication has no such line. `what` names the
    columns that changed beside it.
    """

    agent_id: str
    period_id: str
    bonus_line_id: str
    label: str
    before: Decimal | None
    after: Decimal | None
    what: tuple[str, ...]
    causes: tuple[Cause, ...]

    @property
    def difference(self) -> Decimal:
        """after − before, a missing line counting as 0."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))

    @property
    def is_explained(self) -> bool:
        """Whether a cause was found."""
        return bool(self.causes)


@dataclass(frozen=True)
class Difference:
    """Two publications compared. `notes` say what differs between them as a whole."""

    before: str
    after: str
    notes: tuple[str, ...]
    lines: tuple[LineChange, ...]
    outcomes: tuple[OutcomeChange, ...] = ()

    @property
    def unexplained(self) -> tuple[LineChange, ...]:
        """Lines without a cause."""
        return tuple(line for line in self.lines if not line.is_explained)


def compare_publications(before: Path, after: Path, *, agent_id: str | None = None) -> Difference:
    """Compare the bonus lines of two publication folders, of one agent or of everyone.

    Raises AuditFileUnreadable when one of them has no data any more, ConfigurationError for an agent that
    neither knows.
    """
    for folder in (before, after):
        if not auditor_database(folder).exists():
            raise AuditFileUnreadable(
                path=folder,
                problem="the publication has no data any more",
                remedy="Retention has removed it; compare newer ones, or let the site keep more",
            )
    with duckdb.connect() as database:
        try:
            for name, folder in (("a", before), ("b", after)):
                path = str(auditor_database(folder)).replace("'", "''")
                database.execute(f"attach '{path}' as {name} (read_only)")
            comparison = _Comparison(database, read_manifest(before), read_manifest(after), agent_id)
            return Difference(
                before=before.name,
                after=after.name,
                notes=tuple(comparison.notes()),
                lines=tuple(comparison.lines()),
                outcomes=tuple(changed_outcomes(comparison.rows, agent_id=agent_id)),
            )
        except duckdb.Error as error:
            raise AuditFileUnreadable(
                path=after,
                problem=f"the two publications do not compare ({str(error).splitlines()[0]})",
                remedy=" ".join(dict.fromkeys(other_release(folder) for folder in (before, after))),
            ) from error


@dataclass(frozen=True)
class _Reads:
    """What a line rests on: KPIs, other inputs (facts by relation, events by kind), names in policy keys."""

    kpis: frozenset[str]
    inputs: frozenset[str]
    policy: frozenset[str]


class _Comparison:
    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        agent_id: str | None,
    ) -> None:
        self._database = database
        self._before, self._after = before, after
        self._agent_id = agent_id
        if agent_id is not None:
            known = self.rows(
                "select agent_id from a.facts.dim_agent where agent_id = $agent "
                "union select agent_id from b.facts.dim_agent where agent_id = $agent",
                agent=agent_id,
            )
            if not known:
                raise ConfigurationError(
                    problem=f"no agent {agent_id!r} in either publication",
                    remedy="meritline trace suggests near names",
                )

    def notes(self) -> Iterator[str]:
        """What differs between the publications as a whole."""
        if self._before["as_of"] != self._after["as_of"]:
            yield f"business date {self._before['as_of']} → {self._after['as_of']}"
        for name in ("code", "policy"):
            if self._before[f"{name}_hash"] != self._after[f"{name}_hash"]:
                yield f"{name} differs ({name}_hash of the manifests)"
        inputs = [
            {(one["file"], one["sha256"]) for one in side["inputs"]} for side in (self._before, self._after)
        ]
        added, gone = sorted(inputs[1] - inputs[0]), sorted(inputs[0] - inputs[1])
        if added:
            yield f"{len(added)} new input files: {', '.join(file for file, _ in added[:EXAMPLES])}"
        if gone:
            yield f"{len(gone)} input files less: {', '.join(file for file, _ in gone[:EXAMPLES])}"
        for change in self._policy_changes:
            yield f"policy: {change}"

    def lines(self) -> Iterator[LineChange]:
        """Every line of which anything but its place changed, with its causes."""
        for row in self._changed_lines:
            is_on_both = row["bonus_line_id_a"] is not None and row["bonus_line_id_b"] is not None
            own = (name for name in self._line_columns if name != "amount_cny")
            names = (*own, "grade", "method", "total_score")
            what = [
                f"{name.replace('_', ' ')} {in_words(row[f'{name}_a'])} → {in_words(row[f'{name}_b'])}"
                for name in names
                if is_on_both and row[f"{name}_a"] != row[f"{name}_b"]
            ]
            yield LineChange(
                agent_id=row["agent_id"],
                period_id=row["period_id"],
                bonus_line_id=row["bonus_line_id"],
                label=row["label"],
                before=row["amount_cny_a"],
                after=row["amount_cny_b"],
                what=tuple(what),
                causes=tuple(self._causes(row)),
            )

    @cached_property
    def _line_columns(self) -> list[str]:
        return [name for name in self._columns("bonus", "bonus_line") if name not in GENERATED]

    @cached_property
    def _changed_lines(self) -> list[dict[str, Any]]:
        columns = ("agent_id", "period_id", "scheme_id", "component_id", "mechanism", "input_model")
        chosen = ", ".join(f"coalesce(line_a.{name}, line_b.{name}) as {name}" for name in columns)
        compared = ["bonus_line_id", *self._line_columns]
        sides = ", ".join(
            f'line_{side}."{name}" as "{name}_{side}"' for name in compared for side in ("a", "b")
        )
        differs = " or ".join(f'line_a."{name}" is distinct from line_b."{name}"' for name in compared)
        return self.rows(
            f"""
            select
                coalesce(line_a.bonus_line_id, line_b.bonus_line_id) as bonus_line_id,
                {chosen},
                coalesce(line_b.line_label, line_a.line_label) as label,
                coalesce(line_b.adjusts_bonus_line_id, line_a.adjusts_bonus_line_id) as adjusts_bonus_line_id,
                {sides},
                grade_a.grade as grade_a, grade_b.grade as grade_b,
                grade_a.method as method_a, grade_b.method as method_b,
                grade_a.cohort_size as cohort_size_a, grade_b.cohort_size as cohort_size_b,
                score_a.total_score as total_score_a, score_b.total_score as total_score_b
            from a.bonus.bonus_line as line_a
            full outer join b.bonus.bonus_line as line_b on line_a.bonus_line_id = line_b.bonus_line_id
            left join a.grade.grade as grade_a
                on coalesce(line_a.agent_id, line_b.agent_id) = grade_a.agent_id
                and coalesce(line_a.period_id, line_b.period_id) = grade_a.period_id
            left join b.grade.grade as grade_b
                on coalesce(line_a.agent_id, line_b.agent_id) = grade_b.agent_id
                and coalesce(line_a.period_id, line_b.period_id) = grade_b.period_id
            left join a.score.score as score_a
                on coalesce(line_a.agent_id, line_b.agent_id) = score_a.agent_id
                and coalesce(line_a.period_id, line_b.period_id) = score_a.period_id
            left join b.score.score as score_b
                on coalesce(line_a.agent_id, line_b.agent_id) = score_b.agent_id
                and coalesce(line_a.period_id, line_b.period_id) = score_b.period_id
            where
                ({differs})
                and ($agent is null or coalesce(line_a.agent_id, line_b.agent_id) = $agent)
            order by 2, 3, 1
            """,
            agent=self._agent_id,
        )

    def _causes(self, row: Mapping[str, Any]) -> Iterator[Cause]:
        agent_id, period_id = row["agent_id"], row["period_id"]
        if row["adjusts_bonus_line_id"]:
            period_id = str(row["adjusts_bonus_line_id"]).split(":", 1)[0]
        found: dict[Kind, list[str]] = defaultdict(list)
        self._collect(found, agent_id, period_id, row)
        is_ranked = row["input_model"] in ("grade", "bonus_ranking") or row["adjusts_bonus_line_id"]
        own_score_moved = row["total_score_a"] != row["total_score_b"]
        if is_ranked and not (own_score_moved and found):
            others = self._moved_others(row, period_id)
            if others:
                found["ranking"].append(f"{len(others)} others in the group moved, came or left")
            for other in others:
                beyond: dict[Kind, list[str]] = defaultdict(list)
                self._collect(beyond, other, period_id, row)
                for kind, said in beyond.items():
                    found[kind].append(f"of others in the group ({len(said)} rows)")
        if row["adjusts_bonus_line_id"]:
            found["settlement"].append(f"corrects settled line {row['adjusts_bonus_line_id']}")
        elif (run_id := self._settled_on.get(period_id)) is not None:
            found["settlement"].append(f"{period_id} was settled on {run_id} in between")
        if period_id in self._new_periods:
            found["business date"].append(f"{period_id} is new")
        if not found and self._has_other_code:
            found["code"].append("same evidence and policy, other code")
        # Said, but no cause of its own: what moved the group is.
        changed_method = method_change(row) if row["input_model"] == "grade" else None
        if changed_method is not None and found:
            found["method"].append(changed_method)
        for kind, examples in found.items():
            yield Cause(kind, len(examples), tuple(dict.fromkeys(examples))[:EXAMPLES])

    def _collect(
        self, found: dict[Kind, list[str]], agent_id: str, period_id: str, row: Mapping[str, Any]
    ) -> None:
        """Causes among what one agent's line of a component rests on."""
        months = self._months.get(period_id, (period_id,))
        reads = self._reads(agent_id, period_id, row)
        for month_id in months:
            for kpi_id, kind, said in self._evidence_changes.get((agent_id, month_id), ()):
                if kpi_id in reads.kpis:
                    found[kind].append(said)
        if CENTRE_NPS in reads.kpis:
            for (_, month_id), changes in self._evidence_changes.items():
                if month_id in months:
                    for kpi_id, kind, _ in changes:
                        if kpi_id == "nps":
                            found[kind].append("of the centre's nps")
        for one in sorted({period_id, *months}):
            for what, kind, said in self._input_changes.get((agent_id, one), ()):
                if what in reads.inputs:
                    found[kind].append(said)
            for change in self._policy_of_period.get(one, ()):
                if change.is_of_everyone or reads.policy.intersection(change.key.values()):
                    found["policy"].append(str(change))
            for kpi_id in self._definition_changes.get(one, ()):
                if kpi_id in reads.kpis:
                    found["definitions"].append(f"{kpi_id} in {one}")

    def _reads(self, agent_id: str, period_id: str, row: Mapping[str, Any]) -> _Reads:
        component = self._components.get((row["component_id"], period_id), {})
        basis, mechanism = component.get("basis") or "", component.get("mechanism") or row["mechanism"]
        parameters = self._parameters.get((row["component_id"], period_id), {})
        kpis = {basis, *(text for text in parameters.values() if text)}
        kinds = set(self._event_kinds.get((row["component_id"], period_id), ()))
        if mechanism == "per_event":
            kinds.add(basis)
        if mechanism == "points" and (component.get("band_attribute") or basis in ("no_pay", "floor")):
            kinds |= self._point_kinds
            kpis |= self._deducting_kpis
        if mechanism in ("graded", "scored") or "score" in kpis:
            for one in self._scored_periods.get(period_id, (period_id,)):
                kpis |= self._scored_kpis.get((agent_id, one), set())
        inputs = {"dim_agent_month_segment", "fct_rating", "fct_target", *kinds}
        return _Reads(
            frozenset(kpis),
            frozenset(inputs),
            frozenset({row["scheme_id"], row["component_id"], basis} - {""}),
        )

    @cached_property
    def _components(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        return {
            (row["component_id"], row["period_id"]): row
            for side in ("a", "b")
            for row in self.rows(f"select * from {side}.policy.policy_component")
        }

    @cached_property
    def _parameters(self) -> Mapping[tuple[str, str], Mapping[str, str | None]]:
        found: dict[tuple[str, str], dict[str, str | None]] = defaultdict(dict)
        for side in ("a", "b"):
            for row in self.rows(f"select * from {side}.policy.policy_component_parameter"):
                found[row["component_id"], row["period_id"]][row["parameter"]] = row["text_value"]
        return found

    @cached_property
    def _event_kinds(self) -> Mapping[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for side in ("a", "b"):
            for row in self.rows(f"select * from {side}.policy.policy_component_event"):
                found[row["component_id"], row["period_id"]].add(row["event_kind"])
        return found

    @cached_property
    def _point_kinds(self) -> set[str]:
        return {"qa_deduction", *(kind for kinds in self._event_kinds.values() for kind in kinds)}

    @cached_property
    def _deducting_kpis(self) -> set[str]:
        deducting = {
            component_id for (component_id, _), row in self._components.items() if row["basis"] == "deduction"
        }
        rows = self.rows("select distinct component_id, rate_key from b.policy.policy_component_rate")
        return {row["rate_key"] for row in rows if row["component_id"] in deducting}

    @cached_property
    def _scored_kpis(self) -> Mapping[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for side in ("a", "b"):
            for row in self.rows(f"select agent_id, period_id, kpi_id from {side}.score.score_line"):
                found[row["agent_id"], row["period_id"]].add(row["kpi_id"])
        return found

    @cached_property
    def _scored_periods(self) -> Mapping[str, Sequence[str]]:
        """A period and the quarters within it: a year's score rests on theirs."""
        rows = self.rows(
            "select outside.period_id, inside.period_id as within from b.facts.dim_period as outside "
            "inner join b.facts.dim_period as inside on inside.starts_on >= outside.starts_on "
            "and inside.ends_on <= outside.ends_on "
            "where inside.period_kind in ('quarter', outside.period_kind) order by all"
        )
        found: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            found[row["period_id"]].append(row["within"])
        return found

    def _moved_others(self, row: Mapping[str, Any], period_id: str) -> list[str]:
        """Others whose score, place or presence changed in a group that the agent is or was ranked in."""
        agent_id, component_id = row["agent_id"], row["component_id"]
        found: dict[str, None] = {}
        if row["mechanism"] in RANKED or row["input_model"] != "grade":
            own = self._scopes.get((agent_id, period_id, component_id), frozenset())
            for other, scopes in self._ranking_moves.get((period_id, component_id), ()):
                if other != agent_id and own & scopes:
                    found[other] = None
        if row["mechanism"] not in RANKED:
            cohorts = self._cohorts.get((agent_id, period_id), frozenset())
            for other, groups in self._cohort_moves.get(period_id, ()):
                if other != agent_id and cohorts & groups:
                    found[other] = None
        return list(found)

    @cached_property
    def _cohorts(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The cohorts of an agent and a period in the two publications."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for side in ("a", "b"):
            for row in self.rows(f"select agent_id, period_id, cohort_id from {side}.grade.grade"):
                found[row["agent_id"], row["period_id"]].add(row["cohort_id"])
        return {key: frozenset(groups) for key, groups in found.items()}

    @cached_property
    def _cohort_moves(self) -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
        """Who changed in a cohort, by period: another score, or came to it or left it."""
        rows = self.rows(
            """
            select
                coalesce(grade_a.agent_id, grade_b.agent_id) as agent_id,
                coalesce(grade_a.period_id, grade_b.period_id) as period_id,
                grade_a.cohort_id as cohort_a,
                grade_b.cohort_id as cohort_b
            from a.grade.grade as grade_a
            full outer join b.grade.grade as grade_b
                on grade_a.agent_id = grade_b.agent_id and grade_a.period_id = grade_b.period_id
            left join a.score.score as score_a
                on grade_a.agent_id = score_a.agent_id and grade_a.period_id = score_a.period_id
            left join b.score.score as score_b
                on grade_b.agent_id = score_b.agent_id and grade_b.period_id = score_b.period_id
            where grade_a.cohort_id is distinct from grade_b.cohort_id
                or score_a.total_score is distinct from score_b.total_score
            order by all
            """
        )
        found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for row in rows:
            groups = frozenset({row["cohort_a"], row["cohort_b"]} - {None})
            found[row["period_id"]].append((row["agent_id"], groups))
        return found

    @cached_property
    def _scopes(self) -> Mapping[tuple[str, str, str], frozenset[str]]:
        """Where an agent is in the running for an award, in the two publications."""
        found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for side in ("a", "b"):
            for row in self.rows(
                f"select subject_id, period_id, component_id, scope_id from {side}.bonus.bonus_ranking "
                "where subject = 'agent'"
            ):
                found[row["subject_id"], row["period_id"], row["component_id"]].add(row["scope_id"])
        return {key: frozenset(scopes) for key, scopes in found.items()}

    @cached_property
    def _ranking_moves(self) -> Mapping[tuple[str, str], Sequence[tuple[str, frozenset[str]]]]:
        """Who changed among those in the running, by period and award: by what they are ranked, or their
        scope, or came or left.
        """
        ranked_by = ("scope_id", "ranked_value", "tie_break_1", "tie_break_2", "case_count")
        differs = " or ".join(f"one.{name} is distinct from other.{name}" for name in ranked_by)
        rows = self.rows(
            f"""
            select
                coalesce(one.subject_id, other.subject_id) as agent_id,
                coalesce(one.period_id, other.period_id) as period_id,
                coalesce(one.component_id, other.component_id) as component_id,
                one.scope_id as scope_a,
                other.scope_id as scope_b
            from (from a.bonus.bonus_ranking where subject = 'agent') as one
            full outer join (from b.bonus.bonus_ranking where subject = 'agent') as other
                on one.subject_id = other.subject_id and one.period_id = other.period_id
                and one.component_id = other.component_id
            where {differs}
            order by all
            """
        )
        found: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for row in rows:
            scopes = frozenset({row["scope_a"], row["scope_b"]} - {None})
            found[row["period_id"], row["component_id"]].append((row["agent_id"], scopes))
        return found

    @cached_property
    def _evidence_changes(self) -> Mapping[tuple[str, str], Sequence[tuple[str, Kind, str]]]:
        """Evidence rows that changed, by agent and month. Of everyone: a rank moves with others' evidence."""
        key = ("agent_id", "month_id", "kpi_id", "evidence_model", "evidence_key")
        joined = " and ".join(f"one.{name} = other.{name}" for name in key)
        columns = ("numerator", "denominator", "is_counted", "exclusion_reason", "ruling_id")
        differs = " or ".join(f"one.{name} is distinct from other.{name}" for name in columns)
        rows = self.rows(
            f"""
            with changed as (
                select
                    {", ".join(f"coalesce(one.{name}, other.{name}) as {name}" for name in key)},
                    one.agent_id is null as is_new,
                    coalesce(one.event_on, other.event_on) as event_on,
                    other.agent_id is null as is_gone,
                    one.exclusion_reason as reason_a,
                    other.exclusion_reason as reason_b,
                    one.ruling_id is distinct from other.ruling_id as is_ruled_anew,
                    one.numerator is distinct from other.numerator
                    or one.denominator is distinct from other.denominator as is_other_number
                from a.kpi.kpi_evidence as one
                full outer join b.kpi.kpi_evidence as other on {joined}
                where (one.agent_id is null or other.agent_id is null or {differs})
                    and coalesce(one.agent_id, other.agent_id) is not null
                    and coalesce(one.event_on, other.event_on) is not null
            )
            select
                changed.*,
                source_a.row_hash is distinct from source_b.row_hash
                or source_a.load_id is distinct from source_b.load_id as is_other_row,
                coalesce(source_b.file, source_a.file) as file,
                coalesce(source_b.row_number, source_a.row_number) as row_number
            from changed
            left join a.audit.source_row as source_a
                on changed.evidence_model = source_a.evidence_model
                and changed.evidence_key = source_a.evidence_key
            left join b.audit.source_row as source_b
                on changed.evidence_model = source_b.evidence_model
                and changed.evidence_key = source_b.evidence_key
            order by agent_id, month_id, kpi_id, changed.evidence_model, changed.evidence_key
            """
        )
        found: dict[tuple[str, str], list[tuple[str, Kind, str]]] = defaultdict(list)
        for row in rows:
            kind = self._evidence_kind(row)
            if kind is not None:
                place = f"{row['file']} row {row['row_number']}" if row["file"] else row["evidence_model"]
                said = f"{row['kpi_id']} {row['evidence_key']} ({place})"
                found[row["agent_id"], row["month_id"]].append((row["kpi_id"], kind, said))
        return found

    def _evidence_kind(self, row: Mapping[str, Any]) -> Kind | None:
        reasons = {row["reason_a"], row["reason_b"]}
        if row["is_ruled_anew"] or "ruling" in reasons:
            return "rulings"
        if self._has_moved_on and row["event_on"].isoformat() > self._before["as_of"]:
            return "business date"
        if (
            not row["is_new"]
            and not row["is_gone"]
            and reasons & {"pending", "future"}
            and self._has_moved_on
        ):
            return "business date"
        if row["is_other_row"]:
            return "late rows"
        if row["kpi_id"] in self._definitions_changed:
            return "definitions"
        # The row itself is the same: another one (a repeat, a follow-up, a later rating) has come.
        if self._has_new_loads:
            return "late rows"
        return "code" if self._has_other_code else None

    @cached_property
    def _input_changes(self) -> Mapping[tuple[str, str], Sequence[tuple[str, Kind, str]]]:
        """Job history, ratings, targets and counted events that changed, by agent and period."""
        found: dict[tuple[str, str], list[tuple[str, Kind, str]]] = defaultdict(list)
        for relation, (period, table) in INPUT_RELATIONS.items():
            columns = [name for name in self._columns("facts", relation) if name not in NO_INPUT]
            for row in self._either_way("facts", relation, columns):
                said = f"{table.removeprefix('fct_').removeprefix('dim_').replace('_', ' ')} of {row[period]}"
                if self._input_kind is not None:
                    found[row["agent_id"], row[period]].append((relation, self._input_kind, said))
        columns = ["agent_id", "period_kind", "period_id", "segment_no", "event_kind", "quantity"]
        for row in self._either_way("bonus", "bonus_event", columns):
            if row["period_kind"] != "month":
                continue
            kind: Kind | None = "rulings" if self._has_new_rulings else self._input_kind
            # Days that had not come yet are no late rows; a month is not told apart by day here.
            if self._has_moved_on and row["period_id"] >= self._before["as_of"][: len(row["period_id"])]:
                kind = "business date"
            said = f"{row['event_kind'].replace('_', ' ')} of {row['period_id']}"
            if kind is not None:
                found[row["agent_id"], row["period_id"]].append((row["event_kind"], kind, said))
        return found

    @cached_property
    def _input_kind(self) -> Kind | None:
        """What can have changed a fact; None where nothing can: the same files, date and code."""
        if self._has_new_loads:
            return "late rows"
        if self._has_moved_on:
            return "business date"
        return "code" if self._has_other_code else None

    @property
    def _has_other_code(self) -> bool:
        return bool(self._before["code_hash"] != self._after["code_hash"])

    @cached_property
    def _policy_changes(self) -> list[PolicyChange]:
        return [
            change
            for change in policy_changes(self.rows, self._columns)
            if change.period_id not in self._new_periods
        ]

    @cached_property
    def _policy_of_period(self) -> Mapping[str, Sequence[PolicyChange]]:
        found: dict[str, list[PolicyChange]] = defaultdict(list)
        for change in self._policy_changes:
            found[change.period_id].append(change)
        return found

    @cached_property
    def _definition_changes(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._either_way(
            "policy", "policy_kpi_period", self._columns("policy", "policy_kpi_period")
        ):
            if row["period_id"] not in self._new_periods and row["kpi_id"] not in found[row["period_id"]]:
                found[row["period_id"]].append(row["kpi_id"])
        return {period_id: kpis for period_id, kpis in found.items() if kpis}

    @cached_property
    def _definitions_changed(self) -> frozenset[str]:
        return frozenset(kpi_id for kpis in self._definition_changes.values() for kpi_id in kpis)

    @cached_property
    def _new_periods(self) -> frozenset[str]:
        rows = self.rows(
            "select period_id from b.facts.dim_period except select period_id from a.facts.dim_period"
        )
        return frozenset(row["period_id"] for row in rows)

    @cached_property
    def _months(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self.rows("select period_id, month_id from b.facts.dim_period_month order by all"):
            found[row["period_id"]].append(row["month_id"])
        return found

    @cached_property
    def _has_new_loads(self) -> bool:
        return bool(
            self.rows(
                "(select load_id from a.audit.load_file where status = 'loaded' "
                "except select load_id from b.audit.load_file where status = 'loaded') union all "
                "(select load_id from b.audit.load_file where status = 'loaded' "
                "except select load_id from a.audit.load_file where status = 'loaded') limit 1"
            )
        )

    @cached_property
    def _has_new_rulings(self) -> bool:
        return bool(self._either_way("facts", "fct_ruling", ["ruling_id", "decision", "is_in_force"]))

    @property
    def _has_moved_on(self) -> bool:
        return bool(self._before["as_of"] != self._after["as_of"])

    @cached_property
    def _settled_on(self) -> Mapping[str, str]:
        """Periods settled in between on a publication that is neither: what was settled as it stood in the
        earlier one can have changed by no right.
        """
        rows = self.rows(
            "select period_id, run_id from b.facts.dim_settled_period "
            "except select period_id, run_id from a.facts.dim_settled_period"
        )
        return {row["period_id"]: row["run_id"] for row in rows if row["run_id"] != self._before["run_id"]}

    def _columns(self, schema: str, table: str) -> list[str]:
        """Columns that both publications have."""
        rows = self.rows(
            "select column_name from duckdb_columns() "
            "where schema_name = $schema and table_name = $table and database_name in ('a', 'b') "
            "group by column_name having count(*) = 2 order by min(column_index)",
            schema=schema,
            table=table,
        )
        return [row["column_name"] for row in rows]

    def _either_way(self, schema: str, table: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Rows that only one of the publications has."""
        chosen = ", ".join(f'"{name}"' for name in columns)
        sides = [f'select {chosen} from {side}."{schema}"."{table}"' for side in ("a", "b")]
        return self.rows(
            f"({sides[0]} except all {sides[1]}) union all ({sides[1]} except all {sides[0]}) order by all"
        )

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Rows of a query over the publications `a` and `b`."""
        result = self._database.execute(sql, values)
        names = [description[0] for description in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
