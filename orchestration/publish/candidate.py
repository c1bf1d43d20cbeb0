"""The candidate: every relation to publish as ordered Parquet or a view's SQL, a DuckDB file per audience.

The same rows give the same bytes: one order (the model's key), one row group size, one codec, no clock. The
content hash is taken over the Parquet of the auditors, which has everything; the DuckDB files are made
from the Parquet.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_IMODE

import duckdb

from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.hashing import FileHashes, listing_hash
from orchestration.policy.clauses import clauses
from orchestration.policy.installed import installed_site
from orchestration.publish.databases import describe, free_share, written
from orchestration.publish.payroll.write import nothing_unchanged, write_payroll
from orchestration.publish.previous import NOTE, Previous
from orchestration.publish.views import create_views, write_views
from orchestration.settings import STATEMENT_MONTHS
from orchestration.sql import literal
from orchestration.state.folder import (
    AUDITOR,
    EARLIER_AUDITOR,
    GROUP_DIR,
    GROUP_FILE,
    OWNER_DIR,
    OWNER_FILE,
    WHOLE,
    StateFolder,
    auditor_folder,
    auditor_name,
    auditor_parquet,
    relation_at,
    replace_folder,
    write_atomically,
)
from orchestration.state.memory import connect
from orchestration.warehouse.manifest import AUDIENCES, Relation

ROW_GROUP_ROWS = 122_880
PARQUET_OPTIONS = f"format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS}"
CALIBRATION_MART = "marts.mart_calibration"
"""What calibration found of a content: published beside it, no part of it."""
OF_PAY = re.compile(r"_cny$|salary|amount|bonus|wage|(^|_)pay(_|$)")
"""Names of columns that would show pay. What a value tells that has no such name is up to the model; the
tests of secrecy look for every amount in every column of BI.
"""
UNDATED = "undated"
"""The part of the rows that have no date."""
MOST_PARTS = 240
"""Dates that are nonsense would make a file each: beyond so many months a relation is one file."""
MOST_FREE = 0.4
"""A DuckDB file that is brought up to date keeps the room of what went: with more it is written anew."""
UNEXACT_TYPES = frozenset({"HUGEINT", "UHUGEINT"})
"""Types that Parquet can only hold as a floating number."""


@dataclass(frozen=True)
class Candidate:
    """What a build would publish. `rows` counts rows by relation, `inputs` lists the files of all loads,
    `files` has the SHA-256 of every file by its path in the candidate, `touched` says which months changed
    since the candidate before and why, `titles_hash` is of the titles of clauses that payroll's files cite.
    """

    run_id: str
    as_of: str
    content_hash: str
    code_hash: str
    policy_hash: str
    rows: Mapping[str, int]
    inputs: Sequence[Mapping[str, object]]
    files: Mapping[str, str]
    touched: Sequence[Mapping[str, object]] = ()
    titles_hash: str = ""


def build_candidate(
    state: StateFolder,
    relations: Sequence[Relation],
    *,
    number: int,
    code_hash: str,
    policy_hash: str,
    touched: Sequence[Mapping[str, object]] = (),
    statement_months: int = STATEMENT_MONTHS,
    progress: Callable[[str], None],
) -> Candidate:
    """Export `relations` from the state's warehouse into `<state>/candidate`, in place of an earlier one.

    `number` is the run's; with the business date it is the run id. Each person's statement is a file for the
    newest `statement_months` months. Raises PublicationRefused when a
    relation's key does not tell its rows apart or a column's type cannot be kept exactly, ConfigurationError
    when a mart for BI would show an individual's money.
    """
    previous = Previous.of(state, code_hash)
    rules = clauses(installed_site(state).clauses)
    titles = {clause_id: clause.title_zh for clause_id, clause in rules.items()}
    titles_hash = hashlib.sha256(json.dumps(titles).encode()).hexdigest()
    draft = state.root / ".candidate.new"
    shutil.rmtree(draft, ignore_errors=True)
    for folder in (draft, draft / AUDITOR, *(draft / audience for audience in AUDIENCES)):
        folder.mkdir()
        folder.chmod(OWNER_DIR)
    with connect() as database:
        database.execute("set preserve_insertion_order = true")
        database.execute(f"attach {literal(state.warehouse)} as warehouse (read_only)")
        rows, parts = {}, {}
        for relation in relations:
            if relation.is_view:
                continue
            parts[relation.full_name] = _export(database, relation, draft, previous)
            rows[relation.full_name] = _count(database, relation, draft, parts[relation.full_name])
            progress(f"{relation.full_name}: {rows[relation.full_name]:,} rows")
        database.execute("detach warehouse")
        as_of = _business_date(database, state)
        inputs = _inputs(database, state)
    write_views(state, relations, draft)
    # DuckDB writes its files while Python writes the workbooks; each reads the Parquet alone.
    with ThreadPoolExecutor(max_workers=1) as beside:
        databases = beside.submit(_databases, relations, draft, parts, previous)
        is_known = previous.titles_hash == titles_hash
        write_payroll(
            draft,
            titles,
            months=statement_months,
            unchanged=previous.payroll if is_known else nothing_unchanged,
        )
        databases.result()
    _protect(draft)
    # What was linked has been looked at.
    files = previous.hashes.below(draft)
    candidate = Candidate(
        run_id=f"{number:06d}-{as_of}",
        as_of=as_of,
        content_hash=content_of(files),
        code_hash=code_hash,
        policy_hash=policy_hash,
        rows=rows,
        inputs=inputs,
        files=files,
        touched=list(touched),
        titles_hash=titles_hash,
    )
    write_atomically(draft / NOTE, json.dumps(asdict(candidate), indent=1))
    replace_folder(draft, state.candidate)
    return candidate


def read_candidate(state: StateFolder) -> Candidate:
    """The candidate of the last build. Raises PublicationRefused when there is none."""
    path = state.candidate / NOTE
    try:
        return Candidate(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise PublicationRefused(
            path=path, problem="there is no candidate to publish", remedy="Run meritline nightly"
        ) from error


def unchanged_candidate(state: StateFolder, hashes: FileHashes) -> Candidate:
    """The candidate, every one of its files being as the build wrote it; `hashes` has them afterwards.

    Raises PublicationRefused naming the first file that is not, is missing, or was added.
    """
    candidate = read_candidate(state)
    found = hashes.below(state.candidate)
    found.pop(NOTE)
    odd = [
        name
        for name in sorted(found.keys() | candidate.files.keys())
        if found.get(name) != candidate.files.get(name)
    ]
    if odd or content_of(found) != candidate.content_hash:
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise PublicationRefused(
            path=state.candidate / (odd[0] if odd else NOTE),
            problem=f"the candidate's files are not those that the build wrote{more}",
            remedy="The last publication stays. Run meritline nightly again",
        )
    return candidate


def content_hash(folder: Path) -> str:
    """The content hash of a candidate or publication as it lies in `folder`."""
    name = auditor_name(folder)
    found = FileHashes().below(folder / name)
    return content_of({f"{name}/{path}": digest for path, digest in found.items()})


def content_of(files: Mapping[str, str]) -> str:
    """SHA-256 over path and hash of every relation's file of the auditors among `files`, save what
    calibration found of it.
    """
    return listing_hash(
        {
            name: digest
            for name, digest in files.items()
            if name.partition("/")[0] in (AUDITOR, EARLIER_AUDITOR)
            and name.endswith((".parquet", ".sql"))
            and relation_at(name) != CALIBRATION_MART
        }
    )


@dataclass(frozen=True)
class _Parts:
    """What of a relation's files was written, and what the candidate before had that is no more, each with
    the condition of its rows.
    """

    written: Mapping[str, str]
    gone: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        return WHOLE in self.written or WHOLE in self.gone


def _export(
    database: duckdb.DuckDBPyConnection, relation: Relation, draft: Path, previous: Previous
) -> _Parts:
    source = f'warehouse."{relation.schema}"."{relation.name}"'
    columns = {str(name): str(kind) for name, kind, *_ in database.execute(f"describe {source}").fetchall()}
    _check_columns(relation, columns)
    target = auditor_folder(draft, relation.full_name)
    target.mkdir(OWNER_DIR)
    order = ", ".join(f'"{column}" asc nulls first' for column in relation.key)
    is_date = columns.get(relation.part_by) == "DATE"
    parts, written = _parts(database, relation, source, is_date=is_date), {}
    for part, condition in parts.items():
        file = None if _is_touched(previous, relation, part) else previous.file(relation, part)
        if file is None:
            database.execute(
                f"copy (select * from {source} where {condition} order by {order}) "
                f"to {literal(target / part)} ({PARQUET_OPTIONS})"
            )
            # What is told to have changed as a whole comes out the same in most of its months.
            file = previous.same_file(relation, part, target / part)
            if file is None:
                written[part] = condition
                continue
            (target / part).unlink()
        (target / part).hardlink_to(file)
    for audience in sorted(relation.audiences):
        (draft / audience / f"{relation.name}.parquet").hardlink_to(target / WHOLE)
    gone = sorted(previous.parts(relation) - parts.keys())
    return _Parts(written, {part: _condition(relation, part, is_date=is_date) for part in gone})


def _is_touched(previous: Previous, relation: Relation, part: str) -> bool:
    if part == WHOLE:
        return previous.is_changed(relation)
    return previous.is_touched(relation, "" if part == f"{UNDATED}.parquet" else Path(part).stem)


def _parts(
    database: duckdb.DuckDBPyConnection, relation: Relation, source: str, *, is_date: bool
) -> Mapping[str, str]:
    """The files that a relation is published in, by name, with the condition of their rows: a month whose
    rows are those of the night before is the same file.
    """
    if not relation.part_by:
        return {WHOLE: "true"}
    value = _part_of(relation, is_date=is_date)
    found = database.execute(f"select distinct {value} as part from {source} order by part").fetchall()
    if not found or len(found) > MOST_PARTS:
        return {WHOLE: "true"}
    names = [f"{UNDATED if part is None else part}.parquet" for (part,) in found]
    return {name: _condition(relation, name, is_date=is_date) for name in names}


def _part_of(relation: Relation, *, is_date: bool) -> str:
    column = f'"{relation.part_by}"'
    return f"strftime({column}, '%Y-%m')" if is_date else column


def _condition(relation: Relation, part: str, *, is_date: bool) -> str:
    """The condition of the rows of a part."""
    if part == WHOLE:
        return "true"
    stem = Path(part).stem
    wanted = "null" if stem == UNDATED else literal(stem)
    return f"{_part_of(relation, is_date=is_date)} is not distinct from {wanted}"


def _check_columns(relation: Relation, columns: Mapping[str, str]) -> None:
    for said, names in (("key", relation.key), ("part_by", (relation.part_by,) if relation.part_by else ())):
        missing = [column for column in names if column not in columns]
        if missing:
            raise ConfigurationError(
                path=relation.full_name,
                problem=f"its {said} names {', '.join(missing)}, which is no column of it",
                remedy=f"Correct config.meta.{said} of the model",
            )
    unexact = [f"{column} ({kind})" for column, kind in columns.items() if kind in UNEXACT_TYPES]
    if unexact:
        raise PublicationRefused(
            path=relation.full_name,
            problem=f"Parquet cannot keep {', '.join(unexact)} exactly",
            remedy="Cast the sum in the model to bigint or decimal",
        )
    money = [column for column in columns if OF_PAY.search(column)]
    if "bi" in relation.audiences and "agent_id" in columns and money:
        raise ConfigurationError(
            path=relation.full_name,
            problem=f"it is for BI and has an agent's {', '.join(money)}",
            remedy="Pay is secret (PR-03): take BI out of its audience, or the amounts out of it",
        )


def _count(database: duckdb.DuckDBPyConnection, relation: Relation, draft: Path, parts: _Parts) -> int:
    """Rows of the relation in the draft; refuses a key that does not tell them apart."""
    key = ", ".join(f'"{column}"' for column in relation.key)
    parquet = f"read_parquet({literal(auditor_parquet(draft, relation.full_name))})"
    distinct = f"count(distinct row({key}))" if parts.written else "count(*)"
    counts = database.execute(f"select count(*), {distinct} from {parquet}").fetchone()
    assert counts is not None
    if counts[0] == counts[1]:
        return int(counts[0])
    repeated = database.execute(
        f"select {key}, count(*) from {parquet} group by all having count(*) > 1 limit 1"
    ).fetchone()
    assert repeated is not None
    values = ", ".join(f"{column}={value}" for column, value in zip(relation.key, repeated, strict=False))
    raise PublicationRefused(
        path=relation.full_name,
        problem=f"{repeated[-1]} rows share the key {values}",
        remedy="Correct the model or its config.meta.key: without a total order its bytes are not stable",
    )


def _databases(
    relations: Sequence[Relation], draft: Path, parts: Mapping[str, _Parts], previous: Previous
) -> None:
    _auditors_database(relations, draft, parts, previous)
    for audience in AUDIENCES:
        with written(draft / f"{audience}.duckdb") as database:
            database.execute("begin")
            for relation in relations:
                if audience in relation.audiences:
                    _table(database, relation, draft)
            database.execute("commit")


def _auditors_database(
    relations: Sequence[Relation], draft: Path, parts: Mapping[str, _Parts], previous: Previous
) -> None:
    """The DuckDB file with every relation: that of the candidate before, brought up to date, or a new one."""
    path, before = draft / f"{AUDITOR}.duckdb", previous.database(AUDITOR)
    tables = [relation for relation in relations if not relation.is_view]
    if before is not None:
        shutil.copyfile(before, path)
        # In a transaction of its own: what comes takes the room of what went.
        with written(path) as database:
            database.execute("begin")
            for relation in tables:
                _take_out(database, relation, parts[relation.full_name])
            database.execute("commit")
    with written(path) as database:
        database.execute("begin")
        for relation in tables:
            changed = parts[relation.full_name]
            if before is None or changed.is_whole:
                _table(database, relation, draft)
            else:
                _put_in(database, relation, draft, changed)
        views = [relation for relation in relations if relation.is_view]
        database.execute("use audience")
        create_views(database, draft, [relation.full_name for relation in views])
        database.execute("use memory")
        for relation in views:
            describe(database, relation.full_name, relation.description, relation.columns, kind="view")
        database.execute("commit")
    if before is not None and free_share(path) > MOST_FREE:
        path.unlink()
        _auditors_database(relations, draft, parts, Previous())


def _table(database: duckdb.DuckDBPyConnection, relation: Relation, draft: Path) -> None:
    """A table of `audience` with the relation's rows in their order; marts keep the schema `marts`."""
    parquet = auditor_parquet(draft, relation.full_name)
    database.execute(f'create schema if not exists audience."{relation.schema}"')
    database.execute(
        f'create table audience."{relation.schema}"."{relation.name}" '
        f"as select * from read_parquet({literal(parquet)})"
    )
    describe(database, relation.full_name, relation.description, relation.columns)


