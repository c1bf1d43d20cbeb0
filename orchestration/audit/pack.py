"""`pack`: one agent's bonus of one period with everything it rests on, as one zip that verifies offline.

Other agents appear only as ranks and cut-offs: no row of theirs, no name, no id.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.audit.clauses import clauses
from orchestration.audit.document import plain_data, trace_json
from orchestration.audit.lookup import find_bonus
from orchestration.audit.page import trace_page
from orchestration.audit.publications import MANIFEST, read_manifest
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.trace import trace_from
from orchestration.errors import ConfigurationError
from orchestration.hashing import tree_hash
from orchestration.state import auditor_name

FORMAT = 2
INDEX = "pack.json"
DATA = "data/"
AUDIT_CODE = Path(__file__).parent
ZIP_TIME = (2000, 1, 1, 0, 0, 0)
"""A fixed time, so that the same publication gives the same pack."""

OMITTED = frozenset({"rater_id", "reviewer_id", "requested_by", "agent_name", "lead_agent_id"})
"""Columns that may name other people and that no calculation reads."""

MANIFEST_FIELDS = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash", "previous", "seal")

SOURCE_KEYS: Mapping[str, Sequence[str]] = {
    "fct_contact": ("contact_id",),
    "fct_ticket": ("ticket_id",),
    "fct_quality_review": ("review_id",),
    "fct_attendance": ("agent_id", "worked_on"),
    "fct_recognition": ("recognition_id",),
    "fct_rating": ("rating_id",),
    "fct_target": ("agent_id", "period_id", "metric"),
    "fct_ruling": ("ruling_id",),
}
"""By which columns `audit.source_row` knows the fact rows of a pack."""

README = """\
Evidence pack of meritline 奖金证据包

agent {agent_id}, period {period_id}, publication {run_id} (business date {as_of})

trace.html     how the bonus came about, for people 奖金计算明细（可打印）
trace.json     the same for programs
clauses.json   the rules cited, with the words of the source documents 制度条款
data/          the published rows it rests on: evidence, policy, score, grade, lines
cohort.json    ranks and cut-off scores of the peer group, without names 排名与界限
pack.json      SHA-256 of every file here, and an excerpt of the publication's manifest

Verify it on any machine with meritline installed, without the warehouse:
  meritline verify --pack THIS_FILE
"""


@dataclass(frozen=True)
class _Scope:
    """Agent and periods of the pack: `roots` are the period and the settled ones that it corrects."""

    agent_id: str
    period_id: str
    roots: tuple[str, ...]
    periods: tuple[str, ...]
    months: tuple[str, ...]


def write_pack(folder: Path, *, agent_id: str, period_id: str, out: Path, notes: Sequence[str] = ()) -> Path:
    """Write the evidence pack of one agent and period of the publication in `folder` to `out`.

    `notes` are said in its trace.

    Raises ConfigurationError for an unknown agent or period (with near names) and when `out` exists or cannot
    be written.
    """
    if out.exists():
        raise ConfigurationError(
            path=out, problem="the file exists already", remedy="Name another one with --out, or remove it"
        )
    manifest = read_manifest(folder)
    with AuditFile(folder) as audit:
        members = _members(audit, folder, manifest, agent_id=agent_id, period_id=period_id, notes=notes)
    try:
        with zipfile.ZipFile(out, "x", compression=zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, date_time=ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o600 << 16
                archive.writestr(info, content)
    except OSError as error:
        raise ConfigurationError(
            path=out, problem=f"cannot be written ({error.strerror})", remedy="Name another file with --out"
        ) from error
    out.chmod(0o600)
    return out


def sealed_index(index: Mapping[str, Any]) -> str:
    """The index as text, ending in the SHA-256 of the text without it."""
    return index_text({**index, "seal": hashlib.sha256(index_text(index).encode()).hexdigest()})


def index_text(index: Mapping[str, Any]) -> str:
    """The one form of an index: a changed byte is a changed index."""
    return json.dumps(index, ensure_ascii=False, indent=1)


def clauses_text() -> str:
    """The rules of this version with the documents' words, as JSON."""
    return json.dumps(
        {key: plain_data(clause) for key, clause in clauses().items()}, ensure_ascii=False, indent=1
    )


def writer_hash() -> str:
    """What the texts of a pack depend on beside its rows: the rules and the code that writes the trace."""
    return hashlib.sha256((clauses_text() + tree_hash(AUDIT_CODE.glob("*.py"))).encode()).hexdigest()


