"""Physical lines of a byte buffer, ended by LF, CRLF or CR, also mixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

LF, CR, QUOTE = 10, 13, 34


def line_ends(window: Bytes, *, is_final: bool) -> Offsets:
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


def content_ends(window: Bytes, terminators: Offsets) -> Offsets:
    """Where the content of each line ends: before its CRLF, LF or CR."""
    if not len(terminators):
        return terminators
    before = window[np.maximum(terminators - 1, 0)]
    is_pair = (window[terminators] == LF) & (before == CR) & (terminators > 0)
    ends: Offsets = terminators - is_pair
    return ends


def first_line_end(buffer: Bytes, start: int, *, is_final: bool) -> int | None:
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


def runs(flags: NDArray[np.bool_]) -> Offsets:
    """Half-open index ranges of consecutive true values, one a row."""
    edges: Offsets = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return edges


def trimmed(buffer: Bytes, start: int, end: int) -> int:
    """The end of a line without its line end."""
    while end > start and buffer[end - 1] in (LF, CR):
        end -= 1
    return end
