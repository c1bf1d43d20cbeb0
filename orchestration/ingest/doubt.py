"""What a broken quote puts in doubt: which lines around it may be text of a field, and which are surely rows.

A stray quote is noticed where the quotes after it turn illegal, which may be some rows further on, and what
was opened may go on. So lines are rows again only where the file shows it: by a whole row on one line whose
quotes would be illegal inside a text, or by many lines on end with the separators of a row. Reasons and
limits: docs/decisions/0019-lines-in-doubt-around-a-broken-quote.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.grammar import Grammar
from orchestration.ingest.lines import QUOTE, Bytes, Offsets, content_ends, first_line_end, line_ends, runs

MAX_TEXT_BYTES = 128 * 1024
"""How far a text field may plausibly run on: a spreadsheet cell, 32,767 characters of up to four bytes."""

TABLE_SEPARATORS = 200
"""Lines on end with exactly the separators of a row, and so many in all, are rows and no text."""


@dataclass(frozen=True)
class Lines:
    """Physical lines and their fields; `are_rows` tells those that are rows whatever the quotes say."""

    starts: Offsets
    ends: Offsets
    counts: Offsets
    are_rows: NDArray[np.bool_]


@dataclass(frozen=True)
class Examined:
    """What a look at a line and those after it says.

    `is_row`: rows begin here. `is_end`: no quote is left in the file. Otherwise the lines up to `end` cannot
    be told, or, where `end` is None, more bytes are needed.
    """

    is_row: bool = False
    is_end: bool = False
    end: int | None = None


@dataclass(frozen=True)
class Doubt:
    """Judges lines of a file whose rows have `width` fields."""

    grammar: Grammar
    width: int

    def origin(self, buffer: Bytes, certain: int, begin: int, broken_at: int | None) -> int | None:
        """The first quote that may be the stray one, when that at `broken_at` is illegal (None: the last one
        is never closed); None when it can only be the illegal quote itself.

        `certain` is an offset where a row surely begins, `begin` where the broken record does.
        """
        quotes = np.flatnonzero(buffer[begin:broken_at] == QUOTE) + begin
        if broken_at is None:
            return self.first_candidate(buffer, certain, int(quotes[-1]) + 1, is_open=True)
        is_open = len(quotes) % 2 == 1
        if is_open and broken_at - int(quotes[-1]) > MAX_TEXT_BYTES:
            return int(quotes[-1])
        if not self._is_legal_flipped(buffer, np.array([broken_at]), np.array([not is_open]))[0]:
            return None
        return self.first_candidate(buffer, certain, broken_at, is_open=is_open)

    def first_candidate(self, buffer: Bytes, certain: int, end: int, *, is_open: bool) -> int | None:
        """The first quote before `end` that may be a stray one although all up to `end` is legal.

        With a stray quote the following ones have changed roles, so it cannot come before a quote that
        would be illegal in the other role, nor before lines that are surely rows. `is_open` says whether
        `end` stands inside quotes.
        """
        low = max(certain, end - MAX_TEXT_BYTES)
        quotes = np.flatnonzero(buffer[low:end] == QUOTE) + low
        if not len(quotes):
            return None
        order = np.arange(len(quotes), 0, -1)
        opens = (order % 2 == 1) == is_open
        illegal = np.flatnonzero(~self._is_legal_flipped(buffer, quotes, opens))
        first = int(illegal[-1]) if len(illegal) else 0
        nexts = np.append(quotes[1:], end)
        gaps = np.flatnonzero(~opens & (nexts - quotes > TABLE_SEPARATORS))
        for gap in gaps[gaps >= first][::-1]:
            if self._has_table(buffer, int(quotes[gap]) + 1, int(nexts[gap])):
                return int(quotes[gap + 1]) if gap + 1 < len(quotes) else None
        return int(quotes[first])

    def judged_lines(self, buffer: Bytes, start: int, end: int, *, trusted_after: int) -> Lines:
        """The physical lines of `buffer[start:end]`; only those beyond `trusted_after` can be rows."""
        window = buffer[start:end]
        terminators = line_ends(window, is_final=True)
        ends = content_ends(window, terminators)
        nexts = terminators + 1
        if not len(nexts) or nexts[-1] < len(window):
            ends, nexts = np.append(ends, len(window)), np.append(nexts, len(window))
        starts = np.append(0, nexts[:-1])
        counts = self._separators(window, starts, ends) + 1
        quotes = np.flatnonzero(window == QUOTE)
        has_quote = np.searchsorted(quotes, nexts) > np.searchsorted(quotes, starts)
        are_rows = np.zeros(len(starts), dtype=bool)
        is_free = ~has_quote & (starts > trusted_after - start)
        for first, last in runs(is_free).tolist():
            run = slice(first, last)
            is_long = nexts[last - 1] - starts[first] >= MAX_TEXT_BYTES
            are_rows[run] = is_long or self._are_table(counts[run], ends[run] == starts[run])
        return Lines(starts + start, ends + start, counts, are_rows)

    def examine(self, buffer: Bytes, start: int, *, is_final: bool) -> Examined:
        """Whether rows begin with the line at `start`, as the lines up to the next quote and its line say."""
        size = len(buffer)
        stop = min(size, start + MAX_TEXT_BYTES)
        quotes = np.flatnonzero(buffer[start:stop] == QUOTE)
        if not len(quotes):
            if stop - start >= MAX_TEXT_BYTES or self._has_table(buffer, start, size, is_whole=True):
                return Examined(is_row=True)
            return Examined(is_end=True, end=size) if is_final else Examined()
        quote = start + int(quotes[0])
        line_start = start + int(line_ends(buffer[start:quote], is_final=True).max(initial=-1)) + 1
        if self._has_table(buffer, start, line_start, is_whole=True):
            return Examined(is_row=True)
        line_end = first_line_end(buffer, quote, is_final=is_final)
        if line_end is None and not is_final:
            return Examined()
        line_end = line_end or size
        is_row = self._is_row(buffer[line_start:line_end])
        return Examined(is_row=True) if is_row else Examined(end=line_end)

    def _is_row(self, line: Bytes) -> bool:
        """Whether a line with quotes is a whole row, and could not stand inside a text."""
        scan = self.grammar.scan(line, is_final=True)
        if len(scan.starts) != 1 or scan.broken_at is not None or scan.is_open:
            return False
        if int(scan.counts[0]) != self.width:
            return False
        quotes = np.flatnonzero(line == QUOTE)
        return not bool(self._is_legal_flipped(line, quotes, np.arange(len(quotes)) % 2 == 0).all())

    def _is_legal_flipped(
        self, buffer: Bytes, quotes: Offsets, opens: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether each quote would be legal in the other role, an opening one as a closing one and back."""
        after = buffer[np.minimum(quotes + 1, len(buffer) - 1)]
        before = buffer[np.maximum(quotes - 1, 0)]
        closes = self.grammar.is_edge(after) | (after == QUOTE) | (quotes == len(buffer) - 1)
        begins = self.grammar.is_edge(before) | (before == QUOTE) | (quotes == 0)
        legal: NDArray[np.bool_] = np.where(opens, closes, begins)
        return legal

    def _has_table(self, buffer: Bytes, start: int, end: int, *, is_whole: bool = False) -> bool:
        """Whether the whole lines between offsets are rows; `is_whole`: the first begins at `start`."""
        window = buffer[start:end]
        if len(window) < TABLE_SEPARATORS:
            return False
        terminators = line_ends(window, is_final=False)
        ends = content_ends(window, terminators)
        starts = np.append(0, terminators + 1)[: len(ends)]
        if not is_whole:
            starts, ends = starts[1:], ends[1:]
        return self._are_table(self._separators(window, starts, ends) + 1, ends == starts)

    def _are_table(self, counts: Offsets, are_blank: NDArray[np.bool_]) -> bool:
        """Whether among these lines are enough on end that have the separators of a row."""
        counts = counts[~are_blank]
        longest = int(np.diff(runs(counts == self.width), axis=1).max(initial=0))
        return longest * (self.width - 1) >= TABLE_SEPARATORS

    def _separators(self, window: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        separators = np.flatnonzero(window == self.grammar.delimiter)
        found: Offsets = np.searchsorted(separators, ends) - np.searchsorted(separators, starts)
        return found