def _members(
    audit: AuditFile,
    folder: Path,
    manifest: Mapping[str, Any],
    *,
    agent_id: str,
    period_id: str,
    notes: Sequence[str],
) -> dict[str, bytes]:
    find_bonus(audit, agent_id=agent_id, period_id=period_id)
    trace = trace_from(
        audit,
        manifest,
        agent_id=agent_id,
        period_id=period_id,
        show_all=True,
        show_people=False,
        notes=notes,
    )
    texts = {
        "README.txt": README.format(
            agent_id=agent_id, period_id=period_id, run_id=manifest["run_id"], as_of=manifest["as_of"]
        ),
        "trace.html": trace_page(trace),
        "trace.json": trace_json(trace),
        "clauses.json": clauses_text(),
        "cohort.json": json.dumps(_cohort(audit, agent_id, period_id), ensure_ascii=False, indent=1),
    }
    loads: set[str] = set()
    for relation, rows in _data(audit, _scope(audit, agent_id, period_id)).items():
        texts[f"{DATA}{relation}.json"] = _table(audit, relation, rows)
        if relation == "audit.source_row":
            loads = {row["load_id"] for row in rows}
    files = audit.select("audit.load_file", {"load_id": sorted(loads)}, order=["load_id", "load_seq"])
    files = [{name: row[name] for name in ("load_id", "file", "sha256", "status")} for row in files]
    texts[f"{DATA}audit.load_file.json"] = _table(audit, "audit.load_file", files)
    members = {name: text.encode() for name, text in texts.items()}
    index = {
        "format": FORMAT,
        "agent_id": agent_id,
        "period_id": period_id,
        "writer": writer_hash(),
        "publication": {name: manifest[name] for name in MANIFEST_FIELDS if name in manifest}
        | {"manifest_sha256": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()},
        "inputs": [one for one in manifest["inputs"] if one["file"] in {row["file"] for row in files}],
        "relations": {
            name.removeprefix(DATA).removesuffix(".json"): manifest["files"].get(
                f"{auditor_name(folder)}/{name.removeprefix(DATA).removesuffix('.json')}.parquet"
            )
            for name in members
            if name.startswith(DATA)
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(members.items())},
    }
    return {INDEX: sealed_index(index).encode(), **members}


def _scope(audit: AuditFile, agent_id: str, period_id: str) -> _Scope:
    """The period with those within it, and the settled periods that its adjustments correct, with theirs."""
    within = _within(audit, [period_id])
    corrected = audit.query(
        "select distinct split_part(adjusts_bonus_line_id, ':', 1) as period_id from bonus.bonus_line "
        "where agent_id = ? and list_contains(?, period_id) and adjusts_bonus_line_id is not null",
        [agent_id, [row["period_id"] for row in within]],
    )
    roots = [period_id, *sorted(row["period_id"] for row in corrected)]
    within = _within(audit, roots)
    return _Scope(
        agent_id=agent_id,
        period_id=period_id,
        roots=tuple(roots),
        periods=tuple(row["period_id"] for row in within),
        months=tuple(row["period_id"] for row in within if row["period_kind"] == "month"),
    )


def _within(audit: AuditFile, roots: Sequence[str]) -> list[Row]:
    return audit.query(
        "select distinct inside.period_id, inside.period_kind, inside.starts_on "
        "from facts.dim_period as inside inner join facts.dim_period as root "
        "on inside.starts_on >= root.starts_on and inside.ends_on <= root.ends_on "
        "where list_contains(?, root.period_id) order by inside.starts_on, inside.period_id",
        [list(roots)],
    )


