"""Where the records of a delimited text begin and end, how many fields each has, which cannot be trusted.

The scanner is the authority on framing: DuckDB's reader shifts a row whose extra separator leaves the last
field empty, lets a stray quote swallow the lines after it, and may take a broken file for one column. Here a
record is fit only if its quotes are legal (`grammar`) and its fields can be counted. Everything is numpy over
whole buffers. What is in doubt around a broken quote (`doubt`):
docs/decisions/0019-lines-in-doubt-around-a-broken-quote.md.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from orchestration.ingest.doubt import Doubt
from orchestration.ingest.grammar import Grammar
from orchestration.ingest.lines import CR, LF, Bytes, Offsets, first_line_end, trimmed

Column = Offsets | int
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
    """Records of one buffer, in file order; `data` has every record's line end as one LF.

    Record i is `data[starts[i]:ends[i]]`, has `counts[i]` fields, is fit when `faults[i] == FIT`; an unfit
    one's count is not meaningful and its text may be cut.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets
    counts: Offsets
    faults: Offsets

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, index: int, limit: int = 4096) -> bytes:
        """The first `limit` bytes of a record."""
        start = int(self.starts[index])
        return self.data[start : min(int(self.ends[index]), start + limit)].tobytes()


@dataclass
class _Collected:
    """Records found so far: arrays whose four rows are starts, ends, counts and faults."""

    parts: list[Offsets] = field(default_factory=list)

    def add(self, starts: Column, ends: Column, counts: Column = 0, faults: Column = FIT) -> None:
        records = np.broadcast_arrays(*map(np.atleast_1d, (starts, ends, counts, faults)))
        self.parts.append(np.array(records, dtype=np.int64))

    def start_of(self, offset: int) -> int:
        """Where the record begins in which this offset lies."""
        for starts in (part[0] for part in reversed(self.parts)):
            if len(starts) and starts[0] <= offset:
                return int(starts[np.searchsorted(starts, offset, side="right") - 1])
        return 0

    def cut(self, offset: int) -> None:
        """Forget the records from this start on."""
        while self.parts and (not self.parts[-1].size or self.parts[-1][0, 0] >= offset):
            self.parts.pop()
        if self.parts:
            last = self.parts[-1]
            self.parts[-1] = last[:, : np.searchsorted(last[0], offset)]

    def frames(self, buffer: Bytes) -> Frames:
        """All of them, every line end turned into one LF and the offsets moved along."""
        starts, ends, counts, faults = np.concatenate([np.zeros((4, 0), np.int64), *self.parts], axis=1)
        data = buffer[: int(ends[-1]) + 2 if len(ends) else 0]
        closing = ends[ends < len(data)]
        returns = closing[data[closing] == CR]
        if len(returns):
            data = data.copy()
            pairs = returns[(returns + 1 < len(data)) & (data[np.minimum(returns + 1, len(data) - 1)] == LF)]
            data[returns] = LF
            starts = starts - np.searchsorted(pairs, starts)
            ends = ends - np.searchsorted(pairs, ends)
            data = np.delete(data, pairs)
        return Frames(data, starts, ends, counts, faults)


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
        self._buffer: Bytes = np.zeros(0, dtype=np.uint8)
        self._is_final = False
        self._found = _Collected()

    def feed(self, chunk: bytes) -> Frames:
        """Records completed by this buffer; those that its end leaves open or in doubt wait for the next."""
        return self._consume(chunk, is_final=False)

    def finish(self) -> Frames:
        """What is left at the end of the stream, a last record without a line end included."""
        return self._consume(b"", is_final=True)

    def frames(self, chunks: Iterable[bytes]) -> Iterator[Frames]:
        """The records of a whole stream."""
        for chunk in chunks:
            yield self.feed(chunk)
        yield self.finish()

    def _consume(self, chunk: bytes, *, is_final: bool) -> Frames:
        self._found = _Collected()
        if self._is_skipping:
            cut = first_line_end(np.frombuffer(chunk, dtype=np.uint8), 0, is_final=True)
            if cut is None:
                return self._found.frames(self._buffer)
            chunk = chunk[cut:]
            self._is_skipping = False
        data = self._carry + chunk if self._carry else chunk
        self._buffer, self._is_final = np.frombuffer(data, dtype=np.uint8), is_final
        position = self._records()
        self._carry = data[position:]
        return self._found.frames(self._buffer)

    def _records(self) -> int:
        """Collect records; returns the offset from which bytes must wait for more.

        `certain` is the last offset at which a row surely begins; the buffer always begins at one.
        """
        size = len(self._buffer)
        position = certain = 0
        width = SCAN_WINDOW_BYTES
        while position < size:
            if self._is_in_doubt:
                position = certain = self._search(position)
                if self._is_in_doubt:
                    return position
                width = REPAIR_WINDOW_BYTES
                continue
            stop = min(size, position + width)
            at_end = self._is_final and stop == size
            scan = self._grammar.scan(self._buffer[position:stop], is_final=at_end)
            self._found.add(scan.starts + position, scan.ends + position, scan.counts)
            begin = position + scan.next_start
            if scan.broken_at is not None or (at_end and begin < size):
                broken_at = None if scan.broken_at is None else position + scan.broken_at
                resumed = self._after_break(begin, broken_at, certain)
                if resumed is None:
                    return self._held_back(begin, certain)
                position, width = resumed, REPAIR_WINDOW_BYTES
            elif stop < size:
                width = 2 * width if begin == position else max(width, min(2 * width, SCAN_WINDOW_BYTES))
                position = begin
            elif self._is_final:
                return size
            elif size - begin <= MAX_RECORD_BYTES:
                return self._held_back(begin, certain)
            else:
                position = self._after_endless_record(begin, is_open=scan.is_open)
        return size

    def _held_back(self, begin: int, certain: int) -> int:
        """Keep the records back that a quote broken further on would put in doubt; returns their offset."""
        if self._doubt is None:
            return begin
        quote = self._doubt.first_candidate(self._buffer, certain, begin, is_open=False)
        return begin if quote is None else self._cut_at(quote, certain)

    def _cut_at(self, quote: int, certain: int) -> int:
        """Forget the record in which a quote stands, and all after it; returns its offset."""
        start = max(certain, self._found.start_of(quote))
        self._found.cut(start)
        return start

    def _after_endless_record(self, begin: int, *, is_open: bool) -> int:
        """Reject a record that is too long, only its first line if it is a quote that makes it so."""
        self._break_off()
        line_end = first_line_end(self._buffer, begin, is_final=False) if is_open else None
        if line_end is None:
            return self._skip(begin)
        self._found.add(begin, trimmed(self._buffer, begin, line_end), faults=QUOTE_UNCLOSED)
        return line_end

    def _skip(self, begin: int) -> int:
        self._found.add(begin, begin + 4096, faults=TOO_LONG)
        self._is_skipping = True
        return len(self._buffer)

    def _after_break(self, begin: int, broken_at: int | None, certain: int) -> int | None:
        """Reject the broken record and what it puts in doubt before it; None when more bytes are needed.

        `begin` is where the broken record begins, `broken_at` its first illegal quote (None: it never
        closes). Returns where the search for the next certain row begins.
        """
        buffer, size = self._buffer, len(self._buffer)
        found = None if broken_at is None else first_line_end(buffer, broken_at, is_final=self._is_final)
        if found is None and not self._is_final:
            if size - begin <= MAX_RECORD_BYTES:
                return None
            return self._after_endless_record(begin, is_open=False)
        line_end = found or size
        fault = QUOTE_UNCLOSED if broken_at is None else QUOTE_BROKEN
        if self._doubt is None:
            end = first_line_end(buffer, begin, is_final=True) or size
            self._found.add(begin, trimmed(buffer, begin, end), faults=fault)
            return end
        candidate = self._doubt.origin(buffer, certain, begin, broken_at)
        start = begin
        if candidate is not None and candidate < begin:
            start = self._cut_at(candidate, certain)
        trusted_after = line_end if candidate is None else candidate
        lines = self._doubt.judged_lines(buffer, start, line_end, trusted_after=trusted_after)
        faults = np.where(lines.are_rows, FIT, IN_DOUBT)
        faults[np.searchsorted(lines.starts, begin)] = fault
        self._found.add(lines.starts, lines.ends, np.where(lines.are_rows, lines.counts, 0), faults)
        self._break_off()
        return line_end

    def _break_off(self) -> None:
        self._is_in_doubt = self._doubt is not None
        self._is_just_broken = True

    def _search(self, start: int) -> int:
        """Reject lines until one surely is a row; returns its offset, or that from which bytes must wait."""
        assert self._doubt is not None
        size = len(self._buffer)
        while start < size:
            found = self._doubt.examine(self._buffer, start, is_final=self._is_final)
            if found.is_row or (found.is_end and self._is_just_broken):
                # A text that begins with a broken quote and is never closed either takes two accidents.
                self._is_in_doubt = False
                return start
            if found.end is None:
                return start if size - start <= MAX_RECORD_BYTES else self._skip(start)
            lines = self._doubt.judged_lines(self._buffer, start, found.end, trusted_after=found.end)
            self._found.add(lines.starts, lines.ends, faults=IN_DOUBT)
            self._is_just_broken = False
            start = found.end
        return start


def mark_unreadable(frames: Frames, *, is_plain: bool) -> None:
    """Mark fit records that hold a NUL byte, which no text export has and where readers cut the text, or
    bytes that are no text: not UTF-8 where the file is (`is_plain`), else U+FFFD, as the decoder wrote.
    """
    data = frames.data
    if len(data) and data.min() == NUL:
        _mark(frames, np.flatnonzero(data == NUL), HAS_NUL)
    if is_plain:
        _mark_not_utf8(frames)
    elif len(data) > 2:
        first = np.flatnonzero(data[:-2] == 0xEF)
        _mark(frames, first[(data[first + 1] == 0xBF) & (data[first + 2] == 0xBD)], NOT_TEXT)


def _mark_not_utf8(frames: Frames) -> None:
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


def _mark(frames: Frames, offsets: Offsets, fault: int) -> None:
    if not len(offsets) or not len(frames):
        return
    records = np.searchsorted(frames.ends, offsets, side="right")
    records = records[records < len(frames)]
    inside = np.unique(records)
    frames.faults[inside[frames.faults[inside] == FIT]] = fault
