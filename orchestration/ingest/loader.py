"""One landed file into staged Parquet, for all the profile entries that read it."""

from __future__ import annotations

import hashlib
import queue
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import duckdb

from orchestration.ingest import mapping as mappings
from orchestration.ingest.checks.manifest import Manifest
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.mapping import FAULT_MARK
from orchestration.ingest.personal import masked_record, scrubbed, set_key
from orchestration.ingest.profile import Entry
from orchestration.ingest.report import LOADED, REJECTED, LoadFigures
from orchestration.ingest.sources import (
    BadRecord,
    FileForm,
    ReadingOptions,
    Segment,
    SourceReader,
    literal,
    quoted,
)
from orchestration.ingest.store import PARQUET, Staging

_ROW_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.NotSupportedError,
)
"""What DuckDB says of a value that does not fit."""

WORKERS = 2
MEMORY_LIMIT = "700MB"


@dataclass(frozen=True)
class Load:
    """A file to be read by an entry: its identity, its place in the order of loads, what it promises."""

    load_id: str
    load_seq: int
    sha256: str
    entry: Entry
    manifest: Manifest | None = None


@dataclass
class _Tally:
    """What became of a load's rows so far."""

    accepted: int = 0
    faults: int = 0
    excluded: int = 0
    parts: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    segments: int = 0


@dataclass(frozen=True)
class _Counts:
    accepted: int
    faults: int
    excluded: int
    part: Path
    rejects: Path


def load_identity(sha256: str, entry: Entry) -> str:
    """The id of a load: the same content read the same way into the same table is the same load."""
    said = f"{sha256} {entry.table.full_name} {entry.fingerprint}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


