"""Where the records of a delimited text begin and end, how many fields each has, which cannot be trusted.

The scanner is the authority on framing. DuckDB's reader guesses in three ways that lose rows: it shifts a row
whose extra separator leaves the last field empty, it lets a stray quote swallow the lines after it, and its
detection may turn a broken file into one column. Here a record is fit only if its quotes are legal and its
fields can be counted.

Strict RFC 4180: a quote opens at the start of a field, closes before a separator or a line end, is doubled
inside. Line ends are LF, CRLF or CR, also mixed. Everything is numpy over whole buffers; a broken quote costs
one small window more. What follows a broken quote: docs/decisions/ingest_framing.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

LF, CR, QUOTE, NUL = 10, 13, 34, 0

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""A longer record is rejected and skipped, so that one endless line cannot fill the memory."""

MAX_QUOTED_RUN_BYTES = 128 * 1024
"""How far a text field may plausibly run on after a broken quote: a spreadsheet cell, 32,767 characters of up
to four bytes."""

SCAN_WINDOW_BYTES = 2 * 1024 * 1024
"""Looked at in one go: small enough for the processor's cache."""

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
    IN_DOUBT: "the line may belong to the text field of the broken row above it",
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

    def add(self, starts: Offsets, ends: Offsets, counts: Offsets, fault: int = FIT) -> None:
        self.starts.append(starts)
        self.ends.append(ends)
        self.counts.append(counts)
        self.faults.append(np.full(len(starts), fault, dtype=np.uint8))

    def add_one(self, start: int, end: int, fault: int) -> None:
        self.add(_offsets(start), _offsets(end), _offsets(0), fault)


@dataclass(frozen=True)
class _Scan:
    """Complete legal records of a window; `next_start` is where the first incomplete or broken one begins."""

    starts: Offsets
    ends: Offsets
    counts: Offsets
    next_start: int
    broken_at: int | None
    is_open: bool


