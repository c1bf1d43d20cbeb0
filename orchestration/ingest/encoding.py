"""Which encoding a text export is in, and its bytes as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

SAMPLE_BYTES = 1024 * 1024

UTF8 = "utf-8"

_BOMS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(sample: bytes) -> str:
    """The encoding of a text from its first bytes: utf-8, utf-16*, gb18030 or latin-1.

    Where nothing fits the answer is utf-8, and rows that are not UTF-8 will be rejected one by one: a guess
    that loads the wrong characters would be worse.
    """
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if utf16 := _utf16_without_bom(sample):
        return utf16
    if _decodes(sample, UTF8):
        return UTF8
    if _is_chinese(sample):
        return "gb18030"
    if _is_western(sample):
        return "latin-1"
    return UTF8


def is_utf8(encoding: str) -> bool:
    """Whether bytes in this encoding need no transcoding."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def utf8_chunks(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8 without a byte order mark; bytes that are no text become U+FFFD."""
    texts = iter(chunks) if is_utf8(encoding) else _transcoded(chunks, encoding)
    yield next(texts, b"").removeprefix(codecs.BOM_UTF8)
    yield from texts


def _transcoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(_superset(encoding))(errors="replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text.encode(UTF8, errors="replace")
    yield decoder.decode(b"", final=True).encode(UTF8, errors="replace")


def _superset(encoding: str) -> str:
    """GB2312 and GBK files hold GB18030 characters sooner or later."""
    name = codecs.lookup(encoding).name
    return "gb18030" if name in ("gb2312", "gbk") else name


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)(errors="strict").decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_bom(sample: bytes) -> str | None:
    """ASCII characters, separators at least, leave every second byte zero; few others do so the other way."""
    even, odd = sample[0:4096:2].count(0), sample[1:4096:2].count(0)
    half = len(sample[:4096]) // 2
    if half < 2:
        return None
    for name, zero, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zero > half * 0.3 and other < half * 0.05 and _decodes(sample, name):
            return name
    return None


def _is_chinese(sample: bytes) -> bool:
    """Valid GB18030 whose double bytes are mostly everyday characters and Chinese punctuation.

    Other encodings often decode as GB18030 too, but to rare characters.
    """
    if not _decodes(sample, "gb18030"):
        return False
    text = codecs.getincrementaldecoder("gb18030")().decode(sample)
    wide = [character for character in text if ord(character) > 0x7F]
    return bool(wide) and sum(map(_is_everyday, wide)) >= 0.85 * len(wide)


def _is_everyday(character: str) -> bool:
    """In GB2312 level 1, whose lead bytes are B0 to D7, or its punctuation and full-width forms (A1, A3)."""
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= lead <= 0xD7 or lead in (0xA1, 0xA3)


def _is_western(sample: bytes) -> bool:
    """Accented letters amid ASCII; no upper control characters and no FF, which is a mark of damage."""
    upper = [byte for byte in sample if byte > 0x7F]
    letters = sum(1 for byte in upper if byte >= 0xC0)
    return (
        bool(upper)
        and 0xA0 <= min(upper) <= max(upper) < 0xFF
        and letters >= 0.5 * len(upper)
        and len(upper) < 0.3 * len(sample)
    )
