"""Public collections of difficult CSV files; skipped where they are not at hand.

`csv-spectrum`: files with their meaning as JSON; all must read as meant. `csv_hostile`: broken files and odd
encodings from DuckDB's tests; `OUTCOMES` is what becomes of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest.database import quoted
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.sources import ReadingOptions, SourceReader
from tests.ingest_support import SHARED_DATA

SPECTRUM = SHARED_DATA / "csv_spectrum"
HOSTILE = SHARED_DATA / "csv_hostile"

ALL_SPECTRUM = (
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "location_coordinates",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
)


@dataclass(frozen=True)
class Read:
    """A file as text rows and the rows that were rejected, by row number."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    rejected: dict[int, str]
    encoding: str


def read(path: Path, scratch: Path, options: ReadingOptions | None = None) -> Read:
    """All rows of a file through the reader that ingestion uses."""
    compression = "gz" if path.suffix == ".gz" else ""
    file = LandedFile(path.name, path, "csv", compression, path.stat().st_size)
    reader = SourceReader(file, options or ReadingOptions(), frozenset(), scratch)
    form = reader.form()
    rows: list[tuple[str, ...]] = []
    rejected: dict[int, str] = {}
    with duckdb.connect() as connection:
        for segment in reader.segments(form):
            assert segment.ordinals is not None
            connection.register("__ordinals", {"row": segment.ordinals})
            names = ", ".join(quoted(name) for name in segment.columns)
            found = connection.execute(f"SELECT {names} FROM ({segment.sql}) ORDER BY __row").fetchall()
            assert len(found) == segment.row_count
            rows += found
            rejected |= {record.row_number: record.reason for record in segment.bad}
    return Read(form.columns, rows, rejected, form.encoding)


@pytest.fixture
def spectrum() -> Path:
    if not SPECTRUM.exists():
        pytest.skip("csv_spectrum is not in ../shared/data")
    return SPECTRUM


@pytest.fixture(scope="module")
def hostile() -> Iterator[Path]:
    if not HOSTILE.exists():
        pytest.skip("csv_hostile is not in ../shared/data")
    yield HOSTILE


@pytest.mark.parametrize("name", ALL_SPECTRUM)
def test_spectrum(spectrum: Path, name: str, tmp_path: Path) -> None:
    found = read(spectrum / "csvs" / f"{name}.csv", tmp_path)
    meant = json.loads((spectrum / "json" / f"{name}.json").read_text(encoding="utf-8"))
    if name == "location_coordinates":
        # The collection anonymised the number in its JSON only.
        meant["Contact Phone Number"] = "2095257564"
    assert not found.rejected
    as_objects = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    assert as_objects == (meant if isinstance(meant, list) else [meant])


def test_spectrum_is_complete(spectrum: Path) -> None:
    assert sorted(path.stem for path in (spectrum / "csvs").glob("*.csv")) == sorted(ALL_SPECTRUM)


COUNT = "fields, the header"
QUOTE = "a quote stands"
OPEN = "never closed"
DOUBT = "a quote nearby is broken"
TEXT = "no text"

LATIN1 = ReadingOptions(encoding="latin-1")
SHIFT_JIS = ReadingOptions(encoding="shift_jis")
UNREADABLE = -1


@dataclass(frozen=True)
class Fate:
    """Rows loaded (or UNREADABLE); rows rejected by number (the header is row 1), with part of the reason."""

    loaded: int
    rejected: dict[int, str]
    options: ReadingOptions | None = None
    encoding: str = "utf-8"


