"""Exports as segments of text rows that DuckDB can select from, whatever the file format.

A segment is a bounded part of a file: rows whose framing is known to be sound, their row numbers, and the
records that are not sound with the reason. Every column is text; conversion is the mapping's work.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from orchestration.ingest import framing
from orchestration.ingest.encoding import SAMPLE_BYTES, detect_encoding, is_utf8, utf8_chunks
from orchestration.ingest.framing import Frames, RecordScanner
from orchestration.ingest.json_array import element_lines, is_array
from orchestration.ingest.landing import MAX_EXPANSION_RATIO, MIN_EXPANSION_BYTES, LandedFile, UnreadableFile

SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENT_ROWS = 250_000
MAX_COLUMNS = 1_000
MAX_HEADER_ROWS = 50
RESERVED = re.compile(r"^__")
_JSON_SEPARATOR = "\x01"
_MAX_JSON_DEPTH = 4
_SHEET_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""
_LOST_DIGITS = "\ufdd0"
"""Marks a number with more digits; no character of any text."""


@dataclass(frozen=True)
class ReadingOptions:
    """What a profile entry fixes about a file's form; None or empty = to be detected."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class FileForm:
    """The form of a file as detected or given. `columns` are unique; JSONL names its own per segment."""

    file_format: str
    encoding: str = ""
    delimiter: str = ""
    has_quotes: bool = True
    header_row: int | None = None
    columns: tuple[str, ...] = ()
    sheet: str | None = None


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

    It returns exactly `row_count` rows. `ordinals` is to be registered as `__ordinals` when given.
    """

    sql: str
    columns: tuple[str, ...]
    row_count: int
    ordinals: NDArray[np.int64] | None = None
    bad: tuple[BadRecord, ...] = ()
    path: Path | None = None


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
    _copies: list[Path] = field(default_factory=list)

    def form(self) -> FileForm:
        """Detect the form; raises UnreadableFile when there is none."""
        if self.file.file_format in ("csv", "tsv"):
            return self._csv_form()
        if self.file.file_format == "xlsx":
            return self._xlsx_form()
        if self.file.file_format == "parquet":
            return self._parquet_form()
        if self.file.file_format == "jsonl":
            encoding = self.options.encoding or detect_encoding(self.file.head(SAMPLE_BYTES))
            return FileForm("jsonl", encoding=encoding)
        raise UnreadableFile("the format is not one of csv, tsv, txt, xlsx, parquet, jsonl, ndjson")

    def segments(self, form: FileForm) -> Iterator[Segment]:
        """The file's rows; raises UnreadableFile when the file turns out damaged on the way."""
        if form.file_format in ("csv", "tsv"):
            yield from self._csv_segments(form)
        elif form.file_format == "xlsx":
            yield from self._xlsx_segments(form)
        elif form.file_format == "parquet":
            yield from self._parquet_segments(form)
        else:
            yield from self._jsonl_segments(form)

    def close(self) -> None:
        """Remove temporary copies."""
        for path in self._copies:
            path.unlink(missing_ok=True)

    # Delimited text

    def _csv_form(self) -> FileForm:
        sample = self.file.head(SAMPLE_BYTES)
        if not sample.strip():
            raise UnreadableFile("the file is empty")
        encoding = self.options.encoding or detect_encoding(sample)
        text = b"".join(utf8_chunks([sample], encoding))
        default = "\t" if self.file.file_format == "tsv" else ","
        candidates = [self.options.delimiter] if self.options.delimiter else [default, ",", "\t", ";", "|"]
        best: tuple[int, FileForm] | None = None
        for delimiter in dict.fromkeys(candidates):
            has_quotes = bool(self.options.quote) and _quotes_fields(text, delimiter)
            rows = _sample_rows(text, delimiter, has_quotes, is_whole=len(sample) < SAMPLE_BYTES)
            header_row, score = self._header(rows)
            columns = unique_names(rows[header_row - 1] if header_row <= len(rows) else [])
            form = FileForm(self.file.file_format, encoding, delimiter, has_quotes, header_row, columns)
            if best is None or score > best[0]:
                best = (score, form)
        assert best is not None
        form = best[1]
        if not form.columns:
            raise UnreadableFile(f"there is no header in row {form.header_row}")
        if len(form.columns) > MAX_COLUMNS:
            raise UnreadableFile(f"the header has {len(form.columns)} columns, more than {MAX_COLUMNS}")
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
        if not scores or max(scores) == 0:
            first = next((index for index, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
            return first + 1, 0
        return scores.index(max(scores)) + 1, max(scores)

    def _csv_segments(self, form: FileForm) -> Iterator[Segment]:
        relation = _csv_relation(form.columns, form.delimiter, has_quotes=form.has_quotes)
        raw = _joined(form.columns)
        cutter = _Cutter(form, self.scratch)
        scanner = RecordScanner(
            delimiter=ord(form.delimiter), has_quotes=form.has_quotes, width=len(form.columns)
        )
        for frames in _frames(self.file, form, scanner):
            part = cutter.cut(frames)
            if part is not None:
                yield Segment(
                    _text_rows(relation(part.path), raw),
                    form.columns,
                    len(part.ordinals),
                    part.ordinals,
                    part.bad,
                    part.path,
                )

    # Line-wise JSON

    def _jsonl_segments(self, form: FileForm) -> Iterator[Segment]:
        lines = FileForm("csv", form.encoding, _JSON_SEPARATOR, False, 0, ("line",))
        relation = _csv_relation(lines.columns, _JSON_SEPARATOR, has_quotes=False)
        cutter = _Cutter(lines, self.scratch)
        scanner = RecordScanner(delimiter=ord(_JSON_SEPARATOR), has_quotes=False)
        is_elements = self._is_array(form.encoding)
        what = "element" if is_elements else "line"
        for frames in _frames(self.file, lines, scanner, as_lines=element_lines if is_elements else None):
            part = cutter.cut(frames)
            if part is None:
                continue
            found = _json_columns(relation(part.path))
            names = [*found, *sorted(name for name in self.expected if name not in found)]
            if len(names) > MAX_COLUMNS:
                raise UnreadableFile(f"its objects have {len(names)} keys, more than {MAX_COLUMNS}")
            pointers = ", ".join(literal(_pointer(name)) for name in names)
            fields = ", ".join(f"{quoted(name)}: __v[{index}]" for index, name in enumerate(names, start=1))
            sql = (
                f"SELECT __row, __bad, __raw: line, {fields} FROM (SELECT __row: __ordinals.row, line, "
                "__bad: CASE WHEN coalesce(json_type(try_cast(line AS JSON)) <> 'OBJECT', true) "
                f"THEN 'the {what} is not a JSON object' END, "
                f"__v: CASE WHEN json_valid(line) THEN json_extract_string(line, [{pointers}]) END "
                f"FROM {relation(part.path)} POSITIONAL JOIN __ordinals)"
            )
            yield Segment(sql, tuple(names), len(part.ordinals), part.ordinals, part.bad, part.path)

    def _is_array(self, encoding: str) -> bool:
        return is_array(b"".join(utf8_chunks([self.file.head(SAMPLE_BYTES)], encoding)))

    # Workbooks

    def _xlsx_form(self) -> FileForm:
        sheet, name = self._sheet()
        rows: list[list[str]] = []
        for cells in self._sheet_rows(sheet):
            rows.append(cells)
            if len(rows) >= (self.options.header_row or MAX_HEADER_ROWS):
                break
        header_row, _ = self._header(rows)
        if header_row > len(rows) or not any(cell.strip() for cell in rows[header_row - 1]):
            raise UnreadableFile(f"sheet {name!r} has no header in row {header_row}")
        width = max((i for i, cell in enumerate(rows[header_row - 1], start=1) if cell.strip()), default=0)
        columns = unique_names(rows[header_row - 1][:width])
        return FileForm("xlsx", header_row=header_row, columns=columns, sheet=name)

    def _xlsx_segments(self, form: FileForm) -> Iterator[Segment]:
        sheet, _ = self._sheet()
        assert form.header_row is not None
        width = len(form.columns)
        relation = _csv_relation(form.columns, ",", has_quotes=True)
        raw = _joined(form.columns)
        rows = enumerate(self._sheet_rows(sheet), start=1)
        is_done = False
        while not is_done:
            ordinals: list[int] = []
            bad: list[BadRecord] = []
            path = self.scratch / f"sheet-{next(_COUNTER)}.csv"
            with path.open("x", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
                is_done = True
                for number, cells in rows:
                    if number <= form.header_row or not any(cells):
                        continue
                    if reason := self._unfit_cells(cells, form.columns):
                        text = ",".join(cells).replace("\0", "�").replace(_LOST_DIGITS, "")
                        bad.append(BadRecord(number, reason, text[:4096], is_broken=False))
                        continue
                    kept = [cell.removeprefix(_LOST_DIGITS) for cell in cells[:width]]
                    writer.writerow(kept + [""] * (width - len(kept)))
                    ordinals.append(number)
                    if len(ordinals) >= SEGMENT_ROWS:
                        is_done = False
                        break
            if not ordinals and not bad:
                path.unlink()
                return
            yield Segment(
                _text_rows(relation(path), raw),
                form.columns,
                len(ordinals),
                np.array(ordinals, dtype=np.int64),
                tuple(bad),
                path,
            )

    def _unfit_cells(self, cells: Sequence[str], columns: Sequence[str]) -> str:
        """Why a row of a sheet cannot be read, '' when it can."""
        if any(cells[len(columns) :]):
            return "a cell stands right of the last header"
        if any("\0" in cell for cell in cells):
            return "a NUL byte"
        wanted = {name.strip().casefold() for name in self.expected}
        for name, cell in zip(columns, cells, strict=False):
            if cell.startswith(_LOST_DIGITS) and name.strip().casefold() in wanted:
                return (
                    f"{name}: a number of more than {_SHEET_DIGITS} digits, of which the workbook keeps "
                    f"{_SHEET_DIGITS}; format the column as text before the ids are put in, or export CSV"
                )
        return ""

    def _sheet(self) -> tuple[Any, str]:
        path = self._local_copy()
        _check_workbook(path)
        try:
            book = CalamineWorkbook.from_path(str(path))
            names = book.sheet_names
            name = self.options.sheet or (names[0] if names else "")
            if name not in names:
                raise UnreadableFile(f"there is no sheet {name!r}; it has {', '.join(names)}")
            return book.get_sheet_by_name(name), name
        except PasswordError as error:
            raise UnreadableFile("the workbook is protected by a password") from error
        except (CalamineError, OSError) as error:
            raise UnreadableFile(f"the workbook is damaged ({error})") from error

    def _sheet_rows(self, sheet: Any) -> Iterator[list[str]]:
        if sheet.total_width > MAX_COLUMNS:
            raise UnreadableFile(f"the sheet has {sheet.total_width} columns, more than {MAX_COLUMNS}")
        # Empty rows above the data are part of what is iterated, so rows count as a person sees them.
        for cells in sheet.iter_rows():
            yield [cell_text(cell) for cell in cells]

    # Parquet

    def _parquet_form(self) -> FileForm:
        path = self._local_copy()
        try:
            with duckdb.connect() as connection:
                described = connection.execute(f"DESCRIBE FROM read_parquet({literal(str(path))})").fetchall()
        except duckdb.Error as error:
            raise UnreadableFile("the Parquet file is damaged") from error
        names = [str(row[0]) for row in described]
        if len(names) > MAX_COLUMNS:
            raise UnreadableFile(f"the file has {len(names)} columns, more than {MAX_COLUMNS}")
        return FileForm("parquet", columns=unique_names(names))

    def _parquet_segments(self, form: FileForm) -> Iterator[Segment]:
        path = literal(str(self._local_copy()))
        with duckdb.connect() as connection:
            source = f"read_parquet({path}, file_row_number=true)"
            described = connection.execute(f"DESCRIBE FROM {source}").fetchall()
            counted = connection.execute(f"SELECT count(*) FROM read_parquet({path})").fetchone()
        total = int(counted[0]) if counted else 0
        kinds = {str(row[0]): str(row[1]) for row in described if row[0] != "file_row_number"}
        fields = ", ".join(
            f"{quoted(name)}: {_as_text(stored, kind)}"
            for name, (stored, kind) in zip(form.columns, kinds.items(), strict=True)
        )
        for start in range(0, max(total, 1), SEGMENT_ROWS):
            stop = min(total, start + SEGMENT_ROWS)
            inner = (
                f"SELECT __row: file_row_number + 1, __bad: NULL::VARCHAR, {fields} FROM {source} "
                f"WHERE file_row_number >= {start} AND file_row_number < {stop}"
            )
            sql = f"SELECT *, __raw: {_joined(form.columns)} FROM ({inner})"
            yield Segment(sql, form.columns, stop - start)

    def _local_copy(self) -> Path:
        """A file to seek in: the landed file itself, or a decompressed copy."""
        if not self.file.compression:
            return self.file.path
        if not self._copies:
            path = self.scratch / f"copy-{next(_COUNTER)}"
            self._copies.append(path)
            self.file.copy_to(path)
        return self._copies[0]


@dataclass(frozen=True)
class _Part:
    path: Path
    ordinals: NDArray[np.int64]
    bad: tuple[BadRecord, ...]


@dataclass
class _Cutter:
    """Writes the sound records of frames to files and counts rows; a blank line is no row, but counts."""

    form: FileForm
    scratch: Path
    seen: int = 0

    def cut(self, frames: Frames) -> _Part | None:
        width = len(self.form.columns)
        ordinals = np.arange(self.seen + 1, self.seen + 1 + len(frames), dtype=np.int64)
        self.seen += len(frames)
        is_data = ordinals > (self.form.header_row or 0)
        is_data &= (frames.ends > frames.starts) | (frames.faults != framing.FIT)
        is_good = is_data & (frames.faults == framing.FIT) & (frames.counts == width)
        bad = tuple(self._bad(frames, int(i), int(ordinals[i])) for i in np.flatnonzero(is_data & ~is_good))
        if not is_good.any() and not bad:
            return None
        path = self.scratch / f"part-{next(_COUNTER)}.csv"
        with path.open("xb") as out:
            for first, last in framing.good_runs(is_good):
                start, end = int(frames.starts[first]), int(frames.ends[last - 1])
                out.write(frames.data[start:end].data)
                out.write(b"\n")
        return _Part(path, ordinals[is_good], bad)

    def _bad(self, frames: Frames, index: int, row_number: int) -> BadRecord:
        fault = int(frames.faults[index])
        text = frames.text(index).decode("utf-8", errors="replace").replace("\0", "�")
        if fault != framing.FIT:
            return BadRecord(row_number, framing.REASONS[fault], text)
        reason = f"the row has {frames.counts[index]} fields, the header {len(self.form.columns)}"
        return BadRecord(row_number, reason, text, is_broken=False)


def _frames(
    file: LandedFile,
    form: FileForm,
    scanner: RecordScanner,
    *,
    as_lines: Callable[[Iterable[bytes]], Iterator[bytes]] | None = None,
) -> Iterator[Frames]:
    is_plain = is_utf8(form.encoding)
    # Three bytes of UTF-8 may come of two of a Chinese encoding: keep segments within their bound.
    size = SEGMENT_BYTES if is_plain else SEGMENT_BYTES * 2 // 3
    chunks = utf8_chunks(file.chunks(size), form.encoding)
    for chunk in chunks if as_lines is None else as_lines(chunks):
        yield _checked(scanner.feed(chunk), is_plain=is_plain)
    yield _checked(scanner.finish(), is_plain=is_plain)


def _checked(frames: Frames, *, is_plain: bool) -> Frames:
    framing.mark_nul(frames)
    if is_plain:
        framing.mark_not_utf8(frames)
    else:
        framing.mark_replaced(frames)
    return frames


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


def cell_text(cell: object) -> str:
    """A workbook's cell as text: dates in ISO form, whole numbers without a point, 15 significant digits.

    A number with more digits than that before its point has lost the others: it is marked.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return str(cell)
    if isinstance(cell, (float, int)) and abs(cell) >= 10**_SHEET_DIGITS:
        return f"{_LOST_DIGITS}{cell:.15g}"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    return str(cell)


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def _counter() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


_COUNTER = _counter()


class _CsvRelation:
    def __init__(self, columns: Sequence[str], delimiter: str, *, has_quotes: bool) -> None:
        types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
        names = ", ".join(literal(name) for name in columns)
        quote = "'\"'" if has_quotes else "''"
        self._options = (
            f"auto_detect = false, header = false, delim = {literal(delimiter)}, quote = {quote}, "
            f"escape = {quote}, new_line = '\\n', strict_mode = true, parallel = false, "
            f"max_line_size = {2 * framing.MAX_RECORD_BYTES}, "
            f"buffer_size = {4 * framing.MAX_RECORD_BYTES}, "
            f"force_not_null = [{names}], columns = {{{types}}}"
        )

    def __call__(self, path: Path) -> str:
        return f"read_csv({literal(str(path))}, {self._options})"


def _csv_relation(columns: Sequence[str], delimiter: str, *, has_quotes: bool) -> _CsvRelation:
    return _CsvRelation(columns, delimiter, has_quotes=has_quotes)


def _joined(columns: Sequence[str]) -> str:
    """SQL for the raw fields joined by the unit separator, the text that a row's hash is of."""
    if len(columns) == 1:
        return quoted(columns[0])
    return f"concat_ws(chr(31), {', '.join(quoted(name) for name in columns)})"


def _text_rows(relation: str, raw: str) -> str:
    return (
        f"SELECT *, __row: __ordinals.row, __bad: NULL::VARCHAR, __raw: {raw} "
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


def _json_columns(relation: str) -> list[str]:
    """Dotted paths of the leaves of a segment's objects, in the order they first occur."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT json_group_structure(line::JSON) FROM {relation} "
            "WHERE coalesce(json_type(try_cast(line AS JSON)) = 'OBJECT', false)"
        ).fetchone()
    if not found or not found[0]:
        return []
    structure = json.loads(found[0])
    names: list[str] = []

    def walk(node: object, path: str, depth: int) -> None:
        if isinstance(node, dict) and node and depth < _MAX_JSON_DEPTH:
            for key, value in node.items():
                walk(value, f"{path}.{key}" if path else str(key), depth + 1)
        elif path:
            names.append(path)

    walk(structure, "", 0)
    return list(dict.fromkeys(names))


def _pointer(path: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path.split("."))


def _as_text(stored: str, kind: str) -> str:
    name = quoted(stored)
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return f"coalesce(to_json({name})::VARCHAR, '')"
    return f"coalesce({name}::VARCHAR, '')"


def _check_workbook(path: Path) -> None:
    """Refuse a workbook that is no zip, or that expands or spreads beyond what a sheet can sensibly hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            size = sum(info.file_size for info in infos)
            packed = sum(info.compress_size for info in infos)
            if size > max(MIN_EXPANSION_BYTES, packed * MAX_EXPANSION_RATIO):
                raise UnreadableFile("the workbook expands like a decompression bomb")
            for info in infos:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
                    _check_extent(archive, info)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise UnreadableFile(f"the workbook is damaged or cut off ({error})") from error


def _check_extent(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Cells far out make readers allocate the whole rectangle up to them."""
    rows = columns = 0
    tail = b""
    with archive.open(info) as stream:
        while block := stream.read(4 * 1024 * 1024):
            text = tail + block
            for letters, digits in set(re.findall(rb'<c r="([A-Z]{1,3})(\d{1,7})"', text)):
                rows, columns = max(rows, int(digits)), max(columns, _column_number(letters))
            tail = text[-64:]
    if rows * columns > 200_000_000 or columns > MAX_COLUMNS:
        raise UnreadableFile(f"a sheet spreads over {rows} rows and {columns} columns")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