def _take_out(database: duckdb.DuckDBPyConnection, relation: Relation, parts: _Parts) -> None:
    table = f'audience."{relation.schema}"."{relation.name}"'
    if parts.is_whole:
        database.execute(f"drop table if exists {table}")
        return
    for condition in (*parts.gone.values(), *parts.written.values()):
        database.execute(f"delete from {table} where {condition}")


def _put_in(database: duckdb.DuckDBPyConnection, relation: Relation, draft: Path, parts: _Parts) -> None:
    folder = auditor_folder(draft, relation.full_name)
    for part in parts.written:
        database.execute(
            f'insert into audience."{relation.schema}"."{relation.name}" '
            f"from read_parquet({literal(folder / part)})"
        )


def _business_date(database: duckdb.DuckDBPyConnection, state: StateFolder) -> str:
    context = literal(state.raw / "run" / "context" / "*.parquet")
    row = database.execute(f"select max(as_of_on)::varchar from read_parquet({context})").fetchone()
    if row is None or row[0] is None:
        raise PublicationRefused(
            path=state.raw / "run" / "context",
            problem="the run's business date is not known",
            remedy="Run meritline nightly",
        )
    return str(row[0])


def _inputs(database: duckdb.DuckDBPyConnection, state: StateFolder) -> list[dict[str, object]]:
    """Every file that reached raw, with the SHA-256 that ingestion took."""
    files = literal(state.raw / "run" / "load_file" / "*.parquet")
    rows = database.execute(
        f"""
        select file, sha256, any_value(byte_count) as byte_count
        from read_parquet({files}, union_by_name = true)
        where status = 'loaded'
        group by file, sha256
        order by file, sha256
        """
    ).fetchall()
    return [{"file": file, "sha256": sha256, "byte_count": count} for file, sha256, count in rows]


def _protect(draft: Path) -> None:
    """Audit and payroll are the owner's alone, BI is the group's too.

    A mart's Parquet is one file with a name in several folders, and one with that of the publications it has
    been in: its mode changes only where it is not yet what it is to be. The folders of audit and payroll keep
    the group out.
    """
    of_bi = {path.stat().st_ino for path in (draft / "bi.duckdb", *(draft / "bi").iterdir())}
    for path in draft.rglob("*"):
        info = path.stat()
        if path.is_dir():
            mode = GROUP_DIR if path == draft / "bi" else OWNER_DIR
        else:
            mode = GROUP_FILE if info.st_ino in of_bi else OWNER_FILE
        if S_IMODE(info.st_mode) != mode:
            path.chmod(mode)
