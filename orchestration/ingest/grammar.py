"""Strict RFC 4180 over a window of bytes: where its records end and which quote is the first illegal one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.lines import CR, LF, QUOTE, Bytes, Offsets, content_ends, line_ends


@dataclass(frozen=True)
class Scan:
    """Complete legal records of a window; `next_start` is where the first incomplete or broken one begins."""

    starts: Offsets
    ends: Offsets
    counts: Offsets
    next_start: int
    broken_at: int | None
    is_open: bool


@dataclass(frozen=True)
class Grammar:
    """`delimiter` is one ASCII byte; without `has_quotes` a quote is an ordinary character."""

    delimiter: int
    has_quotes: bool = True

    def scan(self, window: Bytes, *, is_final: bool) -> Scan:
        """Records of a window that begins with a record, up to the first illegal quote."""
        size = len(window)
        quotes = np.flatnonzero(window == QUOTE) if self.has_quotes else np.zeros(0, dtype=np.int64)
        terminators = line_ends(window, is_final=is_final)
        broken_at = size
        if len(quotes):
            terminators = terminators[np.searchsorted(quotes, terminators) % 2 == 0]
            broken_at = self._first_illegal_quote(window, quotes)
        is_broken = broken_at < size
        if is_broken:
            terminators = terminators[terminators < broken_at]
        is_open = len(quotes) % 2 == 1
        nexts = terminators + 1
        ends = content_ends(window, terminators)
        if is_final and not is_broken and not is_open:
            last = int(nexts[-1]) if len(nexts) else 0
            if last < size:
                ends = np.append(ends, size)
                nexts = np.append(nexts, size)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), nexts[:-1]]) if len(nexts) else nexts
        next_start = int(nexts[-1]) if len(nexts) else 0
        counts = self._field_counts(window, ends, quotes)
        return Scan(starts, ends, counts, next_start, broken_at if is_broken else None, is_open)

    def _field_counts(self, window: Bytes, ends: Offsets, quotes: Offsets) -> Offsets:
        """Separators of each record that stand outside quotes, plus one."""
        separators = np.flatnonzero(window == self.delimiter)
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
        fit = self.is_edge(before) | is_doubled | (openers == 0)
        after = window[np.minimum(closers + 1, size - 1)]
        closed = self.is_edge(after) | (after == QUOTE) | (closers == size - 1)
        wrong = np.concatenate([openers[~fit], closers[~closed]])
        return int(wrong.min()) if len(wrong) else size

    def is_edge(self, values: Bytes) -> NDArray[np.bool_]:
        """Which bytes may stand before an opening or after a closing quote."""
        edges: NDArray[np.bool_] = (values == self.delimiter) | (values == LF) | (values == CR)
        return edges
