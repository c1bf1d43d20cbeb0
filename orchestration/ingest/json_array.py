"""A JSON array of objects as JSON lines: an element a line, in order, so that its number is the row's number.

Only the structure is looked at: strings, brackets and commas. What an element says is judged like a line, so
one that is no sound object costs its own row and not the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import numpy as np

from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.lines import CR, LF, QUOTE, Bytes, Offsets

MAX_ELEMENT_BYTES = 16 * 1024 * 1024
"""A longer element is no row of an export; it also bounds the memory."""

_BACKSLASH, _COMMA, _BLANK = ord("\\"), ord(","), ord(" ")
_READ = "an object a line or an array of objects is read, such as it is made by"
_AFTER_KEY, _OBJECTS = re.compile(rb"\s*:\s*"), re.compile(rb"\[\s*\{")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPEN, _CLOSE = np.frombuffer(b"[{", np.uint8), np.frombuffer(b"]}", np.uint8)


def is_array(head: bytes) -> bool:
    """Whether a JSON text, in UTF-8, is an array: told at its first character."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def why_no_rows(head: bytes, expected: Collection[str]) -> str:
    """Why the objects that rows are made of do not lie at the top of a JSON text, with what cures it; '' when
    they do. `head` is the text's beginning in UTF-8; an object with one of the `expected` keys is a row.

    Interfaces answer with one object around the array of rows; people print objects over many lines.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"{"):
        return ""
    keys = {name.partition(".")[0].casefold() for name in expected}
    window = np.frombuffer(text, np.uint8)
    quotes = _string_quotes(window)
    depth_at, depth = _depths(window, quotes)
    ends = depth_at[depth == 0]
    depths = np.concatenate([np.zeros(1, np.int64), depth])
    found = {}
    for begin, end in zip(quotes[::2].tolist(), quotes[1::2].tolist(), strict=False):
        if len(ends) and begin > ends[0]:
            break
        is_key = depths[np.searchsorted(depth_at, begin)] == 1 and _AFTER_KEY.match(text, end + 1)
        if is_key:
            name = text[begin + 1 : end].decode("utf-8", "replace")
            found[name] = bool(_OBJECTS.match(text, is_key.end()))
    within = next((name for name, holds_objects in found.items() if holds_objects), None)
    is_alone = not (len(ends) and text[int(ends[0]) + 1 :].strip())
    if within is not None and is_alone and not keys & {name.casefold() for name in found}:
        path = f".{within}" if _PLAIN_KEY.fullmatch(within) else f'.["{within}"]'
        return f"its rows lie in an array inside one JSON object, under {within!r}; {_READ} jq -c '{path}[]'"
    if text.partition(b"\n")[0].strip() == b"{":
        return f"its objects are spread over several lines; {_READ} jq -c ."
    return ""


def element_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The array's elements as lines, from its UTF-8 text in chunks.

    Line ends inside an element, which JSON allows between its parts only, become blanks. Raises
    UnreadableFile when the array is cut off, or when something follows it.
    """
    rest, count, has_begun, is_over = b"", 0, False, False
    for chunk in chunks:
        rest += chunk
        if not has_begun:
            rest = rest.lstrip()
            if not rest:
                continue
            rest, has_begun = rest[1:], True
        if is_over:
            _refuse_more(rest)
            continue
        lines, found, rest, is_over = _cut(rest)
        count += found
        if lines:
            yield lines
        if is_over:
            _refuse_more(rest)
        elif len(rest) > MAX_ELEMENT_BYTES:
            raise UnreadableFile(
                f"element {count + 1} of the JSON array is longer than {MAX_ELEMENT_BYTES >> 20} MiB"
            )
    if not is_over:
        raise UnreadableFile(f"the JSON array is cut off after element {count}")


def _refuse_more(rest: bytes) -> None:
    if rest.strip():
        raise UnreadableFile("something follows the end of the JSON array")


def _cut(text: bytes) -> tuple[bytes, int, bytes, bool]:
    """Lines of the elements that end in a text which begins with one, their count, what is left of the text,
    and whether the array ended.
    """
    window = np.frombuffer(text, np.uint8)
    quotes = _string_quotes(window)
    depth_at, depth = _depths(window, quotes)
    commas = _outside(np.flatnonzero(window == _COMMA), quotes)
    before = np.searchsorted(depth_at, commas)
    level = np.concatenate([np.zeros(1, np.int64), depth])[before]
    ends = commas[level == 0]
    over = depth_at[depth < 0]
    is_over = bool(len(over))
    if is_over:
        ends = ends[ends < over[0]]
    start = int(ends[-1]) + 1 if len(ends) else 0
    if not is_over:
        return _lines(window[:start], ends), len(ends), text[start:], False
    last = int(over[0])
    if not text[start:last].strip():  # an empty array, or a comma behind the last element
        return _lines(window[:start], ends), len(ends), text[last + 1 :], True
    closed = np.append(ends, last)
    return _lines(window[: last + 1], closed), len(closed), text[last + 1 :], True


def _lines(window: Bytes, ends: Offsets) -> bytes:
    """A text as a line per element; `ends` are the offsets of what ends each."""
    lines = window.copy()
    lines[(lines == LF) | (lines == CR)] = _BLANK
    lines[ends] = LF
    # Nothing between two commas is an element too, and an empty line would be no row.
    empty = ends[np.diff(ends, prepend=-1) == 1]
    return np.insert(lines, empty, _BLANK).tobytes()


def _string_quotes(window: Bytes) -> Offsets:
    """Offsets of the quotes that open or close a string: those without an odd run of backslashes before."""
    quotes = np.flatnonzero(window == QUOTE)
    escaped = np.flatnonzero(window[np.maximum(quotes - 1, 0)] == _BACKSLASH) if len(quotes) else quotes
    if not len(escaped):
        return quotes
    others = np.flatnonzero(window != _BACKSLASH)
    before = np.searchsorted(others, quotes[escaped]) - 1
    last_other = np.where(before >= 0, others[np.maximum(before, 0)], -1)
    is_escaped = (quotes[escaped] - last_other - 1) % 2 == 1
    kept: Offsets = np.delete(quotes, escaped[is_escaped])
    return kept


def _outside(offsets: Offsets, quotes: Offsets) -> Offsets:
    """Those offsets that stand outside strings."""
    kept: Offsets = offsets[np.searchsorted(quotes, offsets) % 2 == 0]
    return kept


def _depths(window: Bytes, quotes: Offsets) -> tuple[Offsets, Offsets]:
    """Offsets of brackets outside strings, and how deep the text is after each."""
    places = _outside(np.flatnonzero(np.isin(window, np.concatenate([_OPEN, _CLOSE]))), quotes)
    steps = np.where(np.isin(window[places], _OPEN), 1, -1)
    return places, np.cumsum(steps).astype(np.int64)
