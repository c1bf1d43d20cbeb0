"""One segment of a file, converted for one entry: whole at once where every row fits, else row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingest import mapping as mappings
from orchestration.ingest.database import literal, names, statement
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.load import Load
from orchestration.ingest.mapping import FAULT_MARK
from orchestration.ingest.personal import masked_record, scrubbed
from orchestration.ingest.shape import GROUP_COLUMNS
from orchestration.ingest.sources import BadRecord, FileForm, Segment
from orchestration.ingest.store import PARQUET

_ROW_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.NotSupportedError,
)
"""What DuckDB says of a value that does not fit."""

ERROR_LIMIT = 80


@dataclass
class Conversion:
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
    unfound: int = 0

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
        if self.load.lookup is not None and self.segment.row_count:
            found = connection.execute(f"SELECT count(*) FROM ({self.segment.sql}) WHERE __is_unfound")
            self.unfound = int(found.fetchall()[0][0])
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
            excluded=self.resolved.excluded_sql(),
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
        framed = self.segment.framed or self.segment.columns
        return masked_record(
            record.text,
            delimiter=self.form.delimiter or ",",
            columns=len(framed),
            personal=self.resolved.personal_among(framed) if self.form.columns else (0,),
            is_broken=record.is_broken,
        )

    def _output(self, row_hash: str) -> str:
        return (
            f"{self.resolved.columns_sql()}, {literal(self.file.name)} AS _file, "
            f"__row::BIGINT AS _row_number, {row_hash} AS _row_hash, "
            f"{literal(self.load.load_id)} AS _load_id, {self.load.load_seq}::BIGINT AS _load_seq, "
            f"{self.resolved.extra_sql()} AS _extra"
            + (f", {names(GROUP_COLUMNS)}" if self.load.entry.spec.group is not None else "")
        )

    def _copy(self, connection: duckdb.DuckDBPyConnection, select: str) -> None:
        copied = connection.execute(f"COPY ({select}) TO {literal(self.part)} ({PARQUET})").fetchall()
        self.accepted = int(copied[0][0])
