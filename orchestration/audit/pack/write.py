"""`pack`: one agent's bonus of one period with everything it rests on, as one zip that verifies offline.

A pack is the tree of the bonus, the published rows that its numbers are, the evidence below them and the
export lines below that. Other agents appear only as ranks and cut-offs: no row of theirs, no name, no id.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

from orchestration.audit.below import read_below
from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import Graph, graph_of_tree
from orchestration.audit.evidence import EVENT, KPI, Wanted
from orchestration.audit.node import Phrase, Trace
from orchestration.audit.publications import MANIFEST, read_manifest
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.rows_behind import FACTS, SETTLED
from orchestration.audit.show.document import plain_data, trace_json
from orchestration.audit.show.page import trace_page
from orchestration.audit.trace import trace_from, wanted_below
from orchestration.errors import ConfigurationError
from orchestration.hashing import tree_hash
from orchestration.policy.clauses import clauses
from orchestration.state.folder import auditor_name

FORMAT = 3
INDEX, PAGE, TREE, CLAUSES, COHORT = "pack.json", "trace.html", "trace.json", "clauses.json", "cohort.json"
DATA = "data/"
AUDIT_CODE = Path(__file__).parents[1]
ZIP_TIME = (2000, 1, 1, 0, 0, 0)
"""A fixed time, so that the same publication gives the same pack."""

OMITTED = frozenset({"rater_id", "reviewer_id", "requested_by", "lead_agent_id"})
"""Columns that may name other people and that no calculation reads."""

MANIFEST_FIELDS = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash", "previous", "seal")

README = """\
Evidence pack of meritline 奖金证据包

agent {agent_id}, period {period_id}, publication {run_id} (business date {as_of})

trace.html     how the bonus came about, for people 奖金计算明细（可打印）
trace.json     the same for programs
clauses.json   the rules cited, with the words of the source documents 制度条款
data/          the published rows it rests on: the tree, the cells it names, evidence, export lines
cohort.json    what the peer groups were ranked by, without names 排名与界限
pack.json      SHA-256 of every file here, and an excerpt of the publication's manifest

Verify it on any machine with meritline installed, without the warehouse:
  meritline verify --pack THIS_FILE
"""


def write_pack(
    folder: Path, *, agent_id: str, period_id: str, out: Path, notes: Sequence[Phrase] = ()
) -> Path:
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
    return as_json({**index, "seal": hashlib.sha256(as_json(index).encode()).hexdigest()})


def as_json(content: object) -> str:
    """The one form of a member: a changed byte is a changed content."""
    return json.dumps(content, ensure_ascii=False, indent=1)


def clauses_text() -> str:
    """The rules of this version with the documents' words, as JSON."""
    return as_json({key: plain_data(clause) for key, clause in clauses().items()})


def writer_hash() -> str:
    """What the texts of a pack depend on beside its rows: the rules and the code that writes the trace."""
    code = sorted(path for kind in ("*.py", "*.css") for path in AUDIT_CODE.rglob(kind))
    return hashlib.sha256((clauses_text() + tree_hash(code)).encode()).hexdigest()


def pack_trace(audit: AuditFile, index: Mapping[str, Any]) -> Trace:
    """The trace of a pack, from a publication or the pack's own rows: all evidence, nobody else named."""
    return trace_from(
        audit,
        index["publication"],
        agent_id=index["agent_id"],
        period_id=index["period_id"],
        show_all=True,
        show_people=False,
        notes=[Phrase(**note) for note in index["notes"]],
    )


def _members(
    audit: AuditFile,
    folder: Path,
    manifest: Mapping[str, Any],
    *,
    agent_id: str,
    period_id: str,
    notes: Sequence[Phrase],
) -> dict[str, bytes]:
    index: dict[str, Any] = {
        "format": FORMAT,
        "agent_id": agent_id,
        "period_id": period_id,
        "notes": [plain_data(note) for note in notes],
        "writer": writer_hash(),
        "publication": {name: manifest[name] for name in MANIFEST_FIELDS if name in manifest}
        | {"manifest_sha256": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()},
    }
    trace = pack_trace(audit, index)
    tree = audit.select(
        "audit.bonus_trace", {"bonus_id": f"{period_id}:{agent_id}"}, order=["bonus_id", "node_id"]
    )
    data = _data(audit, tree, agent_id)
    files = data["audit.load_file"]
    texts = {
        "README.txt": README.format(
            agent_id=agent_id, period_id=period_id, run_id=manifest["run_id"], as_of=manifest["as_of"]
        ),
        PAGE: trace_page(trace),
        TREE: trace_json(trace),
        CLAUSES: clauses_text(),
        COHORT: as_json(list(_cohorts(audit, graph_of_tree(tree)))),
        **{f"{DATA}{name}.json": _table(audit, name, rows) for name, rows in sorted(data.items())},
    }
    members = {name: text.encode() for name, text in texts.items()}
    index |= {
        "inputs": [one for one in manifest["inputs"] if one["file"] in {row["file"] for row in files}],
        "relations": {
            name: manifest["files"].get(f"{auditor_name(folder)}/{name}.parquet") for name in sorted(data)
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(members.items())},
    }
    return {INDEX: sealed_index(index).encode(), **members}


