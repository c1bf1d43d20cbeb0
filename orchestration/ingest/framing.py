"""Where the records of a delimited text begin and end, how many fields each has, which cannot be trusted.

The scanner is the authority on framing. DuckDB's reader guesses in three ways that lose rows: it shifts a row
whose extra separator leaves the last field empty, it lets a stray quote swallow the lines after it, and its
detection may turn a broken file into one column. Here a record is fit only if its quotes are legal and its
fields can be counted.

Strict RFC 4180: a quote opens at the start of a field, closes before a separator or a line end, is doubled
inside. Line ends are LF, CRLF or CR, also mixed. Everything is numpy over whole buffers; a broken quote costs
one small window more. What is in doubt around a broken quote:
docs/decisions/0019-lines-in-doubt-around-a-broken-quote.md.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.doubt import Doubt
from orchestration.ingest.grammar import Grammar
from orchestration.ingest.lines import (
    CR,
    LF,
    Bytes,
    Offsets,
    first_line_end,
    trimmed,
)

NUL = 0

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""A longer record is rejected and skipped, so that one endless line cannot fill the memory."""

SCAN_WINDOW_BYTES = 2 * 1024 * 1024
"""Looked at in one go: small enough for the processor's cache."""

DECODE_WINDOW_BYTES = 256 * 1024

REPAIR_WINDOW_BYTES = 64 * 1024
"""Looked at after a broken quote, so that many of them stay affordable."""

FIT = 0
QUOTE_BROKEN = 1
QUOTE_UNCLOSED = 2
IN_DOUBT = 3
TOO_LONG = 4
HAS_NUL = 5
NOT_TEXT = 6

REASONS = {
    QUOTE_BROKEN: "a quote stands inside a field or after its end",
    QUOTE_UNCLOSED: "a quoted field is never closed",
    IN_DOUBT: "a quote nearby is broken, and the line may be part of a text field there",
    TOO_LONG: f"the row is longer than {MAX_RECORD_BYTES // 1024 // 1024} MiB",
    HAS_NUL: "the row holds a NUL byte",
    NOT_TEXT: "the row holds bytes that are no text in the file's encoding",
}


