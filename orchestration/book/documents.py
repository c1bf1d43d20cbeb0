"""Documents from the policy rows: templates filled with the rows as text, in the order of their files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.policy.clauses import clauses
from orchestration.proofs.policy import prove_folder
from orchestration.settings_table import SETTINGS
from orchestration.text import band

Row = Mapping[str, str]
FIRST_DAY = "1990-01-01"
"""Rows that hold from here have always held."""


def rendered(template: str, policy_dir: Path, *, own_rules: Path | None = None) -> str:
    """`templates/<template>` with the policy of `policy_dir` and own rules."""

    @cache
    def read(name: str) -> list[dict[str, str]]:
        with (policy_dir / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def rows(name: str, **equal: str) -> list[dict[str, str]]:
        return [row for row in read(name) if equal.items() <= row.items()]

    return filled(
        template,
        rows=rows,
        clauses=clauses(own_rules),
        settings=SETTINGS,
        proved=lambda: prove_folder(policy_dir),
    )


def filled(template: str, **names: object) -> str:
    """`templates/<template>` with `names`; blank lines in a row are one."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        extensions=["jinja2.ext.do"],
        undefined=StrictUndefined,
        finalize=_cell if ".md" in template else None,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers = (dates, origin, percent, band_of, after_blank, spaced, code_words, quoted)
    environment.globals.update({helper.__name__: helper for helper in helpers}, **names)
    return re.sub(r"\n{3,}", "\n\n", environment.get_template(template).render())


def _cell(value: object) -> str:
    """A value on one line of Markdown, where it may be a cell of a table."""
    return re.sub(r"\s+", " ", str(value).replace("|", "\\|"))


def dates(row: Row) -> str:
    """From when to when a row holds; empty where it always does."""
    start, end = row.get("effective_from", ""), row.get("effective_to", "")
    if not end and start <= FIRST_DAY:
        return ""
    return f"from {start}" + (f" until {end}" if end else "")


def origin(row: Row) -> str:
    """Mark of a number that the document leaves blank."""
    return "site" if row.get("value_origin") == "site" else ""


def percent(share: str) -> str:
    """`0.125` as `12.5 %`."""
    return f"{(Decimal(share) * 100).normalize():f} %" if share else ""


def band_of(rate: Row, rates: Iterable[Row], parameters: Iterable[Row]) -> str:
    """The band of a row of a rate table. Some components' bands hold their upper bound (PT-05, PT-06)."""
    is_upper = any(row["parameter"] == "band_side" and row["text_value"] == "upper" for row in parameters)
    lower, upper = (Decimal(rate[name]) if rate[name] else None for name in ("lower_bound", "upper_bound"))
    lowest = min(Decimal(one["lower_bound"] or 0) for one in rates if one["rate_key"] == rate["rate_key"])
    if not is_upper and not lower and upper is None:
        return "all"
    return band(None if is_upper and lower == lowest else lower, upper, is_upper=is_upper)


def after_blank(text: str) -> str:
    """The text, and a blank before it where there is any."""
    return f" {text}" if text else ""


def spaced(name: str) -> str:
    """A name of the policy in words."""
    return name.replace("_", " ")


def code_words(names: str) -> str:
    """Names that blanks separate, as code."""
    return ", ".join(f"`{name}`" for name in names.split())


def quoted(text: str) -> str:
    """A YAML string; every JSON string is one."""
    return json.dumps(text, ensure_ascii=False)