def _data(audit: AuditFile, tree: Sequence[Row], agent_id: str) -> dict[str, Sequence[Row]]:
    """The rows of the pack, by relation: the tree, the cells that it names, and what stands behind them."""
    data: dict[str, Sequence[Row]] = {"audit.bonus_trace": tree}
    cells: dict[str, set[str]] = defaultdict(set)
    for row in tree:
        if row["input_model"] is not None:
            cells[row["input_model"]].add(row["input_key"])
    for model, keys in sorted(cells.items()):
        found = audit.rows_by_key(model, keys)
        data[audit.relation_of(model)] = [found[key] for key in sorted(found)]
    own = {"agent_id": agent_id}
    bonus_id = tree[0]["bonus_id"]
    data["bonus.bonus_line"] = audit.select("bonus.bonus_line", {"bonus_id": bonus_id}, order=["line_no"])
    data["bonus.bonus_due"] = audit.select(
        "bonus.bonus_due", own, order=["period_id", "component_id", "segment_no"]
    )
    data["facts.dim_agent"] = audit.select("facts.dim_agent", own)
    data["facts.dim_agent_period_segment"] = audit.select(
        "facts.dim_agent_period_segment", own, order=["period_id", "segment_no"]
    )
    data["facts.fct_rating"] = audit.select("facts.fct_rating", own, order=["rating_id"])
    for relation, order in WHOLE.items():
        data[relation] = audit.select(relation, order=order)
    data["bonus.bonus_unpaid"] = audit.select(
        "bonus.bonus_unpaid",
        {**own, "period_id": bonus_id.split(":")[0]},
        order=["component_id", "segment_no"],
    )
    data |= _evidence(audit, wanted_below(audit, tree, agent_id), agent_id)
    data["audit.source_row"] = list(_source_rows(audit, cells, data, agent_id))
    loads = sorted({row["load_id"] for row in data["audit.source_row"]})
    data["audit.load_file"] = [
        {name: row[name] for name in ("load_id", "file", "sha256", "status")}
        for row in audit.select("audit.load_file", {"load_id": loads}, order=["load_id", "load_seq"])
    ]
    return data


def _source_rows(
    audit: AuditFile, cells: Mapping[str, set[str]], data: Mapping[str, Sequence[Row]], agent_id: str
) -> Iterator[Row]:
    """The export lines of everything in the pack that was read from one."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for relation in (KPI, EVENT):
        for row in data[relation]:
            wanted[row["evidence_model"]].add(row["evidence_key"])
    for model, keys in cells.items():
        if model.startswith(FACTS) and model != SETTLED:
            wanted[model] |= keys
    wanted["fct_rating"] |= {row["rating_id"] for row in data["facts.fct_rating"]}
    wanted["fct_ruling"] |= {row["ruling_id"] for row in data["facts.fct_ruling"]}
    wanted["dim_agent_segment"] |= {
        f"{agent_id}:{row['effective_from_on']}" for row in data["facts.dim_agent_period_segment"]
    }
    for model, keys in sorted(wanted.items()):
        yield from audit.query(
            "select * from audit.source_row where evidence_model = ? and evidence_key in (select unnest(?)) "
            "order by evidence_key",
            [model, sorted(keys)],
        )


WHOLE: Mapping[str, Sequence[str]] = {
    "audit.relation_key": ["model", "position"],
    "facts.dim_period": ["period_id"],
    "facts.dim_settled_period": ["period_id"],
    "policy.policy_event_kind": ["period_id", "event_kind"],
    "policy.policy_kpi_period": ["period_id", "kpi_id"],
    "policy.policy_scheme": ["period_id", "scheme_id"],
}
"""Relations that are nobody's, and are needed to tell a tree."""


def _evidence(
    audit: AuditFile, wanted: Mapping[str, Wanted], agent_id: str
) -> Iterator[tuple[str, list[Row]]]:
    """The evidence of every sum in the tree, and the rulings on it."""
    rulings: set[str] = set()
    for relation, name in ((KPI, "kpi_id"), (EVENT, "event_kind")):
        asked = [one for one in wanted.values() if one.relation == relation]
        rows = audit.query(
            f"select * from {relation} where agent_id = ? and {name} in (select unnest(?)) "
            "and strftime(event_on, '%Y-%m') in (select unnest(?)) "
            f"order by {name}, event_on, evidence_model, evidence_key",
            [agent_id, sorted({one.name for one in asked}), sorted({m for one in asked for m in one.months})],
        )
        rulings |= {row["ruling_id"] for row in rows if row["ruling_id"]}
        yield relation, rows
    yield (
        "facts.fct_ruling",
        audit.select("facts.fct_ruling", {"ruling_id": sorted(rulings)}, order=["ruling_id"]),
    )


def _cohorts(audit: AuditFile, tree: Graph) -> Iterator[dict[str, Any]]:
    """What everyone in each cohort of the tree was ranked by, the best first: numbers with their places."""
    cohorts = sorted(key for key, number in tree.numbers.items() if number.kind == "cohort")
    graph = read_below(audit, cohorts, with_members=True)
    evaluator = Evaluator(graph)
    for key in cohorts:
        standings = [
            [[place, _text(-one)] for place, one in numbers if place != inf]
            for numbers, _ in evaluator.cohort(key)
        ]
        yield {"cohort": key, "size": len(standings), "ranked_by": standings}


def _text(value: Fraction) -> str:
    return f"{decimal_of(value):f}"


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
