"""One landed file into staged Parquet, for all the profile entries that read it."""

from __future__ import annotations

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
from orchestration.ingest.database import connect, literal, literals, quoted, rows, statement
from orchestration.ingest.finish import check_finished, finished_sql
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.load import Load
from orchestration.ingest.lookup import LookupTable
from orchestration.ingest.personal import set_key
from orchestration.ingest.profile import Entry
from orchestration.ingest.report import LOADED, REJECTED, LoadFigures
from orchestration.ingest.segment import Conversion
from orchestration.ingest.shape import Shape
from orchestration.ingest.sources import FileForm, ReadingOptions, Segment, SourceReader
from orchestration.ingest.store import PARQUET, Staging

WORKERS = 2
MEMORY_LIMIT = "700MB"


@dataclass
class _Tally:
    """What became of a load's rows so far."""

    accepted: int = 0
    faults: int = 0
    excluded: int = 0
    unfound: int = 0
    framed: int = 0
    parts: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    segments: int = 0

    @property
    def count(self) -> int:
        """Rows that the load is made of."""
        return self.accepted + self.faults + self.excluded

    def see(self, load: Load, resolved: mappings.Mapping) -> None:
        """Columns of a segment, or of a header alone, which still says which ones the export has."""
        self.segments += 1
        if not load.entry.spec.distinct:  # such an entry picks a few columns on purpose
            self.unknown.update(dict.fromkeys(resolved.unknown))
        self.missing.update(resolved.missing)

    def add(self, one: Conversion) -> None:
        """A segment that has been converted."""
        self.accepted += one.accepted
        self.faults += one.faults
        self.excluded += one.excluded
        self.unfound += one.unfound
        if one.accepted:
            self.parts.append(one.part)
        if one.faults + one.excluded:
            self.rejects.append(one.rejects)


_Pending = deque[tuple[Segment, list[tuple[_Tally, "Future[Conversion]"]]]]


class Loader:
    """Reads files with a few DuckDB connections of one thread each, so that memory stays bounded."""

    def __init__(self, staging: Staging, key: bytes, *, workers: int = WORKERS) -> None:
        self._staging = staging
        self._key = key
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ingest")
        self._connections: queue.SimpleQueue[duckdb.DuckDBPyConnection] = queue.SimpleQueue()
        self._workers = workers
        self._lookups: dict[str, LookupTable] = {}

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
            groups.setdefault(_options(file, load.entry), []).append(load)
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
        shapes: dict[str, Shape] = {}
        try:
            if file.refusal:
                raise UnreadableFile(file.refusal)
            form = reader.form()
            for load in group:
                try:
                    if load.refusal:
                        raise UnreadableFile(load.refusal)
                    shape = Shape(load.entry, self._looked_up(load), file.sheet or "")
                    if form.columns:
                        _mapping(load, shape, form.columns, form, file)
                    shapes[load.load_id] = shape
                except UnreadableFile as error:
                    refusals[load.load_id] = str(error)
            alive = [load for load in group if load.load_id not in refusals]
            if alive:
                self._convert(file, reader.segments(form), form, alive, shapes, tallies)
            for load in alive:
                if broken := _broken_promise(load, tallies[load.load_id]):
                    refusals[load.load_id] = broken
        except UnreadableFile as error:
            refusals = {load.load_id: str(error) for load in group} | refusals
        for load in group:
            tally = tallies[load.load_id]
            if load.load_id not in refusals:
                try:
                    self._finish(file, form, load, shapes[load.load_id], tally)
                except UnreadableFile as error:
                    refusals[load.load_id] = str(error)
            if reason := refusals.get(load.load_id, ""):
                tally = _Tally()
                self._staging.discard(load.entry.table, load.load_id)
                self._reject_whole(file, load, reason)
            remarks = _remarks(file, load, shapes.get(load.load_id), tally)
            yield _figures(file, form, load, tally, reason, remarks)

    def _looked_up(self, load: Load) -> LookupTable | None:
        """The columns that a load looks up; several loads may read the same ones."""
        if load.lookup is None:
            return None
        key = load.lookup.key
        if key not in self._lookups:
            self._lookups[key] = load.lookup.table(self._staging.scratch)
        return self._lookups[key]

    def _convert(
        self,
        file: LandedFile,
        segments: Iterator[Segment],
        form: FileForm,
        loads: Sequence[Load],
        shapes: Mapping[str, Shape],
        tallies: Mapping[str, _Tally],
    ) -> None:
        """Convert segments as they come, at most a few at a time."""
        pending: _Pending = deque()
        try:
            for segment in segments:
                tasks = []
                for load, resolved in zip(loads, _resolved(loads, shapes, segment, form, file), strict=True):
                    tally = tallies[load.load_id]
                    tally.see(load, resolved)
                    tally.framed += segment.row_count + len(segment.bad)
                    part = self._staging.part(load.entry.table, load.load_id, tally.segments)
                    rejects = self._staging.scratch / f"rejects-{load.load_id}-{tally.segments}.parquet"
                    shaped = shapes[load.load_id].segment(segment)
                    work = Conversion(file, form, shaped, load, resolved, part, rejects)
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

    def _convert_segment(self, work: Conversion) -> Conversion:
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

    def _finish(self, file: LandedFile, form: FileForm, load: Load, shape: Shape, tally: _Tally) -> None:
        """Join the rejects of all segments; keep one of several rows where that is asked for: the others
        count as superseded. Raises UnreadableFile where it cannot be told which one.
        """
        with self._connection() as connection:
            if tally.rejects:
                target = self._staging.rejects(load.load_id)
                _join(connection, tally.rejects, target, select=_in_order(tally.rejects, "row_number"))
            if tally.parts and (select := finished_sql(load.entry, tally.parts)):
                joined = self._staging.scratch / f"finished-{load.load_id}.parquet"
                check_finished(connection, load.entry, tally.parts)
                _join(connection, tally.parts, joined, select=select)
                joined.replace(self._staging.part(load.entry.table, load.load_id, 1))
            elif tally.parts and load.entry.spec.unpivot is not None:
                check_finished(connection, load.entry, tally.parts)
        if not tally.segments and form.columns:
            tally.see(load, _mapping(load, shape, form.columns, form, file))

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


