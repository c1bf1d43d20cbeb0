"""A chart of a page: the data and what is said of it; the specifications are `assets/charts.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from orchestration.board.words import pair


@dataclass(frozen=True)
class Pick:
    """A choice above a chart: the column or word `name`, its options (value, Chinese, English) and whether it
    keeps only the rows with the value chosen.
    """

    name: str
    word: str
    options: Sequence[tuple[str, str, str]]
    chosen: str
    filters: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart by the name of its specification, with its rows.

    `titles` are the columns of the table that stands for it (column, key of the words); `says` are values
    that the specification asks for, `formats` d3 formats by the value of `format_by`.
    """

    name: str
    caption: tuple[str, str]
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    titles: Sequence[tuple[str, str]]
    picks: Sequence[Pick] = ()
    says: Mapping[str, object] = field(default_factory=dict)
    format: str = ",.2~f"
    formats: Mapping[str, str] = field(default_factory=dict)
    format_by: str = ""

    @property
    def island(self) -> Markup:
        """What the script reads, as JSON that no text of an export can leave."""
        said: dict[str, Any] = {
            "columns": list(self.columns),
            "rows": [[_plain(one) for one in row] for row in self.rows],
            "titles": [[column, *pair(key)] for column, key in self.titles],
            "picks": [
                {
                    "name": pick.name,
                    "word": pick.word,
                    "options": [list(one) for one in pick.options],
                    "chosen": pick.chosen,
                    "filters": pick.filters,
                }
                for pick in self.picks
            ],
            "says": dict(self.says),
            "format": self.format,
            "formats": dict(self.formats),
            "format_by": self.format_by,
        }
        return inside_script(json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def inside_script(text: str) -> Markup:
    """JSON as it may stand inside a script element: `<`, `>` and `&` only occur within its strings."""
    return Markup(
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
