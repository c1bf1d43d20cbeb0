"""What changed since the warehouse was last brought up to date, as dbt's materializations read it
(`dbt_project/materializations/ledger.sql`): the part of it that only files can say.

`build.change` (a model or `source.table`, a column, a span of months or of values, how many rows) and
`build.built` (a model, the code it was built by, how much of it) are numbered in one order: a model reads the
changes above its own number.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.hashing import file_hash, tree_hash
from orchestration.ingest.store import SCHEMA_FILE
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.state.folder import StateFolder
from orchestration.transient import is_transient
from orchestration.warehouse.touched import months_told, reads_of, wrong_rules

CODE = (
    *sorted((DBT_PROJECT_DIR / "materializations").glob("*.sql")),
    Path(__file__),
    Path(__file__).with_name("touched.py"),
)
"""What keeps a warehouse. Another than it was kept by begins with an empty one: what a fault in it has left
stale would stay so.
"""

CREATE = """
create schema build;
create table build.kept_by (code varchar, engine varchar);
create table build.built (seq bigint, model varchar, code varchar, kind varchar);
create table build.change (
    seq bigint, model varchar, column_name varchar, from_value varchar, to_value varchar, row_count bigint
);
create table build.source_file (source varchar, path varchar, stamp varchar);
create table build.reads (model varchar, read varchar);
create table build.whole_build (seq bigint);
create table build.candidate (seq bigint, content_hash varchar);
"""
NEWEST = """
select greatest(
    coalesce((select max(seq) from build.built), 0), coalesce((select max(seq) from build.change), 0)
) as seq
"""
RELATIONS = """
select 'view', schema_name, view_name from duckdb_views() where not internal and schema_name <> 'build'
union all
select 'table', schema_name, table_name from duckdb_tables() where schema_name <> 'build'
"""
ADD_ONLY = frozenset({"crm", "governance", "ticket", "workforce"})
"""Sources whose files are never written again: a new one adds rows, and no other rows change."""


def keep_warehouse(state: StateFolder, manifest: Mapping[str, Any], *, is_whole: bool = True) -> bool:
    """Have the warehouse ready to be brought up to date, with what raw files have come, gone or changed
    written down. False when there is none that can be kept: it is a new, empty one.

    Raises ConfigurationError for a model whose rules on touched months cannot hold, and where one that cannot
    be kept would go before a build that is not of everything (`is_whole`).
    """
    if wrong := wrong_rules(manifest):
        raise ConfigurationError(
            path=DBT_PROJECT_DIR,
            problem=f"{len(wrong)} rule(s) on touched months cannot hold: {'; '.join(wrong)}",
            remedy="Correct config.meta of the model, as dbt_project/materializations/ledger.sql says",
        )
    if state.warehouse.exists() and _is_kept(state):
        try:
            with _open(state) as warehouse:
                _note_reads(warehouse, manifest)
                _note_sources(warehouse, state, manifest)
            return True
        except duckdb.Error as error:
            if is_transient(error):
                raise
    if state.warehouse.exists() and not is_whole:
        raise ConfigurationError(
            path=state.warehouse,
            problem="it is damaged or of another release, and not everything is to be built",
            remedy="Run meritline nightly, the whole of it",
        )
    forget_warehouse(state)
    with _open(state) as warehouse:
        warehouse.execute(CREATE)
        _note_reads(warehouse, manifest)
        _note_sources(warehouse, state, manifest)
        warehouse.execute("insert into build.kept_by values ($1, $2)", [_code(), duckdb.__version__])
    return False


def begin_elsewhere(
    state: StateFolder, manifest: Mapping[str, Any], relations: Iterable[tuple[str, str, str]]
) -> None:
    """A new warehouse that shows relations (schema, name, query) which another engine has built, each as a
    change of everything. The next night of DuckDB keeps nothing of it: it names no code that would.
    """
    forget_warehouse(state)
    with _open(state) as warehouse:
        warehouse.execute(CREATE)
        _note_reads(warehouse, manifest)
        _note_sources(warehouse, state, manifest)
        for schema, name, query in relations:
            warehouse.execute(f'create schema if not exists "{schema}"')
            warehouse.execute(f'create view "{schema}"."{name}" as {query}')
            warehouse.execute(
                f"insert into build.change select ({NEWEST}) + 1, $1, '', '', '', "
                f'(select count(*) from "{schema}"."{name}")',
                [name],
            )


@contextmanager
def forgotten_if_damaged(state: StateFolder) -> Iterator[None]:
    """Forget the warehouse when the block cannot read or write it, but for a lock that passes."""
    try:
        yield
    except duckdb.Error as error:
        if not is_transient(error):
            forget_warehouse(state)
        raise


def require_whole(state: StateFolder) -> None:
    """Raise PublicationRefused unless there is a warehouse, with every model built since anything changed."""
    row: tuple[int, ...] | None = None
    try:
        if state.warehouse.exists():
            with _open(state, read_only=True) as warehouse:
                row = warehouse.execute(
                    f"select count(*) from build.whole_build where seq = (select seq from ({NEWEST}))"
                ).fetchone()
    except duckdb.CatalogException:
        pass
    if row != (1,):
        raise PublicationRefused(
            path=state.warehouse,
            problem="not every relation of the warehouse has been built since the exports or models changed",
            remedy="The last publication stays. Run meritline nightly, the whole of it",
        )


def forget_warehouse(state: StateFolder) -> None:
    """Remove the warehouse."""
    for path in warehouse_files(state):
        path.unlink(missing_ok=True)


def warehouse_files(state: StateFolder) -> tuple[Path, Path]:
    """The warehouse and, where a writer was killed, what it had not yet written into it."""
    return state.warehouse, state.warehouse.with_name(f"{state.warehouse.name}.wal")


def all_built(state: StateFolder, manifest: Mapping[str, Any]) -> None:
    """Note that every model has taken up every change; those that there are no longer go."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    with _open(state) as warehouse:
        warehouse.execute("begin")
        warehouse.execute(
            "delete from build.built where model not in (select unnest($1)) or seq < "
            "(select max(later.seq) from build.built as later where later.model = built.model)",
            [sorted(node["name"] for node in nodes)],
        )
        known = {(node["schema"], node["alias"]) for node in nodes}
        for kind, schema, name in warehouse.execute(RELATIONS).fetchall():
            if (schema, name) not in known:
                warehouse.execute(f'drop {kind} "{schema}"."{name}"')
        warehouse.execute("delete from build.whole_build")
        warehouse.execute(f"insert into build.whole_build {NEWEST}")
        warehouse.execute("commit")


