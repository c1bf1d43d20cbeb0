"""Templates to pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from orchestration.board.words import both, labelled, pair, say


@dataclass(frozen=True)
class About:
    """The publication that a board is of."""

    run_id: str
    as_of: str
    is_preview: bool = False


def page(
    name: str, about: About, *, heading: tuple[str, str], up: str = "../", is_drawn: bool = True, **said: Any
) -> str:
    """The page of a template; `up` leads from it to the folder of the assets, `heading` is in Chinese and
    English, `is_drawn` where it has charts.
    """
    kicker = f"page.{name}"
    zh, en = (f"{title} · {heading[at]}" for at, title in enumerate(pair(kicker)))
    context: Mapping[str, Any] = {
        **said,
        "about": about,
        "heading": heading,
        "kicker": kicker,
        "title": (zh, en),
        "up": up,
        "is_drawn": is_drawn,
    }
    return _template(name).render(context)


@cache
def _template(name: str) -> Template:
    return _PAGES.get_template(f"{name}.html")


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)
_PAGES.globals |= {"both": both, "say": say, "labelled": labelled}
