"""Strict RFC 4180 over a window of bytes: where its records end and which quote is the first illegal one.

A quote opens at the start of a field, closes before a separator or a line end, is doubled inside.
"""

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
        broken_at = self._first_illegal_quote(window, quotes) if len(quotes) else None
        if len(quotes):
            terminators = terminators[np.searchsorted(quotes, terminators) % 2 == 0]
        if broken_at is not None:
            terminators = terminators[terminators < broken_at]
        is_open = len(quotes) % 2 == 1
        nexts = terminators + 1
        ends = content_ends(window, terminators)
        is_rest = is_final and broken_at is None and not is_open
        if is_rest and nexts.max(initial=0) < size:
            ends, nexts = np.append(ends, size), np.append(nexts, size)
        starts = np.append(0, nexts)[: len(nexts)]
        counts = self._field_counts(window, ends, quotes)
        return Scan(starts, ends, counts, int(nexts.max(initial=0)), broken_at, is_open)

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

    def _first_illegal_quote(self, window: Bytes, quotes: Offsets) -> int | None:
        """Offset of the first quote that neither opens, closes nor is doubled legally."""
        size = len(window)
        openers, closers = quotes[0::2], quotes[1::2]
        before = window[np.maximum(openers - 1, 0)]
        is_doubled = np.zeros(len(openers), dtype=bool)
        is_doubled[1:] = openers[1:] - 1 == closers[: len(openers) - 1]
        fit = self.is_edge(before) | is_doubled | (openers == 0)
        after = window[np.minimum(closers + 1, size - 1)]
        closed = self.is_edge(after) | (after == QUOTE) | (closers == size - 1)
        wrong = np.concatenate([openers[~fit], closers[~closed]])
        return int(wrong.min()) if len(wrong) else None

    def is_edge(self, values: Bytes) -> NDArray[np.bool_]:
        """Which bytes may stand before an opening or after a closing quote."""
        edges: NDArray[np.bool_] = (values == self.delimiter) | (values == LF) | (values == CR)
        return edges
