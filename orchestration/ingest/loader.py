"""One landed file into staged Parquet, for all the profile entries that read it."""

from __future__ import annotations

import hashlib
import queue
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.ingest import mapping as mappings
from orchestration.ingest.checks.manifest import Manifest
from orchestration.ingest.database import connect, literal, literals, names, quoted, rows, statement
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.mapping import FAULT_MARK
from orchestration.ingest.personal import masked_record, scrubbed, set_key
from orchestration.ingest.profile import Entry
from orchestration.ingest.report import LOADED, REJECTED, LoadFigures
from orchestration.ingest.sources import BadRecord, FileForm, ReadingOptions, Segment, SourceReader
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
ERROR_LIMIT = 80


@dataclass(frozen=True)
class Load:
    """A file to be read by an entry: its identity, its place in the order of loads, what it promises."""

    load_id: str
    load_seq: int
    sha256: str
    entry: Entry
    manifest: Manifest | None = None

    @property
    def table_name(self) -> str:
        """`source.table`."""
        return self.entry.table.full_name


@dataclass
class _Tally:
    """What became of a load's rows so far."""

    accepted: int = 0
    faults: int = 0
    excluded: int = 0
    parts: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    segments: int = 0

    def see(self, load: Load, resolved: mappings.Mapping) -> None:
        """Columns of a segment, or of a header alone, which still says which ones the export has."""
        self.segments += 1
        if not load.entry.spec.distinct:  # such an entry picks a few columns on purpose
            self.unknown.update(dict.fromkeys(resolved.unknown))
        self.missing.update(resolved.missing)

    def add(self, one: _Conversion) -> None:
        """A segment that has been converted."""
        self.accepted += one.accepted
        self.faults += one.faults
        self.excluded += one.excluded
        if one.accepted:
            self.parts.append(one.part)
        if one.faults + one.excluded:
            self.rejects.append(one.rejects)


_Pending = deque[tuple[Segment, list[tuple[_Tally, "Future[_Conversion]"]]]]


def load_identity(sha256: str, entry: Entry) -> str:
    """The id of a load: the same content read the same way into the same table is the same load."""
    said = f"{sha256} {entry.table.full_name} {entry.fingerprint}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


