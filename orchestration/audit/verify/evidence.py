"""Σ evidence: whole numbers of millionths, added up month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.audit.recompute.kpi import EvidenceSums, Sums
from orchestration.audit.verify.data import ParquetData

EVIDENCE = "kpi.kpi_evidence"
SAFE = 2**62
"""Sums that could pass this are added as Python numbers, which have no end."""

Integers = npt.NDArray[np.int64]


def evidence_sums(data: ParquetData) -> EvidenceSums:
    """Sums over all published evidence, by agent and by group. Raises RelationUnreadable.

    DuckDB hands over whole columns (the numerator as a count of millionths, exactly); every addition happens
    here.
    """
    sums = EvidenceSums()
    names = {column: _codes(data, column) for column in ("agent_id", "kpi_id", "team_id", "department")}
    months = data.query(
        f"select distinct month_id from {data.scan(EVIDENCE)} where month_id is not null order by month_id",
        relation=EVIDENCE,
    )
    for month_id in [row["month_id"] for row in months]:
        columns = data.arrays(
            f"""
            select
                coalesce(agent.code, -1) as agent_code,
                kpi.code as kpi_code,
                coalesce(team.code, -1) as team_code,
                coalesce(department.code, -1) as department_code,
                cast(cast(evidence.numerator as decimal(30, 6)) * 1000000 as bigint) as numerator,
                evidence.denominator,
                evidence.is_counted,
                evidence.is_counted_for_centre,
                coalesce(evidence.exclusion_reason = 'pending', false) as is_pending
            from {data.scan(EVIDENCE)} as evidence
            left join code_agent_id as agent on evidence.agent_id = agent.name
            inner join code_kpi_id as kpi on evidence.kpi_id = kpi.name
            left join code_team_id as team on evidence.team_id = team.name
            left join code_department as department on evidence.department = department.name
            where evidence.month_id = '{month_id}'
            """,
            relation=EVIDENCE,
        )
        arrays = {name: np.asarray(column) for name, column in columns.items()}
        sums.rows += len(arrays["kpi_code"])
        _add_agents(sums, month_id, arrays, names)
        _add_groups(sums, month_id, arrays, names)
    return sums


def _codes(data: ParquetData, column: str) -> Sequence[str]:
    """Number the names of a column: arrays of numbers add up, arrays of names do not."""
    data.execute(
        f"""
        create or replace table code_{column} as
        select name, row_number() over (order by name) - 1 as code
        from (select distinct {column} as name from {data.scan(EVIDENCE)} where {column} is not null)
        """,
        relation=EVIDENCE,
    )
    rows = data.query(f"select name from code_{column} order by code", relation=EVIDENCE)
    return [row["name"] for row in rows]


def _add_agents(
    sums: EvidenceSums, month_id: str, arrays: dict[str, Any], names: dict[str, Sequence[str]]
) -> None:
    known = arrays["agent_code"] >= 0
    counted = arrays["is_counted"][known]
    pending = arrays["is_pending"][known]
    width = len(names["kpi_id"])
    keys, place = np.unique(
        arrays["agent_code"][known] * width + arrays["kpi_code"][known], return_inverse=True
    )
    totals = (
        _totals(arrays["numerator"][known] * counted, place, len(keys)),
        _totals(arrays["denominator"][known] * counted, place, len(keys)),
        _totals((~counted & ~pending).astype(np.int64), place, len(keys)),
        _totals(pending.astype(np.int64), place, len(keys)),
    )
    for index, key in enumerate(keys.tolist()):
        agent, kpi = divmod(key, width)
        sums.agents[names["agent_id"][agent], month_id, names["kpi_id"][kpi]].add(
            Sums(totals[0][index], totals[1][index], totals[2][index], totals[3][index])
        )


def _add_groups(
    sums: EvidenceSums, month_id: str, arrays: dict[str, Any], names: dict[str, Sequence[str]]
) -> None:
    width = len(names["kpi_id"])
    groups = (
        ("team", arrays["team_code"], ["", *names["team_id"]], arrays["is_counted"]),
        ("department", arrays["department_code"], ["", *names["department"]], arrays["is_counted"]),
        ("centre", np.zeros_like(arrays["kpi_code"]) - 1, ["centre"], arrays["is_counted_for_centre"]),
    )
    for kind, codes, labels, counted in groups:
        keys, place = np.unique(
            (codes[counted] + 1) * width + arrays["kpi_code"][counted], return_inverse=True
        )
        numerators = _totals(arrays["numerator"][counted], place, len(keys))
        denominators = _totals(arrays["denominator"][counted], place, len(keys))
        for index, key in enumerate(keys.tolist()):
            label, kpi = divmod(key, width)
            sums.groups[kind, labels[label], month_id, names["kpi_id"][kpi]].add(
                Sums(numerators[index], denominators[index])
            )


def _totals(values: Integers, place: Integers, size: int) -> list[int]:
    largest = int(np.abs(values).max(initial=0))
    if largest * len(values) < SAFE:
        totals = np.zeros(size, dtype=np.int64)
        np.add.at(totals, place, values)
        return [int(total) for total in totals]
    exact = [0] * size
    for index, value in zip(place.tolist(), values.tolist(), strict=True):
        exact[index] += value
    return exact
