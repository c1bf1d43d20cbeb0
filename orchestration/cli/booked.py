"""What a night booked for closed periods, and which rulings came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.publish.publication import Publication
from orchestration.state.folder import auditor_parquet
from orchestration.state.memory import connect

SHOWN_RULINGS = 5
IN_VAIN = {"unknown_kpi": "name a KPI that is none", "unknown_row": "name a row that no export has"}
"""Effects of a ruling that does nothing, though somebody decided it."""


def adjustments(publication: Publication) -> list[str]:
    """Corrections of settled periods in the months still open: how many lines, of and in which periods, what
    they come to in sum; of no single person.
    """
    rows = _rows(
        publication,
        "bonus.bonus_line",
        """
        select period_id, count(*), sum(amount_cny),
            list_sort(list(distinct split_part(adjusts_bonus_line_id, ':', 1)))
        from {source}
        where adjusts_bonus_line_id is not null
            and period_id not in (select period_id from read_parquet($settled))
        group by period_id order by period_id
        """,
        settled=str(auditor_parquet(publication.folder, "facts.dim_settled_period")),
    )
    return [
        f"{count:,} adjustment line(s) in {period}, {Decimal(amount):+,.2f} CNY in sum, "
        f"correct {', '.join(of)}"
        for period, count, amount, of in rows
    ]


def rulings_in_vain(publication: Publication) -> list[str]:
    """Rulings that set nothing aside because they name what is not there."""
    found = _rows(
        publication,
        "facts.fct_ruling",
        """
        select effect, count(*), list(ruling_id order by ruling_id)
        from {source} where effect in (select unnest($effects)) group by effect order by effect
        """,
        effects=list(IN_VAIN),
    )
    return [
        f"{count:,} ruling(s) {IN_VAIN[effect]}: {', '.join(names[:SHOWN_RULINGS])}"
        + (f" and {count - SHOWN_RULINGS} more" if count > SHOWN_RULINGS else "")
        for effect, count, names in found
    ]


def _rows(publication: Publication, relation: str, query: str, **values: object) -> Sequence[tuple[Any, ...]]:
    """Rows of a query over a relation; none where the publication does not have what is asked."""
    path = auditor_parquet(publication.folder, relation)
    try:
        with connect() as database:
            asked = query.format(source="read_parquet($path)")
            return database.execute(asked, {"path": str(path), **values}).fetchall()
    except (duckdb.BinderException, duckdb.IOException):
        return []