def _broken_promise(load: Load, tally: _Tally) -> str:
    """Why a load breaks its manifest, or ''. Totals can be told only when no row is missing."""
    if load.manifest is None:
        return ""
    totals: dict[str, Decimal] = {}
    if tally.count == tally.accepted and tally.parts and not load.entry.spec.distinct:
        for column in load.entry.table.export_columns:
            if column.name in load.manifest.totals and column.data_type in ("decimal(18,6)", "bigint"):
                source = f"read_parquet([{literals(tally.parts)}])"
                total = rows(f"SELECT coalesce(sum({quoted(column.name)}), 0) FROM {source}")[0][0]
                totals[column.name] = Decimal(total)
    return load.manifest.broken_by(tally.framed, totals)


def _in_order(paths: Sequence[Path], order: str) -> str:
    return f"FROM read_parquet([{literals(paths)}]) ORDER BY {order}"


def _join(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], target: Path, *, select: str) -> None:
    """A query over several Parquet files as one, in their place."""
    connection.execute(f"COPY ({select}) TO {literal(target)} ({PARQUET})")
    for path in paths:
        path.unlink()


def _options(file: LandedFile, entry: Entry) -> ReadingOptions:
    spec = entry.spec
    return ReadingOptions(
        spec.encoding,
        spec.delimiter,
        spec.quote,
        spec.header_row,
        file.sheet or spec.sheet,
        numbers=frozenset(
            rule.from_[0].strip().casefold()
            for rule in spec.columns.values()
            if rule.writing is not None and not rule.writing.durations
        ),
        turned=spec.unpivot.columns if spec.unpivot is not None else (),
    )


def _mapping(
    load: Load, shape: Shape, columns: Sequence[str], form: FileForm, file: LandedFile
) -> mappings.Mapping:
    """A load's mapping of the columns that a file's rows have."""
    shaped = columns if shape.is_plain else shape.columns(columns)
    found = mappings.Mapping(load.entry, shaped, file_format=form.file_format, file=file.name)
    if not shape.is_plain:
        found.used |= shape.uses(columns)
    return found


def _resolved(
    loads: Sequence[Load], shapes: Mapping[str, Shape], segment: Segment, form: FileForm, file: LandedFile
) -> list[mappings.Mapping]:
    """Each load's mapping; a column that one of them uses is unknown to none."""
    found = [_mapping(load, shapes[load.load_id], segment.columns, form, file) for load in loads]
    claimed = frozenset[str]().union(*(one.used for one in found))
    for one in found:
        one.claimed = claimed
    return found


def _remarks(file: LandedFile, load: Load, shape: Shape | None, tally: _Tally) -> tuple[str, ...]:
    """What the operator is to know of a load's looked-up columns."""
    if load.lookup is None or shape is None or shape.lookup is None:
        return ()
    where = " or ".join(load.lookup.lookup.file)
    unfound = (f"{file.name}: {tally.unfound:,} rows find nothing in {where}",) if tally.unfound else ()
    return (*shape.lookup.remarks, *unfound)


def _settle(pending: _Pending) -> None:
    segment, tasks = pending[0]
    for tally, task in tasks:
        tally.add(task.result())
    pending.popleft()
    _remove(segment.path)


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _figures(
    file: LandedFile, form: FileForm, load: Load, tally: _Tally, reason: str, remarks: tuple[str, ...]
) -> LoadFigures:
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
        row_count=tally.count,
        accepted_row_count=tally.accepted,
        rejected_row_count=tally.faults + tally.excluded,
        status=REJECTED if reason else LOADED,
        reason=reason,
        unknown_columns=tuple(tally.unknown),
        missing_columns=tuple(name for name, times in tally.missing.items() if times == tally.segments),
        excluded_row_count=tally.excluded,
        remarks=remarks,
    )
