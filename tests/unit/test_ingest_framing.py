"""Framing: where records end, how many fields they have, and which cannot be trusted."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ingest import framing
from orchestration.ingest.framing import (
    FIT,
    HAS_NUL,
    IN_DOUBT,
    NOT_TEXT,
    QUOTE_BROKEN,
    QUOTE_UNCLOSED,
    TOO_LONG,
    RecordScanner,
)
from orchestration.ingest.lines import runs

Record = tuple[bytes, int, int]


def records(
    text: bytes, *, step: int | None = None, delimiter: str = ",", has_quotes: bool = True
) -> list[Record]:
    """Text, field count and fault of every record, the text fed in pieces of `step` bytes."""
    scanner = RecordScanner(delimiter=ord(delimiter), has_quotes=has_quotes, width=2)
    step = step or max(1, len(text))
    parts = [scanner.feed(text[start : start + step]) for start in range(0, len(text), step)]
    parts.append(scanner.finish())
    return [
        (part.text(i), int(part.counts[i]), int(part.faults[i])) for part in parts for i in range(len(part))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a,b\n1,2\n", [(b"a,b", 2, FIT), (b"1,2", 2, FIT)]),
        (b"a,b\r\n1,2", [(b"a,b", 2, FIT), (b"1,2", 2, FIT)]),
        (b"a,b\r1,2\r\n3,4\n", [(b"a,b", 2, FIT), (b"1,2", 2, FIT), (b"3,4", 2, FIT)]),
        (b'1,"x\r\ny"\r\n3,4', [(b'1,"x\r\ny"', 2, FIT), (b"3,4", 2, FIT)]),
        (b'a,"b""c,d",""\n,,\n', [(b'a,"b""c,d",""', 3, FIT), (b",,", 3, FIT)]),
        (b"a,b\n\n1,2\n", [(b"a,b", 2, FIT), (b"", 1, FIT), (b"1,2", 2, FIT)]),
        # The trap: an extra separator that leaves the last field empty is a field too many.
        (b"a,b\n1,2,\n", [(b"a,b", 2, FIT), (b"1,2,", 3, FIT)]),
        # A quote after the end of a field breaks that line only: the next one, with quotes of its own that
        # would be illegal inside a text, is surely a row.
        (b'1,"x"y\n3,"z"\n', [(b'1,"x"y', 0, QUOTE_BROKEN), (b'3,"z"', 2, FIT)]),
        (b'1,x"y\n3,4\n5,"z"\n', [(b'1,x"y', 0, QUOTE_BROKEN), (b"3,4", 2, FIT), (b'5,"z"', 2, FIT)]),
        (b'1,x"y\n3,4\n', [(b'1,x"y', 0, QUOTE_BROKEN), (b"3,4", 2, FIT)]),
        # These lines may be the rest of the broken text, and nothing says where it ends …
        (
            b'1,"he said "hi"\nx,y\n",3\n4,5\n',
            [
                (b'1,"he said "hi"', 0, QUOTE_BROKEN),
                (b"x,y", 0, IN_DOUBT),
                (b'",3', 0, IN_DOUBT),
                (b"4,5", 0, IN_DOUBT),
            ],
        ),
        # … until a sure row does.
        (
            b'1,"he said "hi"\nx,y\n",3\n4,5\n6,"z"\n',
            [
                (b'1,"he said "hi"', 0, QUOTE_BROKEN),
                (b"x,y", 0, IN_DOUBT),
                (b'",3', 0, IN_DOUBT),
                (b"4,5", 2, FIT),
                (b'6,"z"', 2, FIT),
            ],
        ),
        # A stray quote at the start of a field is noticed at the next one; what lies between may be its text.
        (
            b'1,"x\n3,4\n5,"y"\n6,"z"\n',
            [(b'1,"x', 0, QUOTE_BROKEN), (b"3,4", 0, IN_DOUBT), (b'5,"y"', 0, IN_DOUBT), (b'6,"z"', 2, FIT)],
        ),
        # A stray quote that seems to end a text too early makes a line of it look like a row.
        (
            b'0,"k"\n1,"text"\np,q\nr",\n7,"z"\n',
            [
                (b'0,"k"', 2, FIT),
                (b'1,"text"', 0, IN_DOUBT),
                (b"p,q", 0, IN_DOUBT),
                (b'r",', 0, QUOTE_BROKEN),
                (b'7,"z"', 2, FIT),
            ],
        ),
        # The mark of inches within a field cannot end a text, so rows before it are not in doubt.
        (
            b'0,"k"\n1,2\n3,24" wide\n5,6\n7,"z"\n',
            [
                (b'0,"k"', 2, FIT),
                (b"1,2", 2, FIT),
                (b'3,24" wide', 0, QUOTE_BROKEN),
                (b"5,6", 2, FIT),
                (b'7,"z"', 2, FIT),
            ],
        ),
        (b'1,"x\n3,4\n', [(b'1,"x', 0, QUOTE_UNCLOSED), (b"3,4", 0, IN_DOUBT)]),
        (b'"', [(b'"', 0, QUOTE_UNCLOSED)]),
        (b'""', [(b'""', 1, FIT)]),
        (b"", []),
    ],
)
def test_records(text: bytes, expected: list[Record]) -> None:
    assert records(text) == expected
    for step in (1, 2, 3, 7):
        assert records(text, step=step) == expected


def test_quotes_as_ordinary_characters() -> None:
    assert records(b'24" screen,x\n"a,b\n', has_quotes=False) == [
        (b'24" screen,x', 2, FIT),
        (b'"a,b', 2, FIT),
    ]


def test_a_stray_quote_does_not_swallow_the_rest_of_a_long_file() -> None:
    rows = b"".join(b"%d,some text\n" % i for i in range(20_000))
    found = records(b'0,"open\n' + rows)
    assert found[0] == (b'0,"open', 0, QUOTE_UNCLOSED)
    assert [fault for _, _, fault in found[1:]] == [FIT] * 20_000


@pytest.mark.parametrize("rows", [199, 201])
def test_many_rows_on_end_are_in_no_doubt(rows: int) -> None:
    """The limit is 200 separators; these rows have one each."""
    table = b"".join(b"%d,some text\n" % i for i in range(rows))
    is_sure = rows > 200
    # Before a quote that may end a text, and after one that may begin one.
    text = b'0,"text"\n' + table + b'r",\n' + table + b'",\n1,2\n'
    expected = [FIT if is_sure else IN_DOUBT] * (1 + rows) + [QUOTE_BROKEN]
    expected += [FIT if is_sure else IN_DOUBT] * rows + [QUOTE_UNCLOSED if is_sure else IN_DOUBT, IN_DOUBT]
    assert [fault for _, _, fault in records(text)] == expected
    assert [fault for _, _, fault in records(text, step=50)] == expected


def test_a_broken_quote_in_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_RECORD_BYTES", 10_000)
    text = b'a,b\n1,x"y' + b"x" * 50_000 + b"\n3,4\n"
    found = records(text, step=5_000)
    assert [fault for _, _, fault in found] == [FIT, TOO_LONG, FIT]


def test_a_line_without_end_is_skipped_and_the_rest_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_RECORD_BYTES", 10_000)
    text = b"a,b\n1," + b"x" * 50_000 + b"\n3,4\n"
    found = records(text, step=5_000)
    assert [(count, fault) for _, count, fault in found] == [(2, FIT), (0, TOO_LONG), (2, FIT)]


def test_an_endless_quoted_field_costs_its_own_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_RECORD_BYTES", 10_000)
    text = b'a,b\n1,"open\n' + b"2,3\n" * 10_000
    found = records(text, step=5_000)
    assert [fault for _, _, fault in found] == [FIT, QUOTE_UNCLOSED] + [FIT] * 10_000


def test_nul_and_bytes_that_are_no_text() -> None:
    scanner = RecordScanner(delimiter=ord(","))
    frames = scanner.feed("a,b\n1,\0\n好,2\n".encode() + b"\xff,3\n\xe5\xa5,4\n5,6\n")
    framing.mark_unreadable(frames, is_plain=True)
    assert frames.faults.tolist() == [FIT, HAS_NUL, FIT, NOT_TEXT, NOT_TEXT, FIT]


@pytest.mark.parametrize("window", [4, 5, 6, 7])
def test_no_window_cuts_a_character(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "DECODE_WINDOW_BYTES", window)
    frames = RecordScanner(delimiter=ord(",")).feed("aé好😀,好好好\n".encode() * 5 + b"\xe5\xa5,1\n")
    framing.mark_unreadable(frames, is_plain=True)
    assert frames.faults.tolist() == [FIT] * 5 + [NOT_TEXT]


def test_line_ends_become_one_line_feed() -> None:
    frames = RecordScanner(delimiter=ord(",")).feed(b'a,b\r\n1,"x\r\ny"\r3,4\r\n\n5,6\n')
    assert frames.data.tobytes() == b'a,b\n1,"x\r\ny"\n3,4\n\n5,6\n'
    assert [frames.text(i) for i in range(len(frames))] == [b"a,b", b'1,"x\r\ny"', b"3,4", b"", b"5,6"]


def test_runs() -> None:
    flags = np.array([True, True, False, True, False, False, True])
    assert runs(flags).tolist() == [[0, 2], [3, 4], [6, 7]]
    assert runs(np.zeros(3, dtype=bool)).tolist() == []


CELL = st.text(alphabet=st.sampled_from('ab,"\n\r 好0'), max_size=6)


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8),
    style=st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]),
    step=st.integers(1, 20),
    is_ended=st.booleans(),
)
def test_what_a_csv_writer_writes_is_fit(
    rows: list[list[str]], style: tuple[str, int], step: int, is_ended: bool
) -> None:
    """Against Python's own csv module: every record is found, with its fields counted, in any buffering."""
    out = io.StringIO(newline="")
    line_end, quoting = style
    csv.writer(out, lineterminator=line_end, quoting=quoting).writerows(rows)
    text = out.getvalue() if is_ended else out.getvalue().removesuffix(line_end)
    found = records(text.encode(), step=step)
    assert [count for _, count, _ in found] == [len(row) for row in rows]
    assert all(fault == FIT for _, _, fault in found)
    for (record, _, _), row in zip(found, rows, strict=True):
        assert next(csv.reader(io.StringIO(record.decode(), newline=""))) == row


@settings(max_examples=400, deadline=None)
@given(text=st.text(alphabet=st.sampled_from('a,"\n\r'), max_size=60), step=st.integers(1, 13))
def test_buffering_never_matters(text: str, step: int) -> None:
    assert records(text.encode(), step=step) == records(text.encode())