class Loader:
    """Reads files with a few DuckDB connections of one thread each, so that memory stays bounded."""

    def __init__(self, staging: Staging, key: bytes, *, workers: int = WORKERS) -> None:
        self._staging = staging
        self._key = key
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ingest")
        self._connections: queue.SimpleQueue[duckdb.DuckDBPyConnection] = queue.SimpleQueue()
        self._workers = workers

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._connections.empty():
            self._connections.get().close()

    def load(self, file: LandedFile, loads: Sequence[Load]) -> list[LoadFigures]:
        """Read a file once per group of entries that read it alike; figures in the order of `loads`.

        A file that cannot be read is rejected whole, with the reason, and stages nothing.
        """
        groups: dict[ReadingOptions, list[Load]] = {}
        for load in loads:
            spec = load.entry.spec
            options = ReadingOptions(spec.encoding, spec.delimiter, spec.quote, spec.header_row, spec.sheet)
            groups.setdefault(options, []).append(load)
        figures: dict[int, LoadFigures] = {}
        for options, group in groups.items():
            expected = frozenset().union(*(mappings.expected_names(load.entry) for load in group))
            reader = SourceReader(file, options, expected, self._staging.scratch)
            try:
                figures |= {result.load_seq: result for result in self._read(file, reader, group)}
            finally:
                reader.close()
        return [figures[load.load_seq] for load in loads]

    def _read(self, file: LandedFile, reader: SourceReader, group: Sequence[Load]) -> Iterator[LoadFigures]:
        form = FileForm(file.file_format)
        refusals: dict[str, str] = {}
        tallies = {load.load_id: _Tally() for load in group}
        try:
            if file.refusal:
                raise UnreadableFile(file.refusal)
            form = reader.form()
            for load in group:
                try:
                    if form.columns:
                        mappings.Mapping(load.entry, form.columns, file_format=form.file_format)
                except UnreadableFile as error:
                    refusals[load.load_id] = str(error)
            alive = [load for load in group if load.load_id not in refusals]
            if alive:
                self._convert(file, reader.segments(form), form, alive, tallies)
            for load in alive:
                if broken := _broken_promise(load, tallies[load.load_id]):
                    refusals[load.load_id] = broken
        except UnreadableFile as error:
            refusals = {load.load_id: str(error) for load in group} | refusals
        for load in group:
            tally = tallies[load.load_id]
            if reason := refusals.get(load.load_id, ""):
                tally = _Tally()
                self._staging.discard(load.entry.table, load.load_id)
                self._reject_whole(file, load, reason)
            else:
                self._finish(form, load, tally)
            yield _figures(file, form, load, tally, reason)

    def _convert(
        self,
        file: LandedFile,
        segments: Iterator[Segment],
        form: FileForm,
        loads: Sequence[Load],
        tallies: Mapping[str, _Tally],
    ) -> None:
        """Convert segments as they come, at most a few at a time."""
        pending: _Pending = deque()
        try:
            for segment in segments:
                tasks = []
                for load, resolved in zip(loads, _resolved(loads, segment, form), strict=True):
                    tally = tallies[load.load_id]
                    tally.see(load, resolved)
                    part = self._staging.part(load.entry.table, load.load_id, tally.segments)
                    rejects = self._staging.scratch / f"rejects-{load.load_id}-{tally.segments}.parquet"
                    work = _Conversion(file, form, segment, load, resolved, part, rejects)
                    tasks.append((tally, self._pool.submit(self._convert_segment, work)))
                pending.append((segment, tasks))
                while len(pending) >= self._workers:
                    _settle(pending)
            while pending:
                _settle(pending)
        finally:
            for segment, tasks in pending:
                for _, task in tasks:
                    task.cancel()
                    if not task.cancelled():
                        task.exception()
                _remove(segment.path)

    def _convert_segment(self, work: _Conversion) -> _Conversion:
        ordinals = work.segment.ordinals
        with self._connection() as connection:
            connection.execute(f"SET TimeZone = {literal(work.load.entry.timezone)}")
            if ordinals is not None:
                connection.register("__ordinals", {"row": ordinals})
            try:
                work.run(connection)
            finally:
                if ordinals is not None:
                    connection.unregister("__ordinals")
        return work

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One that no other worker has; made when first needed. It installs and loads no extension and spills
        into the scratch folder.
        """
        try:
            connection = self._connections.get_nowait()
        except queue.Empty:
            connection = connect(
                threads=1,
                memory_limit=MEMORY_LIMIT,
                temp_directory=str(self._staging.scratch / "spill"),
                autoinstall_known_extensions="false",
                autoload_known_extensions="false",
            )
            set_key(connection, self._key)
        try:
            yield connection
        finally:
            self._connections.put(connection)

    def _finish(self, form: FileForm, load: Load, tally: _Tally) -> None:
        """Join the rejects of all segments; keep the first row of each distinct result, where that is asked
        for: the others count as superseded.
        """
        with self._connection() as connection:
            if tally.rejects:
                target = self._staging.rejects(load.load_id)
                _join(connection, tally.rejects, target, order="row_number")
            if load.entry.spec.distinct and tally.parts:
                columns = names(column.name for column in load.entry.table.export_columns)
                one = f"QUALIFY row_number() OVER (PARTITION BY {columns} ORDER BY _row_number) = 1"
                joined = self._staging.scratch / f"distinct-{load.load_id}.parquet"
                _join(connection, tally.parts, joined, where=one, order="_row_number")
                joined.replace(self._staging.part(load.entry.table, load.load_id, 1))
        if not tally.segments and form.columns:
            tally.see(load, mappings.Mapping(load.entry, form.columns, file_format=form.file_format))

    def _reject_whole(self, file: LandedFile, load: Load, reason: str) -> None:
        """One rejected row without a number stands for the file."""
        target = self._staging.rejects(load.load_id)
        with self._connection() as connection:
            connection.execute(statement("rejects"))
            connection.execute(
                "INSERT INTO __rejects VALUES ($1, $2, NULL, $3, NULL, 'fault', $4, NULL)",
                [load.load_id, file.name, load.table_name, reason],
            )
            connection.execute(f"COPY __rejects TO {literal(target)} ({PARQUET})")


@dataclass
class _Conversion:
    """One segment for one entry: accepted rows go to `part`, the others to `rejects`."""

    file: LandedFile
    form: FileForm
    segment: Segment
    load: Load
    resolved: mappings.Mapping
    part: Path
    rejects: Path
    accepted: int = 0
    faults: int = 0
    excluded: int = 0

    def run(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Convert; counts what became of the rows."""
        connection.execute(statement("rejects"))
        if self.segment.row_count and not self._fast(connection):
            self._row_by_row(connection)
        read = self.accepted + self.faults + self.excluded
        if read != self.segment.row_count:
            raise UnreadableFile(
                f"{self.segment.row_count} rows were framed, but {read} were read; "
                "nothing of the file was loaded"
            )
        self._reject_unframed(connection)
        if self.faults + self.excluded:
            connection.execute(f"COPY __rejects TO {literal(self.rejects)} ({PARQUET})")
        if not self.accepted:
            self.part.unlink(missing_ok=True)

    def _fast(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Convert straight to Parquet; false when a row does not fit and a closer look is needed."""
        if self.resolved.condition is not None:
            return False
        stop = f"error({literal(FAULT_MARK)})"
        check = f"CASE WHEN {self.resolved.is_fault_sql(is_quick=True)} THEN {stop} ELSE md5(__raw) END"
        converted = self.resolved.rows(self.segment.sql, is_quick=True)
        try:
            self._copy(connection, f"SELECT {self._output(check)} FROM ({converted}) AS converted")
        except _ROW_ERRORS:
            return False
        return True

    def _row_by_row(self, connection: duckdb.DuckDBPyConnection) -> None:
        # An expression that two columns share would be computed beside TRY, and fail there for all rows.
        connection.execute("SET disabled_optimizers = 'common_subexpressions'")
        try:
            self._judge(connection)
        except _ROW_ERRORS as error:
            message = scrubbed(" ".join(str(error).split()))[:ERROR_LIMIT]
            raise UnreadableFile(
                f"an expression of the profile failed, and DuckDB cannot say on which rows ({message}); "
                "write it so that an odd value gives NULL"
            ) from error
        finally:
            connection.execute("RESET disabled_optimizers")

    def _judge(self, connection: duckdb.DuckDBPyConnection) -> None:
        judged = statement(
            "judged",
            rows=self.resolved.rows(self.segment.sql),
            is_fault=self.resolved.is_fault_sql(),
            reason=self.resolved.reason_sql(),
            fault_column=self.resolved.fault_column_sql(),
            raw_text=self.resolved.raw_text_sql(),
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE __converted AS {judged}")
        self._copy(connection, f"SELECT {self._output('md5(__raw)')} FROM __converted WHERE __kind IS NULL")
        connection.execute(
            "INSERT INTO __rejects SELECT $1, $2, __row, $3, __column, __kind, __reason, __text "
            "FROM __converted WHERE __kind IS NOT NULL",
            [self.load.load_id, self.file.name, self.load.table_name],
        )
        ((self.faults, self.excluded),) = connection.execute(
            "SELECT count(*) FILTER (kind = 'fault'), count(*) FILTER (kind = 'excluded') FROM __rejects"
        ).fetchall()
        connection.execute("DROP TABLE __converted")

    def _reject_unframed(self, connection: duckdb.DuckDBPyConnection) -> None:
        bad = self.segment.bad
        if not bad:
            return
        self.faults += len(bad)
        connection.execute(
            "INSERT INTO __rejects SELECT $1, $2, unnest($4::BIGINT[]), $3, NULL, 'fault', "
            "unnest($5::VARCHAR[]), unnest($6::VARCHAR[])",
            [
                self.load.load_id,
                self.file.name,
                self.load.table_name,
                [record.row_number for record in bad],
                [record.reason for record in bad],
                [self._masked(record)[: mappings.RAW_TEXT_LIMIT] for record in bad],
            ],
        )

    def _masked(self, record: BadRecord) -> str:
        return masked_record(
            record.text,
            delimiter=self.form.delimiter or ",",
            columns=len(self.segment.columns),
            personal=self.resolved.personal if self.form.columns else (0,),
            is_broken=record.is_broken,
        )

    def _output(self, row_hash: str) -> str:
        return (
            f"{self.resolved.columns_sql()}, {literal(self.file.name)} AS _file, "
            f"__row::BIGINT AS _row_number, {row_hash} AS _row_hash, "
            f"{literal(self.load.load_id)} AS _load_id, {self.load.load_seq}::BIGINT AS _load_seq, "
            f"{self.resolved.extra_sql()} AS _extra"
        )

    def _copy(self, connection: duckdb.DuckDBPyConnection, select: str) -> None:
        copied = connection.execute(f"COPY ({select}) TO {literal(self.part)} ({PARQUET})").fetchall()
        self.accepted = int(copied[0][0])


def _broken_promise(load: Load, tally: _Tally) -> str:
    """Why a load breaks its manifest, or ''. Totals can be told only when no row is missing."""
    if load.manifest is None:
        return ""
    count = tally.accepted + tally.faults + tally.excluded
    totals: dict[str, Decimal] = {}
    if count == tally.accepted and tally.parts and not load.entry.spec.distinct:
        for column in load.entry.table.export_columns:
            if column.name in load.manifest.totals and column.data_type in ("decimal(18,6)", "bigint"):
                source = f"read_parquet([{literals(tally.parts)}])"
                total = rows(f"SELECT coalesce(sum({quoted(column.name)}), 0) FROM {source}")[0][0]
                totals[column.name] = Decimal(total)
    return load.manifest.broken_by(count, totals)


def _join(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], target: Path, *, order: str, where: str = ""
) -> None:
    """Several Parquet files as one, in their place."""
    connection.execute(
        f"COPY (FROM read_parquet([{literals(paths)}]) {where} ORDER BY {order}) "
        f"TO {literal(target)} ({PARQUET})"
    )
    for path in paths:
        path.unlink()


def _resolved(loads: Sequence[Load], segment: Segment, form: FileForm) -> list[mappings.Mapping]:
    """Each load's mapping; a column that one of them uses is unknown to none."""
    found = [mappings.Mapping(load.entry, segment.columns, file_format=form.file_format) for load in loads]
    claimed = frozenset[str]().union(*(one.used for one in found))
    for one in found:
        one.claimed = claimed
    return found


def _settle(pending: _Pending) -> None:
    segment, tasks = pending[0]
    for tally, task in tasks:
        tally.add(task.result())
    pending.popleft()
    _remove(segment.path)


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _figures(file: LandedFile, form: FileForm, load: Load, tally: _Tally, reason: str) -> LoadFigures:
    """`reason` is why the file was rejected whole; '' when it was not."""
    return LoadFigures(
        load_id=load.load_id,
        load_seq=load.load_seq,
        file=file.name,
        sha256=load.sha256,
        byte_count=file.byte_count,
        table_name=load.table_name,
        profile=load.entry.profile,
        entry_no=load.entry.entry_no,
        file_format=form.file_format,
        encoding=form.encoding,
        delimiter=form.delimiter,
        header_row_number=form.header_row,
        row_count=tally.accepted + tally.faults + tally.excluded,
        accepted_row_count=tally.accepted,
        rejected_row_count=tally.faults + tally.excluded,
        status=REJECTED if reason else LOADED,
        reason=reason,
        unknown_columns=tuple(tally.unknown),
        missing_columns=tuple(name for name, times in tally.missing.items() if times == tally.segments),
        excluded_row_count=tally.excluded,
    )
