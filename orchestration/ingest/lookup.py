"""Columns that an entry looks up in other files of the landing folder: a key has one row, or it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path

import duckdb

from orchestration.ingest.database import connect, literal, names, quoted, statement
from orchestration.ingest.keys import Lookup
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.sources import ReadingOptions, SourceReader

MEMORY_LIMIT = "700MB"
_COUNTER = count()


@dataclass(frozen=True)
class LookupTable:
    """The looked-up columns as Parquet: keys `__k<i>`, taken columns, and `__twice`, the rows of a key that
    has different values. `remarks` are sentences for the operator.
    """

    path: Path
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LookupFiles:
    """The files that an entry's lookup reads, and what their content is."""

    lookup: Lookup
    files: tuple[LandedFile, ...]

    @staticmethod
    def of(lookup: Lookup, landed: Iterable[LandedFile]) -> LookupFiles:
        """Those of the landing folder that the lookup's patterns match."""
        return LookupFiles(lookup, tuple(file for file in landed if is_looked_up(lookup, file)))

    @property
    def key(self) -> str:
        """Equal for lookups that read the same columns of the same files."""
        return "\n".join([self.lookup.model_dump_json(), *(file.name for file in self.files)])

    def identity(self) -> str:
        """What of the files a load rests on. Raises UnreadableFile when one changes while it is read."""
        if not self.files:
            raise UnreadableFile(
                f"there is no file {' or '.join(self.lookup.file)} in the landing folder, "
                "which the profile's lookup reads"
            )
        said = [f"{file.name} {file.refusal or file.sha256()}" for file in self.files]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    def table(self, scratch: Path) -> LookupTable:
        """Read the files into `scratch`; UnreadableFile, naming the file, where one cannot be read."""
        with connect(
            threads=1, memory_limit=MEMORY_LIMIT, temp_directory=str(scratch / "spill")
        ) as connection:
            keys = [f"__k{i}" for i in range(len(self.lookup.on))]
            taken = list(self.lookup.take.values())
            texts = ", ".join(f"{quoted(name)} VARCHAR" for name in [*keys, *taken])
            connection.execute(f"CREATE TABLE looked_up (__file VARCHAR, __row BIGINT, {texts})")
            remarks = [remark for file in self.files if (remark := self._read(connection, file, scratch))]
            path = scratch / f"lookup-{next(_COUNTER)}.parquet"
            texts = ", ".join(f"coalesce({quoted(name)}, '')" for name in taken)
            firsts = ", ".join(
                f"{quoted(name)}: first({quoted(name)} ORDER BY __file, __row)" for name in taken
            )
            given = " AND ".join(f"{key} <> ''" for key in keys)
            select = statement("looked_up", keys=names(keys), given=given, firsts=firsts, texts=texts)
            connection.execute(f"COPY ({select}) TO {literal(path)} (FORMAT parquet)")
            return LookupTable(path, tuple(remarks))

    def _read(self, connection: duckdb.DuckDBPyConnection, file: LandedFile, scratch: Path) -> str:
        """Append a file's rows; a sentence on those that cannot be read."""
        lookup = self.lookup
        options = ReadingOptions(
            lookup.encoding, lookup.delimiter, header_row=lookup.header_row, sheet=lookup.sheet
        )
        asked = [*lookup.on.values(), *lookup.take]
        reader = SourceReader(file, options, frozenset(asked), scratch)
        bad = 0
        try:
            if file.refusal:
                raise UnreadableFile(file.refusal)
            for segment in reader.segments(reader.form()):
                fields = ", ".join(f"key_text({quoted(_found(name, segment.columns))})" for name in asked)
                if segment.ordinals is not None:
                    connection.register("__ordinals", {"row": segment.ordinals})
                before = connection.execute("SELECT count(*) FROM looked_up").fetchall()[0][0]
                connection.execute(
                    f"INSERT INTO looked_up SELECT {literal(file.name)}, __row, {fields} "
                    f"FROM ({segment.sql}) WHERE __bad IS NULL"
                )
                after = connection.execute("SELECT count(*) FROM looked_up").fetchall()[0][0]
                bad += len(segment.bad) + segment.row_count - int(after) + int(before)
                if segment.path is not None:
                    segment.path.unlink(missing_ok=True)
        except UnreadableFile as error:
            raise UnreadableFile(f"the looked-up file {file.name}: {error}") from error
        finally:
            reader.close()
        return f"{file.name}: {bad:,} rows could not be read and are not looked up" if bad else ""


def is_looked_up(lookup: Lookup, file: LandedFile) -> bool:
    """Whether a lookup reads a file."""
    return any(fnmatchcase(name, pattern) for pattern in lookup.file for name in file.match_names)


def _found(name: str, columns: Sequence[str]) -> str:
    """The column that a name means, in any case; UnreadableFile where the file has none."""
    if name in columns:
        return name
    folded = {column.casefold(): column for column in reversed(columns)}
    if (found := folded.get(name.strip().casefold())) is None:
        raise UnreadableFile(f"its header has no column {name}; it has {', '.join(columns[:12])}")
    return found
