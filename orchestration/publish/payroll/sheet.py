"""One sheet of a workbook: columns with both languages above them, rows, a row of totals, how it prints."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from orchestration.publish.payroll.words import Words

Kind = Literal["text", "money", "number", "count", "code"]
NARROWEST, WIDEST, WIDEST_CODE = 6, 22, 40
LINE_HEIGHT = 13
"""How high a line of a cell is, in points."""
A4 = 9
HEADER = 0
"""The row of the header; those of the data follow it."""


@dataclass(frozen=True)
class Formula:
    """A formula with what it comes to: readers that calculate nothing see the value."""

    text: str
    value: Decimal


Value = str | int | Decimal | Formula | None


@dataclass(frozen=True)
class Column:
    """A column: a name for formulas, what stands above it, what its cells are. One that `is_summed` has a
    total below.
    """

    name: str
    head: Words
    kind: Kind = "text"
    is_summed: bool = False

    @property
    def header(self) -> str:
        """What its first cell says: Chinese, then English in a line of its own."""
        return f"{self.head.zh}\n{self.head.en}"


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is written. `printed` counts the columns, from the left, that go onto paper: the codes
    behind them do not.
    """

    name: Words
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    printed: int
    total: Words | None = None

    @property
    def title(self) -> str:
        """What its tab says."""
        return str(self.name)

    def letter(self, name: str) -> str:
        """The letter of a column."""
        return str(xl_col_to_name([column.name for column in self.columns].index(name)))

    def cells(self, name: str) -> str:
        """The cells of a column's rows as another sheet's formula names them."""
        letter = self.letter(name)
        return f"'{self.title}'!${letter}${HEADER + 2}:${letter}${HEADER + 1 + max(1, len(self.rows))}"


class Formats:
    """The formats of one workbook."""

    def __init__(self, book: Workbook) -> None:
        shared = {"font_size": 10, "valign": "vcenter"}
        add: Callable[[Mapping[str, Any]], Format] = lambda more: book.add_format({**shared, **more})  # noqa: E731
        top = {"bold": True, "bg_color": "#DDE6F0", "bottom": 1, "text_wrap": True, "align": "center"}
        sums = {"bold": True, "top": 1, "bg_color": "#F2F5F8"}
        quiet = {"font_color": "#5B6876"}
        self.head = add(top)
        self.head_code = add({**top, **quiet})
        self.kinds: dict[Kind, Format] = {
            "text": add({"num_format": "@", "text_wrap": True, "align": "left", "indent": 1}),
            "code": add({"num_format": "@", **quiet}),
            "money": add({"num_format": "#,##0.00"}),
            "count": add({"num_format": "#,##0"}),
            "number": add({"num_format": "#,##0.00######"}),
        }
        self.sum_text = add({"num_format": "@", **sums})
        self.sum_money = add({"num_format": "#,##0.00", **sums})
        self.sum_count = add({"num_format": "#,##0", **sums})


def write_sheet(book: Workbook, formats: Formats, sheet: Sheet, *, heading: str, page: Words) -> None:
    """Write a sheet; `heading` stands above each printed page, `page` is how the number of a page is said."""
    place = book.add_worksheet(sheet.title)
    last, widths = HEADER + len(sheet.rows), _widths(sheet)
    for position, column in enumerate(sheet.columns):
        is_code = column.kind == "code"
        place.write_string(HEADER, position, column.header, formats.head_code if is_code else formats.head)
        place.set_column(position, position, widths[position])
    place.set_row(
        HEADER, _height((column.header, room) for column, room in zip(sheet.columns, widths, strict=True))
    )
    texts = [position for position, column in enumerate(sheet.columns) if column.kind == "text"]
    for line, row in enumerate(sheet.rows, start=HEADER + 1):
        # Not every reader makes room by itself for what is wrapped.
        place.set_row(line, _height((str(row[position] or " "), widths[position]) for position in texts))
        for position, value in enumerate(row):
            _write(place, line, position, value, _format(formats, sheet.columns[position].kind, value))
    if sheet.total is not None:
        last += 1
        _write_totals(place, formats, sheet, last)
    # Ids are texts, also those of digits alone: no warning about it.
    place.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(sheet.columns) - 1)}{last + 1}"})
    place.autofilter(HEADER, 0, max(HEADER + 1, HEADER + len(sheet.rows)), len(sheet.columns) - 1)
    place.freeze_panes(HEADER + 1, 2)
    place.set_landscape()
    place.set_paper(A4)
    place.fit_to_pages(1, 0)
    place.repeat_rows(HEADER)
    place.print_area(0, 0, last, sheet.printed - 1)
    place.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    place.set_header(f"&L{_plain(heading)}&R{_plain(sheet.title)}")
    place.set_footer(f"&C{_paged(page.zh)} · {_paged(page.en)}")


