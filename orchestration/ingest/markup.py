"""Tables of HTML or XML that call themselves `.xls`, as web systems write them: sheets of rows of cells.

HTML has text alone: what stands in a cell is its value. XML Spreadsheet 2003 has types, which are kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

from orchestration.ingest.encoding import detect_encoding, utf8_chunks
from orchestration.ingest.landing import UnreadableFile

MAX_BYTES = 256 * 1024 * 1024
"""A larger file is no table that somebody opens as a workbook; it also bounds the memory."""
MAX_SPAN = 1_000

_OFFICE = "urn:schemas-microsoft-com:office:spreadsheet"
_SS = f"{{{_OFFICE}}}"
_LEFT_OUT = ("script", "style", "title")


@dataclass
class Table:
    """A sheet: its name and its rows of values."""

    name: str
    rows: list[list[object]] = field(default_factory=list)

    @property
    def total_width(self) -> int:
        """Columns of the widest row."""
        return max(map(len, self.rows), default=0)

    def iter_rows(self) -> Iterator[list[object]]:
        """The rows in order."""
        return iter(self.rows)


def is_markup(head: bytes) -> bool:
    """Whether a file's first bytes are those of HTML or XML."""
    return _plain(head).lstrip().startswith(b"<")


def is_xml_spreadsheet(head: bytes) -> bool:
    """Whether they are those of an XML Spreadsheet 2003."""
    return is_markup(head) and _OFFICE.encode() in _plain(head)


def _plain(head: bytes) -> bytes:
    """The ASCII in it, whatever Unicode encoding it is in."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe").replace(b"\0", b"")


def html_tables(data: bytes) -> list[Table]:
    """Every table of an HTML page, those inside others too, in the order they begin."""
    reader = _Reader()
    reader.feed(_decoded(data))
    reader.close()
    return reader.tables


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"the table is larger than {MAX_BYTES >> 20} MiB; export CSV")
    said = re.search(rb"charset\s*=\s*[\"']?([A-Za-z0-9_\-]+)", _plain(data[:4096]))
    encoding = detect_encoding(data[: 1024 * 1024])
    if said is not None and encoding not in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        with suppress(LookupError, UnicodeDecodeError):
            return data.decode(said[1].decode())
    text = b"".join(utf8_chunks([data], encoding)).decode("utf-8", errors="replace")
    if "\ufffd" in text:
        raise UnreadableFile(f"the table is no text in {encoding}, nor says which encoding it is in")
    return text


@dataclass
class _Open:
    """A table that is being read; `below` are cells that a rowspan above has taken, by column."""

    table: Table
    row: list[object] | None = None
    text: list[str] | None = None
    spans: tuple[int, int] = (1, 1)
    below: dict[int, int] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self._open: list[_Open] = []
        self._left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(Table(f"table {len(self.tables) + 1}"))
            self._open.append(_Open(self.tables[-1]))
        self._left_out += tag in _LEFT_OUT
        if not self._open:
            return
        now = self._open[-1]
        if tag == "tr":
            self._end_row(now)
            now.row = []
        elif tag in ("td", "th"):
            self._end_cell(now)
            now.row = [] if now.row is None else now.row
            spans = dict(attrs)
            now.spans, now.text = (_span(spans.get("colspan")), _span(spans.get("rowspan"))), []
        elif tag in ("br", "p", "div") and now.text:
            now.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._left_out -= tag in _LEFT_OUT and self._left_out > 0
        if not self._open:
            return
        if tag in ("td", "th"):
            self._end_cell(self._open[-1])
        elif tag in ("tr", "table"):
            self._end_row(self._open[-1])
        if tag == "table":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and not self._left_out and (text := self._open[-1].text) is not None:
            text.append(data)

    def close(self) -> None:
        super().close()
        if self._open:
            raise UnreadableFile("the table is cut off: it does not end")

    def _end_cell(self, now: _Open) -> None:
        if now.text is None or now.row is None:
            return
        value = " ".join("".join(now.text).replace("\xa0", " ").split())
        now.text = None
        self._taken(now)
        across, down = now.spans
        for cell in [value, *[""] * (across - 1)]:
            if down > 1:
                now.below[len(now.row)] = down
            now.row.append(cell)

    def _taken(self, now: _Open) -> None:
        """Cells that a rowspan above has taken are empty."""
        while now.row is not None and now.below.get(len(now.row), 0):
            now.row.append("")

    def _end_row(self, now: _Open) -> None:
        self._end_cell(now)
        if now.row is None:
            return
        self._taken(now)
        now.below = {column: rows - 1 for column, rows in now.below.items() if rows > 1}
        now.table.rows.append(now.row)
        now.row = None


def _span(text: str | None) -> int:
    return min(max(int(text), 1), MAX_SPAN) if text is not None and text.strip().isdecimal() else 1


def xml_sheets(data: bytes) -> list[Table]:
    """Worksheets of an XML Spreadsheet 2003; UnreadableFile where it is damaged."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"the workbook is larger than {MAX_BYTES >> 20} MiB; export CSV")
    if b"<!ENTITY" in _plain(data[:65536]):
        raise UnreadableFile("the workbook defines entities of its own, as no export does")
    try:
        root = ElementTree.fromstring(data.lstrip())
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UnreadableFile(f"the workbook is damaged or cut off ({error})") from error
    return [Table(sheet.get(f"{_SS}Name", ""), _xml_rows(sheet)) for sheet in root.iter(f"{_SS}Worksheet")]


def _xml_rows(sheet: ElementTree.Element) -> list[list[object]]:
    rows: list[list[object]] = []
    below: dict[int, int] = {}
    for element in sheet.iterfind(f"{_SS}Table/{_SS}Row"):
        number = _index(element, len(rows) + 1)
        for _ in range(number - len(rows) - 1):
            rows.append([])
            below = {column: left - 1 for column, left in below.items() if left > 1}
        cells: list[object] = []
        for cell in element.iterfind(f"{_SS}Cell"):
            while below.get(len(cells), 0):
                cells.append("")
            cells += [""] * (_index(cell, len(cells) + 1) - len(cells) - 1)
            down = int(cell.get(f"{_SS}MergeDown", "0"))
            across = int(cell.get(f"{_SS}MergeAcross", "0"))
            for value in [_value(cell.find(f"{_SS}Data")), *[""] * min(across, MAX_SPAN)]:
                if down:
                    below[len(cells)] = down + 1
                cells.append(value)
        rows.append(cells)
        below = {column: left - 1 for column, left in below.items() if left > 1}
    return rows


def _index(element: ElementTree.Element, default: int) -> int:
    """The place of a row or cell from 1; UnreadableFile where it is far out or goes back."""
    text = element.get(f"{_SS}Index")
    number = int(text) if text is not None and text.isdecimal() else default
    if not default <= number <= default + 1_048_576:
        raise UnreadableFile("the workbook is damaged (rows or cells out of order)")
    return number


def _value(data: ElementTree.Element | None) -> object:
    if data is None:
        return ""
    text = "".join(data.itertext())
    with suppress(ValueError):
        match data.get(f"{_SS}Type"):
            case "Number":
                return float(text)
            case "DateTime":
                return dt.datetime.fromisoformat(text)
            case "Boolean":
                return text.strip() == "1"
    return text
