"""A person's statement of a period: one page that says what is paid, what is not, and why.

It is made of the person's own rows alone, so that it can be handed out. Fetches nothing. The same rows give
the same bytes: it names no run, but the hash of what it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from orchestration.file_names import safe_name
from orchestration.publish.payroll.capitals import in_capitals
from orchestration.publish.payroll.rows import Share
from orchestration.publish.payroll.words import WORDS, Words
from orchestration.text import plain

LONG, LONGEST = 17, 30
"""Rows from which a statement prints smaller, so that it stays one page."""
CONTENT_ID_LENGTH = 16


def statement(share: Share, period: Words, titles: Mapping[str, str]) -> str:
    """The statement as HTML; `titles` are the Chinese titles of clauses by their ids."""
    rows = len(share.lines) + len(share.unpaid)
    return _template().render(
        person=share.person,
        period=period,
        own=[line for line in share.lines if not line.is_adjustment],
        adjustments=[line for line in share.lines if line.is_adjustment],
        unpaid=share.unpaid,
        titles=titles,
        size="longest" if rows > LONGEST else "long" if rows > LONG else "short",
        content_id=content_id(share),
    )


def content_id(share: Share) -> str:
    """Sixteen digits of the SHA-256 over the rows that a statement shows: equal ones say the same."""
    text = repr((share.person, tuple(share.lines), tuple(share.unpaid)))
    return hashlib.sha256(text.encode()).hexdigest()[:CONTENT_ID_LENGTH]


def statement_name(agent_id: str) -> str:
    """The file of an agent's statement."""
    return f"{safe_name(agent_id)}.html"


@cache
def _template() -> Template:
    folder = Path(__file__).parent
    pages = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    pages.filters |= {"money": _money, "amount": plain}
    pages.globals |= {
        "columns": WORDS["columns"],
        "words": WORDS["statement"],
        "css": (folder / "statement.css").read_text(encoding="utf-8").strip(),
        "in_capitals": in_capitals,
    }
    return pages.get_template("statement.html")


def _money(value: Decimal) -> str:
    """`4,137.77`, `−12.00`."""
    return f"{value or Decimal(0):,.2f}".replace("-", "−")
