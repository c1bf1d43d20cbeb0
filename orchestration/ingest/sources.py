"""Exports as segments of text rows that DuckDB can select from, whatever the file format.

A segment is a bounded part of a file: rows whose framing is known to be sound, their row numbers, and the
records that are not sound with the reason. Every column is text; conversion is the mapping's work.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import count, islice
from operator import itemgetter
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.ingest import framing
from orchestration.ingest.database import literal, literals, names, quoted, statement
from orchestration.ingest.database import rows as query
from orchestration.ingest.encoding import SAMPLE_BYTES, detect_encoding, is_utf8, utf8_chunks
from orchestration.ingest.framing import Frames, RecordScanner
from orchestration.ingest.json_array import element_lines, is_array, why_no_rows
from orchestration.ingest.json_object import json_columns, json_field, pointer
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.lines import runs
from orchestration.ingest.workbook import (
    MAX_COLUMNS,
    Sheet,
    cell_text,
    is_number,
    kind_of,
    open_sheet,
    plain_text,
    sheet_cells,
    sheet_rows,
    unfit_cells,
)
from orchestration.ingest.writing import MACHINE_MARK

SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENT_ROWS = 250_000
MAX_HEADER_ROWS = 50
RESERVED = re.compile(r"^__")
_JSON_SEPARATOR = "\x01"
_PARQUET_NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("DECIMAL", "DOUBLE", "FLOAT"),
)
_COUNTER = count()


@dataclass(frozen=True)
class ReadingOptions:
    """What a profile entry fixes about a file's form; None or empty = to be detected.

    `numbers` are columns whose numbers are written in a way of their own: what the format itself stores as a
    number is marked there. `turned` are globs of columns that become rows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    header_row: int | None = None
    sheet: str | None = None
    numbers: frozenset[str] = frozenset()
    turned: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileForm:
    """The form of a file as detected or given. `columns` are unique; JSONL names its own per segment."""

    file_format: str
    encoding: str = ""
    delimiter: str = ""
    has_quotes: bool = True
    header_row: int | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadRecord:
    """A record that is rejected before any conversion; `text` is its beginning."""

    row_number: int
    reason: str
    text: str
    is_broken: bool = True


@dataclass(frozen=True)
class Segment:
    """`sql` selects `__row`, `__bad` (why a row is unfit, or NULL), `__raw` (text of its hash) and `columns`.

    It returns exactly `row_count` rows. `ordinals` is to be registered as `__ordinals` when given. `framed`
    are the columns of the records in `bad`, where they are not `columns`.
    """

    sql: str
    columns: tuple[str, ...]
    row_count: int
    ordinals: NDArray[np.int64] | None = None
    bad: tuple[BadRecord, ...] = ()
    path: Path | None = None
    framed: tuple[str, ...] = ()