class RecordScanner:
    """Cuts a stream of byte buffers into records. Call `feed` for each buffer, then `finish` once.

    `delimiter` is one ASCII byte; `has_quotes = False` takes quotes as ordinary characters. `width` is how
    many fields a row has; it tells rows from lines of text around a broken quote (None: nothing is taken
    for a row).
    """

    def __init__(self, *, delimiter: int, has_quotes: bool = True, width: int | None = None) -> None:
        self._delimiter = delimiter
        self._width = width
        self._has_quotes = has_quotes
        self._carry = b""
        self._is_skipping = False

    def feed(self, chunk: bytes) -> Frames:
        """Records completed by this buffer; an incomplete last one waits for the next."""
        return self._consume(chunk, is_final=False)

    def finish(self) -> Frames:
        """What is left at the end of the stream, a last record without a line end included."""
        return self._consume(b"", is_final=True)

    def _consume(self, chunk: bytes, *, is_final: bool) -> Frames:
        if self._is_skipping:
            cut = _first_line_end(np.frombuffer(chunk, dtype=np.uint8), 0, is_final=True)
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
        """Collect records; returns the offset from which bytes must wait for more."""
        size = len(buffer)
        position = 0
        width = SCAN_WINDOW_BYTES
        while position < size:
            stop = min(size, position + width)
            at_end = is_final and stop == size
            scan = self._scan(buffer[position:stop], is_final=at_end)
            collected.add(scan.starts + position, scan.ends + position, scan.counts)
            begin = position + scan.next_start
            if scan.broken_at is not None or (at_end and begin < size):
                broken_at = None if scan.broken_at is None else position + scan.broken_at
                resumed = self._after_break(buffer, begin, broken_at, collected, is_final=is_final)
                if resumed is None:
                    return begin
                position, width = resumed, REPAIR_WINDOW_BYTES
            elif stop < size:
                width = 2 * width if begin == position else max(width, min(2 * width, SCAN_WINDOW_BYTES))
                position = begin
            elif size - begin <= MAX_RECORD_BYTES:
                return begin
            else:
                line_end = _first_line_end(buffer, begin, is_final=is_final) if scan.is_open else None
                if line_end is None:
                    collected.add_one(begin, begin + 4096, TOO_LONG)
                    self._is_skipping = True
                    return size
                collected.add_one(begin, _trimmed(buffer, begin, line_end), QUOTE_UNCLOSED)
                position, width = line_end, REPAIR_WINDOW_BYTES
        return size

    def _after_break(
        self, buffer: Bytes, begin: int, broken_at: int | None, collected: _Collected, *, is_final: bool
    ) -> int | None:
        """Reject the broken line and say where reading resumes; None when more bytes are needed to tell.

        `begin` is where the broken record begins, `broken_at` its first illegal quote (None: it never
        closes). Lines around the break are read as records unless they can also be lines of a text field:
        then they are in doubt, and rejected rather than loaded as what they are not.
        """
        size = len(buffer)
        fault = QUOTE_UNCLOSED if broken_at is None else QUOTE_BROKEN
        line_end = _first_line_end(buffer, begin, is_final=is_final)
        if line_end is None:
            if not is_final:
                return None
            collected.add_one(begin, size, fault)
            return size
        if broken_at is not None and broken_at >= line_end:
            doubtful_until = self._end_of_text_before(buffer, begin, line_end, broken_at, is_final=is_final)
        else:
            doubtful_until = self._end_of_open_text(buffer, line_end, fault, is_final=is_final)
        if doubtful_until is None:
            return None
        collected.add_one(begin, _trimmed(buffer, begin, line_end), fault)
        start = line_end
        while start < doubtful_until:
            end = _first_line_end(buffer, start, is_final=True)
            end = size if end is None else end
            collected.add_one(start, _trimmed(buffer, start, end), IN_DOUBT)
            start = end
        return start

    def _end_of_text_before(
        self, buffer: Bytes, begin: int, start: int, broken_at: int, *, is_final: bool
    ) -> int | None:
        """Where the line with the illegal quote begins if lines from `start` on may be text, or `start`.

        They stood inside quotes until that quote turned out illegal. Either the broken record's first quote
        is the stray one: then its first line (from `begin`) has the separators of a row, and all lines
        after it are rows, the one with the illegal quote included. Or they are lines of a text, which
        hardly all read like that, least of all the one on which the text ends. None: more bytes are needed.
        """
        before = buffer[start:broken_at]
        breaks = np.flatnonzero((before == LF) | (before == CR))
        line_start = start + (int(breaks[-1]) + 1 if len(breaks) else 0)
        if line_start - start > MAX_QUOTED_RUN_BYTES:
            return start
        stop = min(len(buffer), line_start + MAX_QUOTED_RUN_BYTES)
        at_end = is_final and stop == len(buffer)
        scan = self._scan(buffer[start:stop], is_final=at_end)
        of_line = np.flatnonzero(scan.starts == line_start - start)
        if not len(of_line) and scan.broken_at is None and not at_end and stop == len(buffer):
            return None
        if self._width is None or not len(of_line):
            return line_start
        counts = scan.counts[: int(of_line[0]) + 1]
        is_blank = scan.ends[: len(counts)] == scan.starts[: len(counts)]
        are_rows = np.count_nonzero(buffer[begin:start] == self._delimiter) >= self._width - 1 and bool(
            ((counts == self._width) | is_blank).all()
        )
        return start if are_rows else line_start

    def _end_of_open_text(self, buffer: Bytes, start: int, fault: int, *, is_final: bool) -> int | None:
        """Where the record ends if text is open at `start`; `start` if none can be, None if unsure."""
        stop = min(len(buffer), start + MAX_QUOTED_RUN_BYTES)
        at_end = is_final and stop == len(buffer)
        opened = np.concatenate([np.array([QUOTE], dtype=np.uint8), buffer[start:stop]])
        scan = self._scan(opened, is_final=at_end)
        if len(scan.starts):
            return min(start + int(scan.ends[0]), len(buffer))
        if scan.broken_at is not None:
            return start
        if at_end:
            # A text that is still open at the end of the file may have been cut off there. One that would
            # also have to begin with a broken quote takes two accidents.
            return len(buffer) if fault == QUOTE_UNCLOSED else start
        return start if stop - start >= MAX_QUOTED_RUN_BYTES else None

    def _scan(self, window: Bytes, *, is_final: bool) -> _Scan:
        size = len(window)
        quotes = np.flatnonzero(window == QUOTE) if self._has_quotes else np.zeros(0, dtype=np.int64)
        terminators = _line_ends(window, is_final=is_final)
        broken_at = size
        if len(quotes):
            terminators = terminators[np.searchsorted(quotes, terminators) % 2 == 0]
            broken_at = self._first_illegal_quote(window, quotes)
        is_broken = broken_at < size
        if is_broken:
            terminators = terminators[terminators < broken_at]
        is_open = len(quotes) % 2 == 1
        nexts = terminators + 1
        ends = _content_ends(window, terminators)
        if is_final and not is_broken and not is_open:
            last = int(nexts[-1]) if len(nexts) else 0
            if last < size:
                ends = np.append(ends, size)
                nexts = np.append(nexts, size)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), nexts[:-1]]) if len(nexts) else nexts
        next_start = int(nexts[-1]) if len(nexts) else 0
        counts = self._field_counts(window, ends, quotes)
        return _Scan(starts, ends, counts, next_start, broken_at if is_broken else None, is_open)

    def _field_counts(self, window: Bytes, ends: Offsets, quotes: Offsets) -> Offsets:
        """Separators of each record that stand outside quotes, plus one."""
        separators = np.flatnonzero(window == self._delimiter)
        counts = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
        if len(quotes) and len(ends):
            pairs = quotes[: len(quotes) // 2 * 2].reshape(-1, 2)
            pairs = pairs[pairs[:, 1] < ends[-1]]
            quoted = np.diff(np.searchsorted(separators, pairs), axis=1)[:, 0]
            inside = np.flatnonzero(quoted)
            np.subtract.at(counts, np.searchsorted(ends, pairs[inside, 0]), quoted[inside])
        return counts

    def _first_illegal_quote(self, window: Bytes, quotes: Offsets) -> int:
        """Offset of the first quote that neither opens, closes nor is doubled legally; the size if none."""
        size = len(window)
        openers, closers = quotes[0::2], quotes[1::2]
        before = window[np.maximum(openers - 1, 0)]
        is_doubled = np.zeros(len(openers), dtype=bool)
        is_doubled[1:] = openers[1:] - 1 == closers[: len(openers) - 1]
        fit = self._is_edge(before) | is_doubled | (openers == 0)
        after = window[np.minimum(closers + 1, size - 1)]
        closed = self._is_edge(after) | (after == QUOTE) | (closers == size - 1)
        wrong = np.concatenate([openers[~fit], closers[~closed]])
        return int(wrong.min()) if len(wrong) else size

    def _is_edge(self, values: Bytes) -> NDArray[np.bool_]:
        edges: NDArray[np.bool_] = (values == self._delimiter) | (values == LF) | (values == CR)
        return edges


def mark_nul(frames: Frames) -> None:
    """Mark fit records that hold a NUL byte: no text export has one, and readers cut the text there."""
    _mark(frames, np.flatnonzero(frames.data == NUL), HAS_NUL)


def mark_replaced(frames: Frames) -> None:
    """Mark fit records with U+FFFD, which the decoder put where bytes were not text."""
    data = frames.data
    first = np.flatnonzero(data[:-2] == 0xEF) if len(data) > 2 else np.zeros(0, dtype=np.int64)
    _mark(frames, first[(data[first + 1] == 0xBF) & (data[first + 2] == 0xBD)], NOT_TEXT)


def mark_not_utf8(frames: Frames) -> None:
    """Mark fit records whose bytes are not UTF-8."""
    data = frames.data
    if not len(data) or int(data.max()) < 0x80:
        return
    content = memoryview(data.data)
    position = 0
    while position < len(data):
        try:
            str(content[position:], "utf-8")
            return
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


def _line_ends(window: Bytes, *, is_final: bool) -> Offsets:
    """Offsets of the byte that ends each line: the LF of LF and CRLF, a CR that no LF follows."""
    feeds = np.flatnonzero(window == LF)
    returns = np.flatnonzero(window == CR)
    if not len(returns):
        return feeds
    size = len(window)
    if returns[-1] == size - 1 and not is_final:
        returns = returns[:-1]  # an LF may follow in the next buffer
    following = window[np.minimum(returns + 1, size - 1)]
    lone = returns[(following != LF) | (returns == size - 1)]
    return np.sort(np.concatenate([feeds, lone])) if len(lone) else feeds


def _content_ends(window: Bytes, terminators: Offsets) -> Offsets:
    if not len(terminators):
        return terminators
    before = window[np.maximum(terminators - 1, 0)]
    is_pair = (window[terminators] == LF) & (before == CR) & (terminators > 0)
    ends: Offsets = terminators - is_pair
    return ends


def _first_line_end(buffer: Bytes, start: int, *, is_final: bool) -> int | None:
    """Offset just after the first line end at or after `start`; looks in growing steps, as lines are short.

    None when there is none, or when it is a last CR that an LF may still follow.
    """
    step = 4096
    position = start
    while position < len(buffer):
        stop = min(len(buffer), position + step)
        found = np.flatnonzero((buffer[position:stop] == LF) | (buffer[position:stop] == CR))
        if len(found):
            end = position + int(found[0])
            if buffer[end] == CR and end + 1 == len(buffer) and not is_final:
                return None
            is_pair = buffer[end] == CR and end + 1 < len(buffer) and buffer[end + 1] == LF
            return end + (2 if is_pair else 1)
        position, step = stop, step * 4
    return None


def _trimmed(buffer: Bytes, start: int, end: int) -> int:
    while end > start and buffer[end - 1] in (LF, CR):
        end -= 1
    return end


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