@dataclass(frozen=True)
class Frames:
    """Records of one buffer, in file order.

    `data` has every record's line end as one LF. Record i is `data[starts[i]:ends[i]]`, has `counts[i]`
    fields, is fit when `faults[i] == FIT`; an unfit record's count is not meaningful and its text may be cut.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets
    counts: Offsets
    faults: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, index: int, limit: int = 4096) -> bytes:
        """The first `limit` bytes of a record."""
        start = int(self.starts[index])
        return self.data[start : min(int(self.ends[index]), start + limit)].tobytes()


@dataclass
class _Collected:
    starts: list[Offsets] = field(default_factory=list)
    ends: list[Offsets] = field(default_factory=list)
    counts: list[Offsets] = field(default_factory=list)
    faults: list[NDArray[np.uint8]] = field(default_factory=list)

    def add(
        self, starts: Offsets, ends: Offsets, counts: Offsets, faults: NDArray[np.uint8] | int = FIT
    ) -> None:
        self.starts.append(starts)
        self.ends.append(ends)
        self.counts.append(counts)
        self.faults.append(np.broadcast_to(np.asarray(faults, dtype=np.uint8), starts.shape))

    def add_one(self, start: int, end: int, fault: int) -> None:
        self.add(_offsets(start), _offsets(end), _offsets(0), fault)

    def start_of(self, offset: int) -> int:
        """Where the record begins in which this offset lies."""
        for starts in reversed(self.starts):
            if len(starts) and starts[0] <= offset:
                return int(starts[np.searchsorted(starts, offset, side="right") - 1])
        return 0

    def cut(self, offset: int) -> None:
        """Forget the records from this start on."""
        while self.starts and (not len(self.starts[-1]) or self.starts[-1][0] >= offset):
            for parts in (self.starts, self.ends, self.counts, self.faults):
                parts.pop()
        if self.starts:
            kept = int(np.searchsorted(self.starts[-1], offset))
            for values in (self.starts, self.ends, self.counts):
                values[-1] = values[-1][:kept]
            self.faults[-1] = self.faults[-1][:kept]


class RecordScanner:
    """Cuts a stream of byte buffers into records. Call `feed` for each buffer, then `finish` once.

    `delimiter` is one ASCII byte; `has_quotes = False` takes quotes as ordinary characters. `width` is how
    many fields a row has; it tells rows from lines of text around a broken quote (None: only the broken line
    itself is rejected, as is good enough for a look at a file's form).
    """

    def __init__(self, *, delimiter: int, has_quotes: bool = True, width: int | None = None) -> None:
        self._grammar = Grammar(delimiter, has_quotes=has_quotes)
        self._doubt = None if width is None or not has_quotes else Doubt(self._grammar, width)
        self._carry = b""
        self._is_skipping = False
        self._is_in_doubt = False
        self._is_just_broken = False

    def feed(self, chunk: bytes) -> Frames:
        """Records completed by this buffer; those that its end leaves open or in doubt wait for the next."""
        return self._consume(chunk, is_final=False)

    def finish(self) -> Frames:
        """What is left at the end of the stream, a last record without a line end included."""
        return self._consume(b"", is_final=True)

    def _consume(self, chunk: bytes, *, is_final: bool) -> Frames:
        if self._is_skipping:
            cut = first_line_end(np.frombuffer(chunk, dtype=np.uint8), 0, is_final=True)
            if cut is None:
                return _frames(np.zeros(0, dtype=np.uint8), _Collected())
            chunk = chunk[cut:]
            self._is_skipping = False
        data = self._carry + chunk if self._carry else chunk
        buffer = np.frombuffer(data, dtype=np.uint8)
        collected = _Collected()
        position = self._records(buffer, collected, is_final=is_final)
        self._carry = data[position:]
        return _frames(buffer, collected)

    def _records(self, buffer: Bytes, collected: _Collected, *, is_final: bool) -> int:
        """Collect records; returns the offset from which bytes must wait for more.

        `certain` is the last offset at which a row surely begins; the buffer always begins at one.
        """
        size = len(buffer)
        position = certain = 0
        width = SCAN_WINDOW_BYTES
        while position < size:
            if self._is_in_doubt:
                position = certain = self._search(buffer, position, collected, is_final=is_final)
                if self._is_in_doubt:
                    return position
                width = REPAIR_WINDOW_BYTES
                continue
            stop = min(size, position + width)
            at_end = is_final and stop == size
            scan = self._grammar.scan(buffer[position:stop], is_final=at_end)
            collected.add(scan.starts + position, scan.ends + position, scan.counts)
            begin = position + scan.next_start
            if scan.broken_at is not None or (at_end and begin < size):
                broken_at = None if scan.broken_at is None else position + scan.broken_at
                resumed = self._after_break(
                    buffer, begin, broken_at, collected, certain=certain, is_final=is_final
                )
                if resumed is None:
                    return self._held_back(buffer, begin, collected, certain=certain)
                position, width = resumed, REPAIR_WINDOW_BYTES
            elif stop < size:
                width = 2 * width if begin == position else max(width, min(2 * width, SCAN_WINDOW_BYTES))
                position = begin
            elif is_final:
                return size
            elif size - begin <= MAX_RECORD_BYTES:
                return self._held_back(buffer, begin, collected, certain=certain)
            else:
                position = self._after_endless_record(buffer, begin, collected, is_open=scan.is_open)
        return size

    def _held_back(self, buffer: Bytes, begin: int, collected: _Collected, *, certain: int) -> int:
        """Keep the records back that a quote broken further on would put in doubt; returns their offset."""
        if self._doubt is None:
            return begin
        quote = self._doubt.first_candidate(buffer, certain, begin, is_open=False)
        if quote is None:
            return begin
        start = max(certain, collected.start_of(quote))
        collected.cut(start)
        return start

    def _after_endless_record(
        self, buffer: Bytes, begin: int, collected: _Collected, *, is_open: bool
    ) -> int:
        """Reject a record that is too long, only its first line if it is a quote that makes it so."""
        line_end = first_line_end(buffer, begin, is_final=False) if is_open else None
        self._break_off()
        if line_end is not None:
            collected.add_one(begin, trimmed(buffer, begin, line_end), QUOTE_UNCLOSED)
            return line_end
        collected.add_one(begin, begin + 4096, TOO_LONG)
        self._is_skipping = True
        return len(buffer)

    def _after_break(
        self,
        buffer: Bytes,
        begin: int,
        broken_at: int | None,
        collected: _Collected,
        *,
        certain: int,
        is_final: bool,
    ) -> int | None:
        """Reject the broken record and what it puts in doubt before it; None when more bytes are needed.

        `begin` is where the broken record begins, `broken_at` its first illegal quote (None: it never
        closes). Returns where the search for the next certain row begins.
        """
        size = len(buffer)
        found = None if broken_at is None else first_line_end(buffer, broken_at, is_final=is_final)
        if found is None and not is_final:
            if size - begin <= MAX_RECORD_BYTES:
                return None
            return self._after_endless_record(buffer, begin, collected, is_open=False)
        line_end = found or size
        if self._doubt is None:
            end = first_line_end(buffer, begin, is_final=True) or size
            fault = QUOTE_UNCLOSED if broken_at is None else QUOTE_BROKEN
            collected.add_one(begin, trimmed(buffer, begin, end), fault)
            return end
        candidate = self._doubt.origin(buffer, certain, begin, broken_at)
        start = begin
        if candidate is not None and candidate < begin:
            start = max(certain, collected.start_of(candidate))
            collected.cut(start)
        lines = self._doubt.judged_lines(
            buffer, start, line_end, trusted_after=candidate if candidate is not None else line_end
        )
        faults = np.where(lines.are_rows, FIT, IN_DOUBT).astype(np.uint8)
        faults[np.searchsorted(lines.starts, begin)] = QUOTE_UNCLOSED if broken_at is None else QUOTE_BROKEN
        collected.add(lines.starts, lines.ends, np.where(lines.are_rows, lines.counts, 0), faults)
        self._break_off()
        return line_end

    def _break_off(self) -> None:
        self._is_in_doubt = self._doubt is not None
        self._is_just_broken = True

    def _search(self, buffer: Bytes, start: int, collected: _Collected, *, is_final: bool) -> int:
        """Reject lines until one surely is a row; returns its offset, or that from which bytes must wait."""
        assert self._doubt is not None
        size = len(buffer)
        while start < size:
            found = self._doubt.examine(buffer, start, is_final=is_final)
            if found.is_row or (found.is_end and self._is_just_broken):
                # A text that begins with a broken quote and is never closed either takes two accidents.
                self._is_in_doubt = False
                return start
            if found.end is None:
                if size - start <= MAX_RECORD_BYTES:
                    return start
                collected.add_one(start, start + 4096, TOO_LONG)
                self._is_skipping = True
                return size
            lines = self._doubt.judged_lines(buffer, start, found.end, trusted_after=found.end)
            collected.add(lines.starts, lines.ends, np.zeros_like(lines.counts), IN_DOUBT)
            self._is_just_broken = False
            start = found.end
        return start


def mark_nul(frames: Frames) -> None:
    """Mark fit records that hold a NUL byte: no text export has one, and readers cut the text there."""
    if len(frames.data) and frames.data.min() == NUL:
        _mark(frames, np.flatnonzero(frames.data == NUL), HAS_NUL)


def mark_replaced(frames: Frames) -> None:
    """Mark fit records with U+FFFD, which the decoder put where bytes were not text."""
    data = frames.data
    first = np.flatnonzero(data[:-2] == 0xEF) if len(data) > 2 else np.zeros(0, dtype=np.int64)
    _mark(frames, first[(data[first + 1] == 0xBF) & (data[first + 2] == 0xBD)], NOT_TEXT)


def mark_not_utf8(frames: Frames) -> None:
    """Mark fit records whose bytes are not UTF-8."""
    content = memoryview(frames.data.data)
    position = 0
    while position < len(content):
        # Small windows keep what is decoded, and thrown away, in the processor's cache.
        window = content[position : position + DECODE_WINDOW_BYTES]
        try:
            position += codecs.utf_8_decode(window, "strict", position + len(window) == len(content))[1]
            continue
        except UnicodeDecodeError as error:
            offset = position + error.start
        record = int(np.searchsorted(frames.ends, offset, side="right"))
        if record >= len(frames):
            return
        if frames.starts[record] <= offset and frames.faults[record] == FIT:
            frames.faults[record] = NOT_TEXT
        position = max(int(frames.ends[record]), offset + 1)


def good_runs(is_good: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Half-open index ranges of consecutive true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_good, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2):
        yield int(first), int(last)


def _mark(frames: Frames, offsets: Offsets, fault: int) -> None:
    if not len(offsets) or not len(frames):
        return
    records = np.searchsorted(frames.ends, offsets, side="right")
    records = records[records < len(frames)]
    inside = np.unique(records)
    frames.faults[inside[frames.faults[inside] == FIT]] = fault


def _offsets(value: int) -> Offsets:
    return np.array([value], dtype=np.int64)


def _frames(buffer: Bytes, collected: _Collected) -> Frames:
    """Join what was collected and turn every line end into one LF, moving the offsets along."""
    if not collected.starts:
        empty = np.zeros(0, dtype=np.int64)
        return Frames(buffer[:0], empty, empty, empty, np.zeros(0, dtype=np.uint8))
    starts = np.concatenate(collected.starts)
    ends = np.concatenate(collected.ends)
    counts = np.concatenate(collected.counts)
    faults = np.concatenate(collected.faults)
    size = int(ends[-1]) + 2 if len(ends) else 0
    data = buffer[: min(size, len(buffer))]
    closing = ends[ends < len(data)]
    returns = closing[data[closing] == CR]
    if len(returns):
        data = data.copy()
        pairs = returns[(returns + 1 < len(data)) & (data[np.minimum(returns + 1, len(data) - 1)] == LF)]
        data[returns] = LF
        keep = np.ones(len(data), dtype=bool)
        keep[pairs] = False
        starts = starts - np.searchsorted(pairs, starts)
        ends = ends - np.searchsorted(pairs, ends)
        data = data[keep]
    return Frames(data, starts, ends, counts, faults)
