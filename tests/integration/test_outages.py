"""A system outage proposes rulings on what began in it (CG-30)."""

from __future__ import annotations

from pathlib import Path

import duckdb


def test_every_ruling_for_an_outage_answers_a_proposal(published_demo: Path) -> None:
    marts = published_demo / "published" / "current" / "auditor"
    proposal = duckdb.read_parquet(f"{marts}/marts.mart_proposed_ruling/all.parquet")
    proposals, unanswered = len(proposal), len(proposal.filter("status = 'proposed'"))
    assert 0 < unanswered < proposals
    assert (
        duckdb.sql(
            f"""
            select ruling.entity_id from '{marts}/facts.fct_ruling/all.parquet' as ruling
            left join proposal
                on ruling.entity = proposal.entity and ruling.entity_id = proposal.entity_id
            where ruling.reason = 'system_outage' and proposal.entity_id is null
            """
        ).fetchall()
        == []
    )
