"""Which encoding a text is in: right or, where it cannot be told, strict."""

from __future__ import annotations

import pytest

from orchestration.ingest.encoding import detect_encoding, utf8_chunks

CHINESE = "工单编号,客户姓名,问题描述\n1001,张三,发货太慢,请尽快处理。\n"


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        ("a,b\n1,2\n", "ascii", "utf-8"),
        ("nom,ville\nJosé,Besançon\n", "latin-1", "latin-1"),
        # Not to be guessed: read as UTF-8, so that their rows or header are refused.
        ("番号,名前\n1,田中\n2,鈴木太郎さん\n", "shift_jis", "utf-8"),
        ("id,name\n1,bo\u00ff\u00ffgie\n", "latin-1", "utf-8"),
        ("ид,имя\n1,Иван\n", "koi8-r", "utf-8"),
    ],
)
def test_detection(text: str, encoding: str, expected: str) -> None:
    assert detect_encoding(text.encode(encoding)) == expected


def test_a_sample_cut_inside_a_character_is_still_told() -> None:
    assert detect_encoding(CHINESE.encode()[:-2]) == "utf-8"
    assert detect_encoding((CHINESE * 3).encode("gb18030")[:-1]) == "gb18030"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_transcoding_in_pieces(encoding: str, size: int) -> None:
    text = "a,é\nb,ü\n" if encoding == "latin-1" else CHINESE
    content = text.encode(encoding)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    if encoding == "utf-8-sig" and size < 3:
        pieces = [content]
    assert b"".join(utf8_chunks(pieces, encoding)) == text.encode()


def test_gb2312_files_may_hold_more_than_gb2312() -> None:
    assert b"".join(utf8_chunks(["龘镕㐀".encode("gb18030")], "gb2312")) == "龘镕㐀".encode()


def test_bytes_that_are_no_text_become_the_replacement_character() -> None:
    assert b"".join(utf8_chunks([b"a\xff,b\n"], "gb18030")) == "a\ufffd,b\n".encode()