def _data(audit: AuditFile, scope: _Scope) -> dict[str, Sequence[Row]]:
    """The rows of the pack, by relation."""
    own = {"agent_id": scope.agent_id}
    own_periods = {**own, "period_id": list(scope.periods)}
    own_months = {**own, "month_id": list(scope.months)}
    roots = audit.select("facts.dim_period", {"period_id": list(scope.roots)}, order=["period_id"])
    before = {row["previous_period_id"] for row in roots if row["previous_period_id"]}
    observed = [*scope.periods, *sorted(before - set(scope.periods))]
    data: dict[str, Sequence[Row]] = {
        "facts.dim_run_context": audit.select("facts.dim_run_context"),
        "facts.dim_period": audit.select("facts.dim_period", {"period_id": observed}, order=["period_id"]),
        "facts.dim_period_month": audit.select(
            "facts.dim_period_month", {"period_id": list(scope.periods)}, order=["period_id", "month_id"]
        ),
        "facts.dim_agent": audit.select("facts.dim_agent", own),
        "facts.dim_agent_period": audit.select("facts.dim_agent_period", own_periods, order=["period_id"]),
        "facts.dim_agent_month_segment": audit.select(
            "facts.dim_agent_month_segment", own_months, order=["month_id", "segment_no"]
        ),
        "facts.dim_agent_period_segment": audit.select(
            "facts.dim_agent_period_segment", own_periods, order=["period_id", "segment_no"]
        ),
        "facts.dim_settled_period": audit.select("facts.dim_settled_period", order=["period_id"]),
        "facts.fct_target": audit.select("facts.fct_target", own_periods, order=["period_id", "metric"]),
        "facts.fct_rating": audit.select("facts.fct_rating", own_periods, order=["rating_id"]),
        "facts.fct_settled_line": audit.query(
            "select * from facts.fct_settled_line where agent_id = ? and (list_contains(?, period_id) "
            "or list_contains(?, split_part(adjusts_bonus_line_id, ':', 1))) order by bonus_line_id",
            [scope.agent_id, list(scope.periods), list(scope.periods)],
        ),
        "facts.fct_settled_score": audit.select("facts.fct_settled_score", own_periods, order=["period_id"]),
        "facts.fct_settled_ranking": audit.select(
            "facts.fct_settled_ranking", own_periods, order=["period_id", "component_id"]
        ),
        "bonus.bonus_unpaid": audit.select(
            "bonus.bonus_unpaid", own_periods, order=["period_id", "component_id", "segment_no"]
        ),
        "bonus.bonus_correction": audit.select(
            "bonus.bonus_correction", own_periods, order=["bonus_line_id"]
        ),
        "audit.bonus_trace": audit.query(
            "select node.* from audit.bonus_trace as node inner join bonus.bonus as bonus "
            "on node.bonus_id = bonus.bonus_id where bonus.agent_id = ? "
            "and list_contains(?, bonus.period_id) order by node.bonus_id, node.node_id",
            [scope.agent_id, list(scope.periods)],
        ),
        "kpi.kpi_evidence": audit.select(
            "kpi.kpi_evidence",
            own_months,
            order=["month_id", "kpi_id", "evidence_model", "evidence_key"],
        ),
        "kpi.kpi_observation": audit.select(
            "kpi.kpi_observation", {**own, "period_id": observed}, order=["period_id", "kpi_id"]
        ),
        "kpi.kpi_group_observation": audit.select(
            "kpi.kpi_group_observation",
            {"group_kind": "centre", "period_id": list(scope.periods), "kpi_id": "nps"},
            order=["period_id"],
        ),
        "score.score_line": audit.select("score.score_line", own_periods, order=["period_id", "kpi_id"]),
        "score.score": audit.select("score.score", own_periods, order=["period_id"]),
        "grade.grade": audit.select("grade.grade", own_periods, order=["period_id"]),
        "bonus.bonus_line_computed": audit.select(
            "bonus.bonus_line_computed", own_periods, order=["bonus_line_id"]
        ),
        "bonus.bonus_line": audit.select("bonus.bonus_line", own_periods, order=["bonus_line_id"]),
        "bonus.bonus": audit.select("bonus.bonus", own_periods, order=["period_id"]),
        "bonus.bonus_ranking": audit.select(
            "bonus.bonus_ranking",
            {"subject": "agent", "subject_id": scope.agent_id, "period_id": list(scope.periods)},
            order=["period_id", "component_id"],
        ),
        "facts.fct_ruling": audit.query(
            "select * from facts.fct_ruling where ruling_id in "
            "(select ruling_id from kpi.kpi_evidence where agent_id = ? and list_contains(?, month_id)) "
            "order by ruling_id",
            [scope.agent_id, list(scope.months)],
        ),
    }
    data |= _events(audit, scope)
    data |= _policy(audit, scope, data)
    data["audit.source_row"] = _source_rows(audit, data)
    return data


