"""What is said to people in two languages: which texts are in which, which lack their other half."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

HAN = re.compile(r"[\u4e00-\u9fff]")
READING = re.compile(r"(?<=[\u4e00-\u9fff])\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)")
"""What a conversion of scripts leaves behind a character: how it is read."""
ENDINGS = ("_en", "_zh")


def debris(text: str) -> list[str]:
    """What no author wrote: readings behind characters, and the other script in the middle of a text."""
    found = READING.findall(text)
    rest = READING.sub("", text)
    traditional, simplified = only(rest, "big5", "gb2312"), only(rest, "gb2312", "big5")
    if traditional and simplified:
        found.append(f"{traditional} beside {simplified}")
    return found


def only(text: str, script: str, other: str) -> str:
    """The characters of a text that stand in one script alone, named by its code page."""
    return "".join(one for one in text if HAN.match(one) and _has(one, script) and not _has(one, other))


def _has(character: str, code_page: str) -> bool:
    try:
        character.encode(code_page)
    except UnicodeEncodeError:
        return False
    return True


def lacking(record: Any, place: str = "") -> Iterator[str]:
    """Places in nested data where one of `<name>_en` and `<name>_zh` is said and the other is not, or is not
    in its language.
    """
    if isinstance(record, dict):
        for name, value in record.items():
            yield from lacking(value, f"{place}/{name}")
            if not isinstance(name, str) or not name.endswith(ENDINGS) or not isinstance(value, str):
                continue
            stem, is_zh = name[:-3], name.endswith("_zh")
            # A name without an ending is English: `why` beside `why_zh`.
            other = record.get(stem + ENDINGS[not is_zh]) or (record.get(stem) if is_zh else None)
            if value.strip() and not (isinstance(other, str) and other.strip()):
                yield f"{place}/{name}: without its {ENDINGS[not is_zh]}"
            if value.strip() and bool(HAN.search(value)) != is_zh:
                yield f"{place}/{name}: {value!r} is in the other language"
    elif isinstance(record, list):
        for number, value in enumerate(record, 1):
            yield from lacking(value, f"{place}/{number}")