class Loader:
    """Reads files with a few DuckDB connections of one thread each, so that memory stays bounded."""

    def __init__(self, staging: Staging, key: bytes, *, workers: int = WORKERS) -> None:
        self._staging = staging
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ingest")
        self._connections: queue.SimpleQueue[duckdb.DuckDBPyConnection] = queue.SimpleQueue()
        self._workers = workers
        for _ in range(workers):
            self._connections.put(_connect(staging.scratch, key))

    def __enter__(self) -> Loader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._connections.empty():
            self._connections.get().close()

    def load(self, file: LandedFile, loads: Sequence[Load]) -> list[LoadFigures]:
        """Read a file once per group of entries that read it alike; figures in the order of `loads`.

        A file that cannot be read is rejected whole, with the reason, and stages nothing.
        """
        groups: dict[ReadingOptions, list[Load]] = {}
        for load in loads:
            groups.setdefault(_options(load.entry), []).append(load)
        figures: dict[int, LoadFigures] = {}
        for options, group in groups.items():
            expected = frozenset().union(*(mappings.expected_names(load.entry) for load in group))
            reader = SourceReader(file, options, expected, self._staging.scratch)
            try:
                for load, result in zip(group, self._read(file, reader, group), strict=True):
                    figures[load.load_seq] = result
            finally:
                reader.close()
        return [figures[load.load_seq] for load in loads]

    def _read(self, file: LandedFile, reader: SourceReader, group: Sequence[Load]) -> list[LoadFigures]:
        form = FileForm(file.file_format)
        refusals: dict[str, str] = {}
        tallies = {load.load_id: _Tally() for load in group}
        try:
            if file.refusal:
                raise UnreadableFile(file.refusal)
            form = reader.form()
            alive = []
            for load in group:
                try:
                    if form.columns:
                        mappings.resolve(load.entry, form.columns, file_format=form.file_format)
                    alive.append(load)
                except UnreadableFile as error:
                    refusals[load.load_id] = str(error)
            if alive:
                self._convert(file, reader.segments(form), form, alive, tallies)
            for load in alive:
                if broken := self._kept_promise(load, tallies[load.load_id]):
                    refusals[load.load_id] = broken
        except UnreadableFile as error:
            refusals |= {load.load_id: refusals.get(load.load_id, str(error)) for load in group}
        results = []
        for load in group:
            if load.load_id in refusals:
                self._discard(load)
                results.append(self._refused(file, form, load, refusals[load.load_id]))
            else:
                results.append(self._finished(file, form, load, tallies[load.load_id]))
        return results

    def _kept_promise(self, load: Load, tally: _Tally) -> str:
        """Why a load breaks its manifest, or ''. Totals can be told only when no row is missing."""
        if load.manifest is None:
            return ""
        rows = tally.accepted + tally.faults + tally.excluded
        totals: dict[str, Decimal] = {}
        if rows == tally.accepted and tally.parts and not load.entry.spec.distinct:
            numbers = {
                c.name for c in load.entry.table.export_columns if c.data_type in ("decimal(18,6)", "bigint")
            }
            for name in sorted(numbers & set(load.manifest.totals)):
                source = f"read_parquet({_path_list(tally.parts)})"
                with self._connection() as connection:
                    found = connection.execute(
                        f"SELECT coalesce(sum({quoted(name)}), 0) FROM {source}"
                    ).fetchone()
                totals[name] = Decimal(found[0]) if found else Decimal(0)
        try:
            load.manifest.check_figures(rows, totals)
        except UnreadableFile as error:
            return str(error)
        return ""

    def _convert(
        self,
        file: LandedFile,
        segments: Iterator[Segment],
        form: FileForm,
        loads: Sequence[Load],
        tallies: Mapping[str, _Tally],
    ) -> None:
        """Convert segments as they come, at most a few at a time."""
        pending: deque[tuple[Segment, list[tuple[Load, Future[_Counts]]]]] = deque()
        try:
            for segment in segments:
                tasks = []
                for load, resolved in _resolved(loads, segment, form):
                    tally = tallies[load.load_id]
                    tally.segments += 1
                    if not load.entry.spec.distinct:  # such an entry picks a few columns on purpose
                        tally.unknown.update(dict.fromkeys(resolved.unknown))
                    for name in resolved.missing:
                        tally.missing[name] = tally.missing.get(name, 0) + 1
                    work = _Work(file, form, segment, load, resolved, tally.segments)
                    tasks.append((load, self._pool.submit(self._convert_segment, work)))
                pending.append((segment, tasks))
                while len(pending) >= self._workers:
                    _settle(pending, tallies)
            while pending:
                _settle(pending, tallies)
        finally:
            for segment, tasks in pending:
                for _, task in tasks:
                    task.cancel()
                    if not task.cancelled():
                        task.exception()
                _remove(segment.path)

    def _convert_segment(self, work: _Work) -> _Counts:
        load, ordinals = work.load, work.segment.ordinals
        part = self._staging.part(load.entry.table, load.load_id, work.number)
        rejects = self._staging.scratch / f"rejects-{load.load_id}-{work.number}.parquet"
        with self._connection() as connection:
            connection.execute(f"SET TimeZone = {literal(load.entry.timezone)}")
            if ordinals is not None:
                connection.register("__ordinals", {"row": ordinals})
            try:
                return _Conversion(connection, work, part, rejects).run()
            finally:
                if ordinals is not None:
                    connection.unregister("__ordinals")

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connections.get()
        try:
            yield connection
        finally:
            self._connections.put(connection)

    def _finished(self, file: LandedFile, form: FileForm, load: Load, tally: _Tally) -> LoadFigures:
        self._join_rejects(load, tally)
        if load.entry.spec.distinct and tally.parts:
            self._keep_distinct(load, tally)
        if not tally.segments and form.columns:
            # A header alone still says which columns the export has.
            resolved = mappings.resolve(load.entry, form.columns, file_format=form.file_format)
            tally.missing = dict.fromkeys(resolved.missing, 0)
            if not load.entry.spec.distinct:
                tally.unknown = dict.fromkeys(resolved.unknown)
        missing = tuple(name for name, times in tally.missing.items() if times == tally.segments)
        rejected = tally.faults + tally.excluded
        return _figures(
            file,
            form,
            load,
            status=LOADED,
            reason="",
            accepted=tally.accepted,
            rejected=rejected,
            excluded=tally.excluded,
            unknown=tuple(tally.unknown),
            missing=missing,
        )

    def _join_rejects(self, load: Load, tally: _Tally) -> None:
        if not tally.rejects:
            return
        target = self._staging.rejects(load.load_id)
        with self._connection() as connection:
            connection.execute(
                f"COPY (FROM read_parquet({_path_list(tally.rejects)}) ORDER BY row_number) "
                f"TO {literal(str(target))} ({PARQUET})"
            )
        for path in tally.rejects:
            path.unlink()

    def _keep_distinct(self, load: Load, tally: _Tally) -> None:
        """Keep the first row of each distinct result; the others count as superseded."""
        names = ", ".join(f'"{column.name}"' for column in load.entry.table.export_columns)
        joined = self._staging.scratch / f"distinct-{load.load_id}.parquet"
        with self._connection() as connection:
            connection.execute(
                f"COPY (FROM read_parquet({_path_list(tally.parts)}) "
                f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY _row_number) = 1 "
                f"ORDER BY _row_number) TO {literal(str(joined))} ({PARQUET})"
            )
        for path in tally.parts:
            path.unlink()
        joined.replace(self._staging.part(load.entry.table, load.load_id, 1))

    def _refused(self, file: LandedFile, form: FileForm, load: Load, reason: str) -> LoadFigures:
        """A file rejected whole: one rejected row without a number."""
        target = self._staging.rejects(load.load_id)
        with self._connection() as connection:
            _create_rejects(connection)
            connection.execute(
                "INSERT INTO __rejects VALUES ($1, $2, NULL, $3, NULL, 'fault', $4, NULL)",
                [load.load_id, file.name, load.entry.table.full_name, reason],
            )
            connection.execute(f"COPY __rejects TO {literal(str(target))} ({PARQUET})")
        return _figures(file, form, load, status=REJECTED, reason=reason)

    def _discard(self, load: Load) -> None:
        self._staging.discard(load.entry.table, load.load_id)