# Maximum line sizes and column types, which some of these files play with, are DuckDB settings that ingestion
# does not use: such rows are sound text. What a type rejects is the mapping's matter and tested there.
OUTCOMES = [
    ("rejects/dr_who.csv", Fate(1, {})),
    ("rejects/flush.csv", Fate(7, {})),
    ("rejects/frankstein/nightmare.csv", Fate(43, {10: COUNT, 14: COUNT, 22: QUOTE, 38: TEXT})),
    (
        "rejects/incorrect_columns/few_columns.csv",
        Fate(2768, {1814: COUNT, 1823: COUNT, 2378: COUNT, 2762: COUNT}),
    ),
    (
        "rejects/incorrect_columns/many_columns.csv",
        Fate(2768, {1096: COUNT, 1159: COUNT, 1206: COUNT, 2769: COUNT}),
    ),
    (
        "rejects/incorrect_columns/mix_columns.csv",
        Fate(2768, {1604: COUNT, 1671: COUNT, 2751: COUNT, 2768: COUNT}),
    ),
    ("rejects/incorrect_columns/small_mix.csv", Fate(2, {3: COUNT, 4: COUNT})),
    ("rejects/maximum_line/max_10.csv", Fate(7, {})),
    ("rejects/maximum_line/over_vector.csv", Fate(2925, {})),
    ("rejects/multiple_errors/cast_and_less_col.csv", Fate(2, {4: COUNT, 5: COUNT})),
    ("rejects/multiple_errors/cast_and_maxline.csv", Fate(3, {})),
    ("rejects/multiple_errors/cast_and_more_col.csv", Fate(2, {4: COUNT, 5: COUNT})),
    ("rejects/multiple_errors/invalid_utf_cast.csv", Fate(1, {3: TEXT})),
    ("rejects/multiple_errors/invalid_utf_less.csv", Fate(1, {3: TEXT})),
    ("rejects/multiple_errors/invalid_utf_max_line.csv", Fate(1, {3: TEXT})),
    ("rejects/multiple_errors/invalid_utf_more.csv", Fate(1, {3: TEXT})),
    ("rejects/multiple_errors/invalid_utf_unquoted.csv", Fate(1, {3: QUOTE})),
    ("rejects/multiple_errors/less_col_and_max_line.csv", Fate(2, {4: COUNT})),
    ("rejects/multiple_errors/more_col_and_max_line.csv", Fate(2, {4: COUNT})),
    ("rejects/multiple_errors/multiple_cast_implicit.csv", Fate(3, {})),
    ("rejects/multiple_errors/multiple_casts_flush.csv", Fate(3, {})),
    ("rejects/multiple_errors/multiple_casts_mixed.csv", Fate(3, {})),
    (
        "rejects/multiple_errors/multiple_errors.csv",
        Fate(2, {4: COUNT, 5: COUNT, 6: QUOTE, 7: COUNT, 8: COUNT}),
    ),
    ("rejects/multiple_errors/unquoted_cast.csv", Fate(2, {3: QUOTE})),
    ("rejects/multiple_errors/unquoted_less.csv", Fate(2, {3: QUOTE})),
    ("rejects/multiple_errors/unquoted_maxline.csv", Fate(2, {3: QUOTE})),
    ("rejects/multiple_errors/unquoted_more.csv", Fate(2, {3: QUOTE})),
    ("rejects/unquoted/basic.csv", Fate(6, {5: QUOTE})),
    ("rejects/unquoted/unquoted_last_value.csv", Fate(3, {5: OPEN})),
    ("rejects/unquoted/unquoted_new_line.csv", Fate(6, {5: QUOTE, 6: DOUBT})),
    # Every character of an encoding, one a line: read as a profile names it.
    ("encodings/all_latin1.csv", Fate(189, {}, LATIN1, "latin-1")),
    # The last line is a lone surrogate, which is no character.
    ("encodings/all_utf16.csv", Fate(63485, {63485: TEXT}, None, "utf-16")),
    ("encodings/latin1.csv", Fate(12, {}, None, "latin-1")),
    ("encodings/latin1.csv.gz", Fate(12, {}, None, "latin-1")),
    # Nothing but the upper half of Latin-1, and Japanese: not to be guessed, so refused until told.
    ("encodings/only_latin1.csv", Fate(UNREADABLE, {})),
    ("encodings/only_latin1.csv", Fate(5, {}, LATIN1, "latin-1")),
    ("encodings/shift_jis.csv", Fate(UNREADABLE, {})),
    ("encodings/shift_jis.csv", Fate(20, {}, SHIFT_JIS, "shift_jis")),
    ("encodings/only_utf16.csv", Fate(5, {}, None, "utf-16")),
    ("encodings/utf16.csv", Fate(20, {}, None, "utf-16")),
    ("encodings/utf16.csv.gz", Fate(20, {}, None, "utf-16")),
]


@pytest.mark.parametrize(("name", "fate"), OUTCOMES, ids=[name for name, _ in OUTCOMES])
def test_hostile(hostile: Path, name: str, fate: Fate, tmp_path: Path) -> None:
    if fate.loaded == UNREADABLE:
        with pytest.raises(UnreadableFile, match="name the encoding in a profile"):
            read(hostile / name, tmp_path)
        return
    found = read(hostile / name, tmp_path, fate.options)
    assert found.encoding == fate.encoding
    assert len(found.rows) == fate.loaded
    assert list(found.rejected) == list(fate.rejected)
    for number, reason in fate.rejected.items():
        assert reason in found.rejected[number]


def test_every_hostile_file_has_an_outcome(hostile: Path) -> None:
    files = {path.relative_to(hostile).as_posix() for path in hostile.rglob("*.csv*")}
    assert files == {name for name, _ in OUTCOMES}


def test_hostile_text_is_read_as_written(hostile: Path, tmp_path: Path) -> None:
    assert read(hostile / "encodings/latin1.csv", tmp_path).rows[0] == ("José Álvarez", "30")
    assert read(hostile / "encodings/shift_jis.csv", tmp_path, SHIFT_JIS).columns == ("名前", "年齢")
    latin = read(hostile / "encodings/all_latin1.csv", tmp_path, LATIN1)
    assert [row[0] for row in latin.rows][-1] == "ÿ"