def _source_rows(audit: AuditFile, data: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The export lines of everything in the pack that was read from one."""
    keys: dict[str, set[str]] = defaultdict(set)
    for row in data["kpi.kpi_evidence"]:
        keys[row["evidence_model"]].add(row["evidence_key"])
    for model, columns in SOURCE_KEYS.items():
        for row in data[f"facts.{model}"]:
            keys[model].add(":".join(str(row[column]) for column in columns))
    return [
        row
        for model in sorted(keys)
        for row in audit.query(
            "select * from audit.source_row where evidence_model = ? and evidence_key in (select unnest(?)) "
            "order by evidence_key",
            [model, sorted(keys[model])],
        )
    ]


def _events(audit: AuditFile, scope: _Scope) -> dict[str, Sequence[Row]]:
    """Facts that points and amounts apiece count, only where the agent's plan counts them."""
    counted = audit.query(
        "select 1 from bonus.bonus_due where agent_id = ? and list_contains(?, period_id) "
        "and mechanism in ('points', 'per_event') limit 1",
        [scope.agent_id, list(scope.periods)],
    )
    columns = {
        "facts.fct_contact": (
            "agent_id",
            "contact_id agent_id channel started_on is_answered invalid_reason",
        ),
        "facts.fct_ticket": (
            "recording_agent_id",
            "ticket_id recording_agent_id created_on is_wrong_record invalid_reason",
        ),
        "facts.fct_quality_review": (
            "agent_id",
            "review_id agent_id reviewed_on deduction_points invalid_reason",
        ),
        "facts.fct_attendance": ("agent_id", "agent_id worked_on status shift"),
        "facts.fct_recognition": ("agent_id", "recognition_id agent_id occurred_on kind points status"),
    }
    dated = ("started_on", "created_on", "reviewed_on", "worked_on", "occurred_on")
    found: dict[str, Sequence[Row]] = {}
    for relation, (agent_column, names) in columns.items():
        wanted = names.split()
        day = next(name for name in wanted if name in dated)
        found[relation] = (
            audit.query(
                f"select {', '.join(wanted)} from {relation} "
                f"where {agent_column} = ? and list_contains(?, strftime({day}, '%Y-%m')) order by all",
                [scope.agent_id, list(scope.months)],
            )
            if counted
            else []
        )
    return found


def _policy(audit: AuditFile, scope: _Scope, data: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Row]]:
    """The policy rows of the plans that the agent was under."""
    schemes = sorted(
        {
            row["scheme_id"]
            for relation in ("facts.dim_agent_period", "facts.dim_agent_month_segment", "bonus.bonus_line")
            for row in data[relation]
            if row["scheme_id"] is not None
        }
    )
    periods = list(scope.periods)
    of_plan = {"period_id": periods, "scheme_id": schemes}
    components = audit.select("policy.policy_component", of_plan, order=["period_id", "component_id"])
    of_component = {"period_id": periods, "component_id": sorted({row["component_id"] for row in components})}
    return {
        "policy.policy_component": components,
        "policy.policy_component_parameter": audit.select(
            "policy.policy_component_parameter",
            of_component,
            order=["period_id", "component_id", "parameter"],
        ),
        "policy.policy_component_event": audit.select(
            "policy.policy_component_event",
            of_component,
            order=["period_id", "component_id", "use", "event_kind", "comparison"],
        ),
        "policy.policy_event_kind": audit.select(
            "policy.policy_event_kind", {"period_id": periods}, order=["period_id", "event_kind"]
        ),
        "policy.policy_component_rate": audit.select(
            "policy.policy_component_rate",
            of_component,
            order=["period_id", "component_id", "rate_key", "lower_bound"],
        ),
        "policy.policy_score_kpi": audit.select(
            "policy.policy_score_kpi", of_plan, order=["period_id", "scheme_id", "role", "block", "kpi_id"]
        ),
        "policy.policy_grade_band": audit.select(
            "policy.policy_grade_band", of_plan, order=["period_id", "scheme_id", "method", "band_no"]
        ),
        "policy.policy_scheme": audit.select(
            "policy.policy_scheme", of_plan, order=["period_id", "scheme_id"]
        ),
        "policy.policy_convention": audit.select(
            "policy.policy_convention", {"period_id": periods}, order=["period_id"]
        ),
        "policy.policy_absent_export": audit.select(
            "policy.policy_absent_export",
            {"period_id": periods},
            order=["period_id", "subject_kind", "subject_id", "table_name"],
        ),
        "policy.policy_kpi_period": audit.select(
            "policy.policy_kpi_period", {"period_id": periods}, order=["period_id", "kpi_id"]
        ),
    }


def _cohort(audit: AuditFile, agent_id: str, period_id: str) -> dict[str, Any]:
    """Ranks and cut-offs of the peer group: per grade how many, the first and last rank, the lowest score."""
    rows = audit.select("grade.grade", {"agent_id": agent_id, "period_id": period_id})
    if not rows or rows[0]["rank"] is None:
        return {"cohort_size": 0, "grades": []}
    bands = audit.query(
        """
        select
            grade, count(*) as members, min(rank) as first_rank, max(rank) as last_rank,
            cast(min(total_score) as varchar) as lowest_score
        from grade.grade
        where cohort_id = ? and rank is not null
        group by grade, band_no
        order by band_no
        """,
        [rows[0]["cohort_id"]],
    )
    return {"cohort_size": rows[0]["cohort_size"], "grades": [dict(row) for row in bands]}


def _table(audit: AuditFile, relation: str, rows: Sequence[Row]) -> str:
    """A relation as JSON: columns with their types, and a list per row; exact numbers and dates as text."""
    schema, table = relation.split(".")
    types = {row["column_name"]: row["column_type"] for row in audit.query(f'describe "{schema}"."{table}"')}
    columns = [name for name in (rows[0] if rows else types) if name not in OMITTED]
    return json.dumps(
        {
            "columns": [[name, types[name]] for name in columns],
            "rows": [[plain_data(row[name]) for name in columns] for row in rows],
        },
        ensure_ascii=False,
        indent=None,
        separators=(",", ":"),
    ).replace("],[", "],\n[")