@dataclass(frozen=True)
class _Work:
    """One segment for one entry."""

    file: LandedFile
    form: FileForm
    segment: Segment
    load: Load
    resolved: mappings.Mapping
    number: int


@dataclass(frozen=True)
class _Conversion:
    """A piece of work on a connection: accepted rows to a part, the others to rejected rows."""

    connection: duckdb.DuckDBPyConnection
    work: _Work
    part: Path
    rejects: Path

    def run(self) -> _Counts:
        accepted, excluded = self._fast(), 0
        faults = 0
        _create_rejects(self.connection)
        if accepted is None:
            accepted, faults, excluded = self._row_by_row()
        if accepted + faults + excluded != self.work.segment.row_count:
            raise UnreadableFile(
                f"{self.work.segment.row_count} rows were framed, but {accepted + faults + excluded} "
                "were read; nothing of the file was loaded"
            )
        self._reject_unframed()
        if faults + excluded + len(self.work.segment.bad):
            self.connection.execute(f"COPY __rejects TO {literal(str(self.rejects))} ({PARQUET})")
        if not accepted:
            self.part.unlink(missing_ok=True)
        return _Counts(accepted, faults + len(self.work.segment.bad), excluded, self.part, self.rejects)

    def _fast(self) -> int | None:
        """Convert straight to Parquet; None when a row does not fit and a closer look is needed."""
        if self.work.resolved.condition is not None or not self.work.segment.row_count:
            return None if self.work.segment.row_count else 0
        stop = f"error({literal(FAULT_MARK)})"
        check = f"CASE WHEN {self.work.resolved.is_fault_sql(is_quick=True)} THEN {stop} ELSE md5(__raw) END"
        rows = self.work.resolved.rows(self.work.segment.sql, is_quick=True)
        try:
            return self._copy(f"SELECT {self._output(check)} FROM ({rows}) AS converted")
        except _ROW_ERRORS:
            return None

    def _row_by_row(self) -> tuple[int, int, int]:
        # An expression that two columns share would be computed beside TRY, and fail there for all rows.
        self.connection.execute("SET disabled_optimizers = 'common_subexpressions'")
        try:
            return self._judged()
        except _ROW_ERRORS as error:
            message = scrubbed(" ".join(str(error).split()))[: mappings.VALUE_LIMIT]
            raise UnreadableFile(
                f"an expression of the profile failed, and DuckDB cannot say on which rows ({message}); "
                "write it so that an odd value gives NULL"
            ) from error
        finally:
            self.connection.execute("RESET disabled_optimizers")

    def _judged(self) -> tuple[int, int, int]:
        rows = self.work.resolved.rows(self.work.segment.sql)
        fault = f"coalesce({self.work.resolved.is_fault_sql()}, false)"
        kind = f"CASE WHEN NOT __keep AND NOT __fw THEN 'excluded' WHEN {fault} THEN 'fault' END"
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE __converted AS "
            f"SELECT *, __reason: CASE __kind WHEN 'fault' THEN {self.work.resolved.reason_sql()} "
            "WHEN 'excluded' THEN 'left out by the profile''s where' END, "
            f"__column: CASE __kind WHEN 'fault' THEN {self.work.resolved.fault_column_sql()} END, "
            f"__text: CASE __kind WHEN 'fault' THEN {self.work.resolved.raw_text_sql()} END "
            f"FROM (SELECT *, __kind: {kind} FROM ({rows}) AS converted) AS judged"
        )
        accepted = self._copy(f"SELECT {self._output('md5(__raw)')} FROM __converted WHERE __kind IS NULL")
        self.connection.execute(
            "INSERT INTO __rejects SELECT $1, $2, __row, $3, __column, __kind, __reason, __text "
            "FROM __converted WHERE __kind IS NOT NULL",
            [self.work.load.load_id, self.work.file.name, self.work.load.entry.table.full_name],
        )
        counted = self.connection.execute(
            "SELECT count(*) FILTER (kind = 'fault'), count(*) FILTER (kind = 'excluded') FROM __rejects"
        ).fetchone()
        self.connection.execute("DROP TABLE __converted")
        assert counted is not None
        return accepted, int(counted[0]), int(counted[1])

    def _reject_unframed(self) -> None:
        bad = self.work.segment.bad
        if not bad:
            return
        self.connection.execute(
            "INSERT INTO __rejects SELECT $1, $2, unnest($4::BIGINT[]), $3, NULL, 'fault', "
            "unnest($5::VARCHAR[]), unnest($6::VARCHAR[])",
            [
                self.work.load.load_id,
                self.work.file.name,
                self.work.load.entry.table.full_name,
                [record.row_number for record in bad],
                [record.reason for record in bad],
                [self._masked(record)[: mappings.RAW_TEXT_LIMIT] for record in bad],
            ],
        )

    def _masked(self, record: BadRecord) -> str:
        return masked_record(
            record.text,
            delimiter=self.work.form.delimiter or ",",
            columns=len(self.work.segment.columns),
            personal=self.work.resolved.personal if self.work.form.columns else (0,),
            is_broken=record.is_broken,
        )

    def _output(self, row_hash: str) -> str:
        load = self.work.load
        return (
            f"{self.work.resolved.columns_sql()}, {literal(self.work.file.name)} AS _file, "
            f"__row::BIGINT AS _row_number, {row_hash} AS _row_hash, {literal(load.load_id)} AS _load_id, "
            f"{load.load_seq}::BIGINT AS _load_seq, {self.work.resolved.extra} AS _extra"
        )

    def _copy(self, select: str) -> int:
        copied = self.connection.execute(
            f"COPY ({select}) TO {literal(str(self.part))} ({PARQUET})"
        ).fetchone()
        assert copied is not None
        return int(copied[0])


