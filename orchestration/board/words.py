"""What the boards say, both languages on the page: those of `words.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from orchestration.plain_yaml import load_yaml

WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = load_yaml(
    Path(__file__).with_name("words.yml").read_text(encoding="utf-8")
)
"""By group and name the Chinese (`zh`) and English (`en`) words."""


def pair(key: str) -> tuple[str, str]:
    """Chinese and English of `group.name`; a name that is a site's own is said as it is."""
    group, _, name = key.partition(".")
    found = WORDS[group].get(name)
    return (name, name) if found is None else (found["zh"], found["en"])


def plan_labels(row: Mapping[str, Any]) -> tuple[str, str]:
    """Chinese and English of the plan of a row with `scheme_id`, `name_zh` and `name_en`; that there is none,
    for who is on none when a period ends.
    """
    scheme_id = row["scheme_id"]
    if scheme_id is None:
        return pair("page.no_plan")
    return row["name_zh"] or scheme_id, row["name_en"] or scheme_id


def both(zh: object, en: object) -> Markup:
    """Both texts, of which the page shows that of its language; one that is missing is the other."""
    first, second = ("" if text is None else str(text) for text in (zh, en))
    if first == second or not (first and second):
        return escape(first or second)
    return Markup(f'<span lang="zh-CN">{escape(first)}</span><span lang="en">{escape(second)}</span>')


def say(key: str) -> Markup:
    """The words of `group.name` in both languages."""
    if key not in _said:
        _said[key] = both(*pair(key))
    return _said[key]


def labelled(zh: str, en: str) -> Markup:
    """Attributes of an element whose label for screen readers is in the page's language."""
    return Markup('aria-label="{0}" data-label-zh="{0}" data-label-en="{1}"').format(zh, en)


def period_labels(period_id: str) -> tuple[str, str]:
    """Chinese and English of a month, quarter or year."""
    year, _, part = period_id.partition("-")
    if part.startswith("Q"):
        return f"{year}年第{part[1:]}季度", f"{part} {year}"
    if part.isdigit() and 1 <= int(part) <= len(_MONTHS):
        return f"{year}年{int(part)}月", f"{_MONTHS[int(part) - 1]} {year}"
    return (f"{year}年", year) if year.isdigit() and not part else (period_id, period_id)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_said: dict[str, Markup] = {}


def script_words() -> dict[str, Any]:
    """What the script says by itself."""
    return {
        key: dict(zip(("zh", "en"), pair(key), strict=True))
        for key in ("page.pick_kpi", "page.pick_team", "page.pick_plan")
    }