@dataclass
class SourceReader:
    """Reads one landed file with given options: first `form`, then `segments`.

    `expected` are column names that entries ask for; they tell the header from a preamble and a separator
    from another. Temporary files go to `scratch`.
    """

    file: LandedFile
    options: ReadingOptions
    expected: frozenset[str]
    scratch: Path
    _copy: Path | None = None
    _kind: str = ""

    def form(self) -> FileForm:
        """Detect the form; raises UnreadableFile when there is none."""
        self._kind = self.file.file_format
        if self._kind == "xls":
            self._kind = kind_of(self.file.head(SAMPLE_BYTES))
        match self._kind:
            case "csv" | "tsv":
                return self._csv_form()
            case "xlsx" | "xls" | "html" | "xml":
                return self._xlsx_form()
            case "parquet":
                names = [name for name, _ in self._parquet_columns()]
                return FileForm("parquet", columns=unique_names(names))
            case "jsonl":
                sample = self.file.head(SAMPLE_BYTES)
                encoding = self.options.encoding or detect_encoding(sample)
                if reason := why_no_rows(b"".join(utf8_chunks([sample], encoding)), self.expected):
                    raise UnreadableFile(reason)
                return FileForm("jsonl", encoding=encoding)
        raise UnreadableFile("the format is not one of csv, tsv, txt, xlsx, xls, parquet, jsonl, ndjson")

    def segments(self, form: FileForm) -> Iterator[Segment]:
        """The file's rows; raises UnreadableFile when the file turns out damaged on the way."""
        ways = dict.fromkeys(("xlsx", "xls", "html", "xml"), self._xlsx_segments)
        ways |= {"parquet": self._parquet_segments, "jsonl": self._json_segments}
        return ways.get(form.file_format, self._csv_segments)(form)

    def close(self) -> None:
        """Remove the temporary copy."""
        if self._copy is not None:
            self._copy.unlink(missing_ok=True)

    # Delimited text

    def _csv_form(self) -> FileForm:
        sample = self.file.head(SAMPLE_BYTES)
        if not sample.strip():
            raise UnreadableFile("the file is empty")
        encoding = self.options.encoding or detect_encoding(sample)
        text = b"".join(utf8_chunks([sample], encoding))
        default = "," if self.file.file_format == "csv" else "\t"
        candidates = [self.options.delimiter] if self.options.delimiter else [default, ",", "\t", ";", "|"]
        found: list[tuple[int, FileForm]] = []
        for delimiter in dict.fromkeys(candidates):
            has_quotes = bool(self.options.quote) and _quotes_fields(text, delimiter)
            rows = _sample_rows(text, delimiter, has_quotes, is_whole=len(sample) < SAMPLE_BYTES)
            header_row, score = self._header(rows)
            columns = unique_names(rows[header_row - 1] if header_row <= len(rows) else [])
            form = FileForm(self._kind, encoding, delimiter, has_quotes, header_row, columns)
            found.append((score, form))
        form = max(found, key=itemgetter(0))[1]
        if not form.columns:
            raise UnreadableFile(f"there is no header in row {form.header_row}")
        _refuse_too_wide("the header has", len(form.columns))
        if any("\ufffd" in name for name in form.columns):
            raise UnreadableFile(
                f"its header is no text in {encoding}; name the encoding in a profile (encoding: …)"
            )
        return form

    def _header(self, rows: Sequence[Sequence[str]]) -> tuple[int, int]:
        """Number of the header row, from 1, and how many expected names it has."""
        wanted = {name.casefold() for name in self.expected}
        scores = [len({cell.strip().casefold() for cell in row} & wanted) for row in rows]
        if self.options.header_row is not None:
            number = self.options.header_row
            return number, scores[number - 1] if number <= len(scores) else 0
        if not any(scores):
            first = next((index for index, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
            return first + 1, 0
        return scores.index(max(scores)) + 1, max(scores)

    def _csv_segments(self, form: FileForm) -> Iterator[Segment]:
        for part in self._framed(form, utf8_chunks(self._chunks(form), form.encoding)):
            yield replace(part, sql=_text_rows(part.sql, form.columns))

    def _chunks(self, form: FileForm) -> Iterator[bytes]:
        # Three bytes of UTF-8 may come of two of a Chinese encoding: keep segments within their bound.
        return self.file.chunks(SEGMENT_BYTES if is_utf8(form.encoding) else SEGMENT_BYTES * 2 // 3)

    def _framed(self, form: FileForm, chunks: Iterable[bytes]) -> Iterator[Segment]:
        """The sound records in files, and the others; `sql` is the relation of the former. A blank line is no
        row, but counts.
        """
        width = len(form.columns)
        scanner = RecordScanner(delimiter=ord(form.delimiter), has_quotes=form.has_quotes, width=width)
        seen = 0
        for frames in scanner.frames(chunks):
            framing.mark_unreadable(frames, is_plain=is_utf8(form.encoding))
            ordinals = np.arange(seen + 1, seen + 1 + len(frames), dtype=np.int64)
            seen += len(frames)
            is_fit = frames.faults == framing.FIT
            is_data = (ordinals > (form.header_row or 0)) & ((frames.ends > frames.starts) | ~is_fit)
            is_good = is_data & is_fit & (frames.counts == width)
            unfit = np.flatnonzero(is_data & ~is_good)
            bad = tuple(_bad_record(frames, int(i), int(ordinals[i]), width) for i in unfit)
            if not is_good.any() and not bad:
                continue
            path = self._scratch_file("part", ".csv")
            with path.open("xb") as out:
                for first, last in runs(is_good).tolist():
                    out.write(frames.data[frames.starts[first] : frames.ends[last - 1]].data)
                    out.write(b"\n")
            relation = _csv_relation(path, form)
            yield Segment(relation, form.columns, int(is_good.sum()), ordinals[is_good], bad, path)

    # Line-wise JSON

    def _json_segments(self, form: FileForm) -> Iterator[Segment]:
        lines = FileForm("csv", form.encoding, _JSON_SEPARATOR, False, 0, ("line",))
        chunks, what = utf8_chunks(self._chunks(form), form.encoding), "line"
        if is_array(b"".join(utf8_chunks([self.file.head(SAMPLE_BYTES)], form.encoding))):
            chunks, what = element_lines(chunks), "element"
        for part in self._framed(lines, chunks):
            found = json_columns(part.sql)
            columns = (*found, *sorted(name for name in self.expected if name not in found))
            _refuse_too_wide("its objects have", len(columns), "keys")
            fields = (
                f"{quoted(name)}: {json_field(name, index, is_marked=self._is_marked(name))}"
                for index, name in enumerate(columns, start=1)
            )
            sql = statement(
                "json_rows",
                fields=", ".join(fields),
                no_object=literal(f"the {what} is not a JSON object"),
                pointers=literals(map(pointer, columns)),
                lines=part.sql,
            )
            yield replace(part, sql=sql, columns=columns)

    # Workbooks

    def _xlsx_form(self) -> FileForm:
        sheet, name = open_sheet(self._local_copy(), self.options.sheet, self._kind)
        rows = list(islice(sheet_rows(sheet), self.options.header_row or MAX_HEADER_ROWS))
        header_row, _ = self._header(rows)
        header = rows[header_row - 1] if header_row <= len(rows) else []
        while header and not header[-1].strip():
            header = header[:-1]
        if not header:
            raise UnreadableFile(f"sheet {name!r} has no header in row {header_row}")
        return FileForm(self._kind, header_row=header_row, columns=unique_names(header))

    def _xlsx_segments(self, form: FileForm) -> Iterator[Segment]:
        sheet, _ = open_sheet(self._local_copy(), self.options.sheet, self._kind)
        width = len(form.columns)
        wanted = {name.strip().casefold() for name in self.expected}
        keys = [
            index
            for index, name in enumerate(form.columns)
            if name.strip().casefold() in wanted
            or any(fnmatchcase(name.strip(), pattern) for pattern in self.options.turned)
        ]
        numbered = islice(enumerate(self._cells(sheet, form), start=1), form.header_row, None)
        filled = ((number, cells) for number, cells in numbered if any(cells))
        while True:
            ordinals: list[int] = []
            bad: list[BadRecord] = []
            path = self._scratch_file("sheet", ".csv")
            with path.open("x", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
                for number, cells in islice(filled, SEGMENT_ROWS):
                    if reason := unfit_cells(cells, form.columns, keys):
                        text = ",".join(map(plain_text, cells)).replace("\0", "�")
                        bad.append(BadRecord(number, reason, text[:4096], is_broken=False))
                    else:
                        kept = [plain_text(cell) for cell in cells[:width]]
                        writer.writerow(kept + [""] * (width - len(kept)))
                        ordinals.append(number)
            if not ordinals and not bad:
                path.unlink()
                return
            sql = _text_rows(_csv_relation(path, replace(form, delimiter=",")), form.columns)
            numbers = np.array(ordinals, dtype=np.int64)
            yield Segment(sql, form.columns, len(ordinals), numbers, tuple(bad), path)

    def _cells(self, sheet: Sheet, form: FileForm) -> Iterator[list[str]]:
        """Rows of text cells; numbers are marked in columns that write them in a way of their own."""
        marked = [i for i, name in enumerate(form.columns) if self._is_marked(name)]
        if not marked:
            yield from sheet_rows(sheet)
            return
        for cells in sheet_cells(sheet):
            texts = [cell_text(cell) for cell in cells]
            for i in marked:
                if i < len(cells) and is_number(cells[i]) and texts[i] == plain_text(texts[i]):
                    texts[i] = MACHINE_MARK + texts[i]
            yield texts

    def _is_marked(self, name: str) -> bool:
        return name.strip().casefold() in self.options.numbers

    # Parquet

    def _parquet_columns(self) -> list[tuple[str, str]]:
        """Names and types as they are stored."""
        try:
            described = query(f"DESCRIBE FROM read_parquet({literal(self._local_copy())})")
        except duckdb.Error as error:
            raise UnreadableFile("the Parquet file is damaged") from error
        _refuse_too_wide("the file has", len(described))
        return [(str(row[0]), str(row[1])) for row in described]

    def _parquet_segments(self, form: FileForm) -> Iterator[Segment]:
        path = literal(self._local_copy())
        total = int(query(f"SELECT count(*) FROM read_parquet({path})")[0][0])
        fields = ", ".join(
            f"{quoted(name)}: {_as_text(stored, kind, is_marked=self._is_marked(name))}"
            for name, (stored, kind) in zip(form.columns, self._parquet_columns(), strict=True)
        )
        for start in range(0, max(total, 1), SEGMENT_ROWS):
            stop = min(total, start + SEGMENT_ROWS)
            sql = (
                f"SELECT *, __raw: {_joined(form.columns)} "
                f"FROM (SELECT __row: file_row_number + 1, __bad: NULL::VARCHAR, {fields} "
                f"FROM read_parquet({path}, file_row_number = true) "
                f"WHERE file_row_number >= {start} AND file_row_number < {stop})"
            )
            yield Segment(sql, form.columns, stop - start)

    def _local_copy(self) -> Path:
        """A file to seek in: the landed file itself, or a decompressed copy."""
        if not self.file.compression:
            return self.file.path
        if self._copy is None:
            self._copy = self._scratch_file("copy", "")
            self.file.copy_to(self._copy)
        return self._copy

    def _scratch_file(self, kind: str, ending: str) -> Path:
        return self.scratch / f"{kind}-{next(_COUNTER)}{ending}"


def _bad_record(frames: Frames, index: int, row_number: int, width: int) -> BadRecord:
    fault = int(frames.faults[index])
    text = frames.text(index).decode("utf-8", errors="replace").replace("\0", "�")
    if fault != framing.FIT:
        return BadRecord(row_number, framing.REASONS[fault], text)
    reason = f"the row has {frames.counts[index]} fields, the header {width}"
    return BadRecord(row_number, reason, text, is_broken=False)


def _refuse_too_wide(what: str, count: int, kind: str = "columns") -> None:
    if count > MAX_COLUMNS:
        raise UnreadableFile(f"{what} {count} {kind}, more than {MAX_COLUMNS}")


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names from header cells: trimmed, never empty, never twice (`category`, `category_2`)."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(header, start=1):
        base = cell.strip().replace("\0", "") or f"column_{number}"
        if RESERVED.match(base):
            base = f"column{base}"
        name, repeat = base, 1
        while name.casefold() in taken:
            repeat += 1
            name = f"{base}_{repeat}"
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def _csv_relation(path: Path, form: FileForm) -> str:
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in form.columns)
    quote = "'\"'" if form.has_quotes else "''"
    return (
        f"read_csv({literal(path)}, auto_detect = false, header = false, delim = {literal(form.delimiter)}, "
        f"quote = {quote}, escape = {quote}, new_line = '\\n', strict_mode = true, parallel = false, "
        f"max_line_size = {2 * framing.MAX_RECORD_BYTES}, buffer_size = {4 * framing.MAX_RECORD_BYTES}, "
        f"force_not_null = [{literals(form.columns)}], columns = {{{types}}})"
    )


def _joined(columns: Sequence[str]) -> str:
    """SQL for the raw fields joined by the unit separator, the text that a row's hash is of."""
    return quoted(columns[0]) if len(columns) == 1 else f"concat_ws(chr(31), {names(columns)})"


def _text_rows(relation: str, columns: Sequence[str]) -> str:
    return (
        f"SELECT *, __row: __ordinals.row, __bad: NULL::VARCHAR, __raw: {_joined(columns)} "
        f"FROM {relation} POSITIONAL JOIN __ordinals"
    )


def _quotes_fields(text: bytes, delimiter: str) -> bool:
    """Whether quotes are used for quoting.

    Not when the sample has some, none of them opens a field, and most lines that hold one are whole rows with
    it as an ordinary character: that tells marks of inches from the one quoted text whose opening quote is
    damaged.
    """
    separator = delimiter.encode()
    if b'"' not in text or re.search(rb"(^|[\r\n]|" + re.escape(separator) + rb')"', text) is not None:
        return True
    lines = [line for line in re.split(rb"[\r\n]+", text) if line]
    width = Counter(line.count(separator) for line in lines).most_common(1)[0][0]
    fits = [line.count(separator) == width for line in lines if b'"' in line]
    return 2 * fits.count(True) <= len(fits)


def _sample_rows(text: bytes, delimiter: str, has_quotes: bool, *, is_whole: bool) -> list[list[str]]:
    """Fields of the first records, as far as they can be told."""
    scanner = RecordScanner(delimiter=ord(delimiter), has_quotes=has_quotes)
    frames = [scanner.feed(text)]
    if is_whole or not len(frames[0]):
        frames.append(scanner.finish())
    rows: list[list[str]] = []
    for part in frames:
        for index in range(min(len(part), MAX_HEADER_ROWS - len(rows))):
            rows.append(_fields(part, index, delimiter, has_quotes))
    return rows


def _fields(frames: Frames, index: int, delimiter: str, has_quotes: bool) -> list[str]:
    if frames.faults[index] != framing.FIT or frames.counts[index] > MAX_COLUMNS:
        return [""] * min(int(frames.counts[index]), MAX_COLUMNS + 1)
    text = frames.text(index, limit=framing.MAX_RECORD_BYTES).decode("utf-8", errors="replace")
    if not has_quotes:
        return text.split(delimiter)
    with suppress(csv.Error):
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    return [""] * int(frames.counts[index])


def _as_text(stored: str, kind: str, *, is_marked: bool) -> str:
    name = quoted(stored)
    if is_marked and kind.startswith(_PARQUET_NUMBERS):
        return f"coalesce({literal(MACHINE_MARK)} || {name}::VARCHAR, '')"
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return f"coalesce(to_json({name})::VARCHAR, '')"
    return f"coalesce({name}::VARCHAR, '')"