def _connect(scratch: Path, key: bytes) -> duckdb.DuckDBPyConnection:
    """A connection that installs and loads no extension and spills into the scratch folder."""
    connection = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    set_key(connection, key)
    return connection


def _create_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE __rejects (load_id VARCHAR, file VARCHAR, row_number BIGINT, "
        "table_name VARCHAR, column_name VARCHAR, kind VARCHAR, reason VARCHAR, raw_text VARCHAR)"
    )


def _resolved(
    loads: Sequence[Load], segment: Segment, form: FileForm
) -> Iterator[tuple[Load, mappings.Mapping]]:
    """Each load's mapping; a column that one of them uses is unknown to none."""
    columns, file_format = segment.columns, form.file_format
    used = [mappings.resolve(load.entry, columns, file_format=file_format).used for load in loads]
    claimed = frozenset().union(*used)
    for load in loads:
        yield load, mappings.resolve(load.entry, columns, file_format=file_format, claimed=claimed)


def _settle(
    pending: deque[tuple[Segment, list[tuple[Load, Future[_Counts]]]]], tallies: Mapping[str, _Tally]
) -> None:
    segment, tasks = pending[0]
    for load, task in tasks:
        counts = task.result()
        tally = tallies[load.load_id]
        tally.accepted += counts.accepted
        tally.faults += counts.faults
        tally.excluded += counts.excluded
        if counts.accepted:
            tally.parts.append(counts.part)
        if counts.faults + counts.excluded:
            tally.rejects.append(counts.rejects)
    pending.popleft()
    _remove(segment.path)


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _options(entry: Entry) -> ReadingOptions:
    spec = entry.spec
    return ReadingOptions(spec.encoding, spec.delimiter, spec.quote, spec.header_row, spec.sheet)


def _path_list(paths: Sequence[Path]) -> str:
    return f"[{', '.join(literal(str(path)) for path in paths)}]"


def _figures(
    file: LandedFile,
    form: FileForm,
    load: Load,
    *,
    status: str,
    reason: str,
    accepted: int = 0,
    rejected: int = 0,
    excluded: int = 0,
    unknown: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
) -> LoadFigures:
    return LoadFigures(
        load_id=load.load_id,
        load_seq=load.load_seq,
        file=file.name,
        sha256=load.sha256,
        byte_count=file.byte_count,
        table_name=load.entry.table.full_name,
        profile=load.entry.profile,
        entry_no=load.entry.entry_no,
        file_format=form.file_format,
        encoding=form.encoding,
        delimiter=form.delimiter,
        header_row_number=form.header_row,
        row_count=accepted + rejected,
        accepted_row_count=accepted,
        rejected_row_count=rejected,
        status=status,
        reason=reason,
        unknown_columns=unknown,
        missing_columns=missing,
        excluded_row_count=excluded,
    )