@dataclass(frozen=True)
class TouchedMonth:
    """Rows of a relation (`cause`) that came, went or changed in a month or period since the last candidate:
    `undated` of rows without one, `all` of a relation that is new or tells no months.
    """

    month: str
    cause: str
    row_count: int


def touched_months(state: StateFolder, manifest: Mapping[str, Any]) -> list[TouchedMonth]:
    """What the warehouse's changes since the last candidate touch, by month and cause; of the relations that
    are told by months, each by the first of its columns.
    """
    told = sorted((name, columns[0]) for name, columns in months_told(manifest).items())
    with _open(state, read_only=True) as warehouse:
        rows = warehouse.execute(
            """
            select
                case
                    when change.column_name = '' then 'all'
                    when change.from_value = '' then 'undated'
                    else substr(change.from_value, 1, 7)
                end as month,
                change.model,
                sum(change.row_count)
            from build.change as change
            left join (select unnest($1) as model, unnest($2) as column_name) as told
                on change.model = told.model
            where
                change.seq > coalesce((select max(seq) from build.candidate), 0)
                and change.column_name in ('', told.column_name)
                and change.row_count > 0
            group by all
            order by all
            """,
            [list(column) for column in zip(*told, strict=True)],
        ).fetchall()
    return [TouchedMonth(str(month), str(cause), int(count)) for month, cause, count in rows]


@dataclass(frozen=True)
class Span:
    """Changed rows of a relation, by months of one of its columns, first and last; of '' everything may have
    changed.
    """

    column: str
    first: str
    last: str