def _write_totals(place: Worksheet, formats: Formats, sheet: Sheet, line: int) -> None:
    """The last row: what is summed, of the rows that a filter leaves."""
    for position, column in enumerate(sheet.columns):
        if not column.is_summed:
            place.write_string(line, position, str(sheet.total) if position == 0 else "", formats.sum_text)
            continue
        amount = Decimal(sum(number_of(row[position]) for row in sheet.rows))
        style = formats.sum_count if column.kind == "count" else formats.sum_money
        letter = xl_col_to_name(position)
        if not sheet.rows:
            place.write_number(line, position, 0, style)
            continue
        summed = f"=ROUND(SUBTOTAL(109,{letter}{HEADER + 2}:{letter}{line}),2)"
        place.write_formula(line, position, summed, style, float(amount))


def number_of(value: Value) -> Decimal:
    """What a cell counts in a sum; an empty one nothing."""
    if isinstance(value, Formula):
        return value.value
    return value if isinstance(value, Decimal) else Decimal(value or 0)


def _format(formats: Formats, kind: Kind, value: Value) -> Format:
    """That of the kind; a number that is whole has no decimals."""
    if kind == "number" and isinstance(value, Decimal) and value == value.to_integral_value():
        return formats.kinds["count"]
    return formats.kinds[kind]


def _write(place: Worksheet, line: int, position: int, value: Value, style: Format) -> None:
    if value is None:
        return
    if isinstance(value, str):
        place.write_string(line, position, value, style)
    elif isinstance(value, Formula):
        place.write_formula(line, position, value.text, style, float(value.value))
    else:
        place.write_number(line, position, float(value), style)


def _widths(sheet: Sheet) -> list[int]:
    """Each column wide enough for the longest of its texts, within bounds; what is longer is wrapped."""
    return [_width(sheet, position, column) for position, column in enumerate(sheet.columns)]


def _width(sheet: Sheet, position: int, column: Column) -> int:
    # A button of the filter stands beside the header.
    needed = [_header_width(text) + 3 for text in column.header.split("\n")]
    needed += [width(_shown(row[position], column.kind)) + 2 for row in sheet.rows]
    if column.is_summed:
        needed.append(width(f"{sum(number_of(row[position]) for row in sheet.rows):,.2f}") + 2)
    # Codes lie on no paper: they may be as wide as they are.
    return min(WIDEST_CODE if column.kind == "code" else WIDEST, max(NARROWEST, *needed))


def _header_width(text: str) -> int:
    """A header of several words may be wrapped."""
    longest = max((width(part) for part in text.split(" ")), default=0)
    return max(longest, min(width(text), 12))


def _height(texts: Iterable[tuple[str, int]]) -> int:
    """How high a row is in which each text, of a column's width, is wrapped."""
    return LINE_HEIGHT * max(
        sum(-(-width(part) // max(1, room - 1)) for part in text.split("\n")) for text, room in texts
    )


def _shown(value: Value, kind: Kind) -> str:
    if isinstance(value, Formula):
        value = value.value
    if value is None or isinstance(value, str):
        return value or ""
    if kind == "money":
        return f"{value:,.2f}"
    return f"{value:,f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else f"{value:,}"


def width(text: str) -> int:
    """How many columns of a fixed font a text takes: characters of Chinese take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _paged(text: str) -> str:
    """`page {page} of {pages}` with the codes of a page's footer."""
    return _plain(text).format(page="&P", pages="&N")


def _plain(text: str) -> str:
    """A text of a page's header, where `&` begins a code."""
    return text.replace("&", "&&")
