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
from dataclasses import asdict
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

from orchestration.audit.below import read_below
from orchestration.audit.beside import text_beside
from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import Graph, graph_of_tree
from orchestration.audit.evidence import EVENT, KPI, EvidenceReader
from orchestration.audit.node import Phrase, Trace
from orchestration.audit.publications import MANIFEST, read_manifest
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.rows_behind import FACTS, RowsBehind
from orchestration.audit.show.document import as_json, plain_data, trace_json
from orchestration.audit.show.page import trace_page
from orchestration.audit.trace import trace_from
from orchestration.errors import ConfigurationError
from orchestration.hashing import code_hash
from orchestration.policy.clauses import with_own
from orchestration.state.folder import auditor_name

FORMAT = 3
INDEX, PAGE, TREE, CLAUSES, COHORT = "pack.json", "trace.html", "trace.json", "clauses.json", "cohort.json"
DATA = "data/"
AUDIT_CODE = Path(__file__).parents[1]
ZIP_TIME = (2000, 1, 1, 0, 0, 0)
"""A fixed time, so that the same publication gives the same pack."""

OMITTED = frozenset({"rater_id", "reviewer_id", "requested_by", "lead_agent_id"})
"""Columns that may name other people and that no calculation reads."""

MANIFEST_FIELDS = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash", "previous", "site", "seal")


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


def clauses_text(publication: Mapping[str, Any]) -> str:
    """The rules of this version, and those of the site of a publication, with the documents' words, as
    JSON.
    """
    return as_json(with_own(publication.get("site")))


def writer_hash() -> str:
    """What the texts of a pack depend on beside its rows: the rules and the code that writes the trace."""
    return hashlib.sha256((clauses_text({}) + code_hash([AUDIT_CODE])).encode()).hexdigest()


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
    who = {"agent_id": agent_id, "period_id": period_id}
    publication = {name: manifest[name] for name in MANIFEST_FIELDS if manifest.get(name) is not None}
    index: dict[str, Any] = {
        "format": FORMAT,
        **who,
        "notes": [asdict(note) for note in notes],
        "writer": writer_hash(),
        "publication": publication
        | {"manifest_sha256": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()},
    }
    trace = pack_trace(audit, index)
    bonus = {"bonus_id": f"{period_id}:{agent_id}"}
    tree = audit.select("audit.bonus_trace", bonus, order=["node_id"])
    data = _data(audit, tree, who | bonus)
    texts = {
        "README.txt": text_beside(__file__, "README.txt").format(**who, **publication),
        PAGE: trace_page(trace),
        TREE: trace_json(trace),
        CLAUSES: clauses_text(publication),
        COHORT: as_json(list(_cohorts(audit, graph_of_tree(tree)))),
        **{f"{DATA}{name}.json": _table(audit, name, rows) for name, rows in sorted(data.items())},
    }
    members = {name: text.encode() for name, text in texts.items()}
    files = {row["file"] for row in data["audit.load_file"]}
    published = {name.rpartition(".")[0]: digest for name, digest in manifest["files"].items()}
    index |= {
        "inputs": [one for one in manifest["inputs"] if one["file"] in files],
        "relations": {name: published.get(f"{auditor_name(folder)}/{name}") for name in sorted(data)},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(members.items())},
    }
    return {INDEX: sealed_index(index).encode(), **members}


TOLD_BY: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "audit.relation_key": ((), ("model", "position")),
    "bonus.bonus_due": (("agent_id",), ("period_id", "component_id", "segment_no")),
    "bonus.bonus_line": (("bonus_id",), ("line_no",)),
    "bonus.bonus_unpaid": (("agent_id", "period_id"), ("component_id", "segment_no")),
    "facts.dim_agent": (("agent_id",), ()),
    "facts.dim_agent_period_segment": (("agent_id",), ("period_id", "segment_no")),
    "facts.dim_period": ((), ("period_id",)),
    "facts.dim_settled_period": ((), ("period_id",)),
    "facts.fct_rating": (("agent_id",), ("rating_id",)),
    "policy.policy_event_kind": ((), ("period_id", "event_kind")),
    "policy.policy_kpi_period": ((), ("period_id", "kpi_id")),
    "policy.policy_scheme": ((), ("period_id", "scheme_id")),
}
"""Relations that a tree is told by: columns that say whose rows are needed, and their order."""


def _data(audit: AuditFile, tree: Sequence[Row], whose: Mapping[str, str]) -> dict[str, Sequence[Row]]:
    """The rows of the pack, by relation: the tree, the cells that it names, and what stands behind them."""
    data: dict[str, Sequence[Row]] = {}
    cells: dict[str, set[str]] = defaultdict(set)
    for row in tree:
        if row["input_model"] is not None:
            cells[row["input_model"]].add(row["input_key"])
    for model, keys in cells.items():
        found = audit.rows_by_key(model, keys)
        data[audit.relation_of(model)] = [found[key] for key in sorted(found)]
    for relation, (columns, order) in TOLD_BY.items():
        data[relation] = audit.select(relation, {name: whose[name] for name in columns}, order=order)
    agent_id = whose["agent_id"]
    numbers = graph_of_tree(tree).numbers.values()
    behind = RowsBehind(EvidenceReader(audit, agent_id, show_people=False), numbers)
    for number in numbers:
        behind.found(number)
    for relation in (KPI, EVENT):
        data[relation] = behind.reader.rows(relation, behind.wanted, "distinct evidence.*")
    ruled = {row["ruling_id"] for relation in (KPI, EVENT) for row in data[relation]} - {None}
    data["facts.fct_ruling"] = audit.select(
        "facts.fct_ruling", {"ruling_id": sorted(ruled)}, order=["ruling_id"]
    )
    data["audit.bonus_trace"] = tree
    data["audit.source_row"] = _source_rows(audit, cells, data, agent_id)
    loads = sorted({row["load_id"] for row in data["audit.source_row"]})
    data["audit.load_file"] = [
        {name: row[name] for name in ("load_id", "file", "sha256", "status")}
        for row in audit.select("audit.load_file", {"load_id": loads}, order=["load_id", "load_seq"])
    ]
    return data


def _source_rows(
    audit: AuditFile, cells: Mapping[str, set[str]], data: Mapping[str, Sequence[Row]], agent_id: str
) -> list[Row]:
    """The export lines of everything in the pack that was read from one."""
    segments = data["facts.dim_agent_period_segment"]
    read = [
        *((row["evidence_model"], row["evidence_key"]) for one in (KPI, EVENT) for row in data[one]),
        *((model, key) for model in cells if model.startswith(FACTS) for key in cells[model]),
        *(("fct_rating", row["rating_id"]) for row in data["facts.fct_rating"]),
        *(("fct_ruling", row["ruling_id"]) for row in data["facts.fct_ruling"]),
        *(("dim_agent_segment", f"{agent_id}:{row['effective_from_on']}") for row in segments),
    ]
    return audit.query(
        "from audit.source_row "
        "semi join (select unnest(?) as evidence_model, unnest(?) as evidence_key) as read "
        "using (evidence_model, evidence_key) order by evidence_model, evidence_key",
        [list(column) for column in zip(*read, strict=True)],
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
            "rows": [[row[name] for name in columns] for row in rows],
        },
        ensure_ascii=False,
        separators=(",", ":"),
        default=plain_data,
    ).replace("],[", "],\n[")