def changes_since(state: StateFolder, content_hash: str) -> Mapping[str, Sequence[Span]] | None:
    """By relation what changed since the candidate of that content was taken from the warehouse; None when
    the last one taken was of other content.
    """
    try:
        with _open(state, read_only=True) as warehouse:
            if warehouse.execute("select content_hash from build.candidate").fetchone() != (content_hash,):
                return None
            rows = warehouse.execute(
                "select model, column_name, from_value, to_value from build.change "
                "where seq > (select seq from build.candidate)"
            ).fetchall()
    except duckdb.CatalogException:
        # A warehouse that nobody keeps.
        return None
    changes: dict[str, list[Span]] = {}
    for model, *span in rows:
        column, first, last = map(str, span)
        changes.setdefault(str(model), []).append(Span(column, first[:7], last[:7]))
    return changes


def note_candidate(state: StateFolder, content_hash: str) -> None:
    """Note the content that was taken from the warehouse as it is now; what everybody has taken up is
    forgotten.
    """
    with _open(state) as warehouse:
        warehouse.execute("begin")
        warehouse.execute("delete from build.candidate")
        warehouse.execute(f"insert into build.candidate select seq, $1 from ({NEWEST})", [content_hash])
        warehouse.execute(
            "delete from build.change where seq <= (select min(seq) from build.whole_build) "
            "and seq <= (select min(seq) from build.candidate)"
        )
        warehouse.execute("commit")


def _code() -> str:
    return tree_hash(CODE)


def _is_kept(state: StateFolder) -> bool:
    try:
        with _open(state) as warehouse:
            row = warehouse.execute("select code, engine from build.kept_by").fetchone()
    except duckdb.Error as error:
        if is_transient(error):
            raise
        # Of a release before, or no database any more: it is built anew from what raw holds.
        return False
    return row == (_code(), duckdb.__version__)


@contextmanager
def _open(state: StateFolder, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(state.warehouse), read_only=read_only) as warehouse:
        yield warehouse


def _note_reads(warehouse: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    rows = [(model, read) for model, reads in sorted(reads_of(manifest).items()) for read in sorted(reads)]
    warehouse.execute("begin")
    warehouse.execute("delete from build.reads")
    warehouse.execute(
        "insert into build.reads select unnest($1), unnest($2)",
        [list(column) for column in zip(*rows, strict=True)],
    )
    warehouse.execute("commit")


def _note_sources(
    warehouse: duckdb.DuckDBPyConnection, state: StateFolder, manifest: Mapping[str, Any]
) -> None:
    rows = [
        (f"{source['source_name']}.{source['name']}", path, stamp)
        for source in manifest["sources"].values()
        for path, stamp in _files(state.raw, Path(source["source_name"]) / source["name"])
    ]
    warehouse.execute("begin")
    warehouse.execute(
        "create temp table now_there as select unnest($1) as source, unnest($2) as path, unnest($3) as stamp",
        [list(column) for column in zip(*rows, strict=True)] or [[], [], []],
    )
    warehouse.execute(
        f"""
        insert into build.change
        with
        newest as ({NEWEST}),
        difference as (
            select
                coalesce(now_there.source, before.source) as source,
                coalesce(now_there.path, before.path) as path,
                before.path is null
                and split_part(now_there.source, '.', 1) in (select unnest($1)) as is_added
            from now_there
            full join build.source_file as before
                on now_there.source = before.source and now_there.path = before.path
            where now_there.stamp is distinct from before.stamp
        )
        select
            (select seq from newest) + 1,
            source,
            case when is_added then 'file' else '' end,
            case when is_added then path when path like $2 then 'new' else '' end,
            case when is_added then path else '~' end,
            0
        from difference
        """,
        [sorted(ADD_ONLY), f"%{SCHEMA_FILE}"],
    )
    warehouse.execute("delete from build.source_file")
    warehouse.execute("insert into build.source_file from now_there")
    warehouse.execute("drop table now_there")
    warehouse.execute("commit")


def _files(raw: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Files of a table below the raw folder, each with what tells it from another of its name."""
    for entry in (
        sorted(os.scandir(raw / folder), key=lambda one: one.name) if (raw / folder).is_dir() else ()
    ):
        if entry.name == SCHEMA_FILE:
            # Written each night, and mostly the same.
            yield str(folder / entry.name), file_hash(Path(entry.path))
        elif entry.name.endswith(".parquet"):
            info = entry.stat()
            yield str(folder / entry.name), f"{info.st_size}|{info.st_mtime_ns}"
