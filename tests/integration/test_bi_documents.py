"""docs/bi.md and the bundle for Superset: every query runs on what BI gets, and says what the marts say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.settings import PROJECT_ROOT

TEXT = (PROJECT_ROOT / "docs" / "bi.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"([^\n]+):\n\n```sql\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def bi(published_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published_demo / "published/current/bi.duckdb"), read_only=True) as database:
        yield database


def test_the_document_has_its_queries() -> None:
    assert [title.split(",")[0] for title, _ in QUERIES] == [
        "The mean score of each agent over the months",
        "October by week",
        "How grades are spread",
        "Every KPI of a team against its last month",
    ]


@pytest.mark.parametrize("title, query", QUERIES, ids=[title for title, _ in QUERIES])
def test_every_query_finds_rows(bi: duckdb.DuckDBPyConnection, title: str, query: str) -> None:
    assert bi.execute(query).fetchall()


def test_mean_scores_need_no_distinct(bi: duckdb.DuckDBPyConnection) -> None:
    once = bi.execute(
        "select distinct agent_id, period_id, total_score from marts.mart_agent_scorecard "
        "where period_kind = 'month' and total_score is not null"
    ).fetchall()
    scores: dict[str, list[Decimal]] = defaultdict(list)
    for agent_id, _, score in once:
        scores[agent_id].append(score)
    expected = {agent: float(sum(found) / len(found)) for agent, found in scores.items()}

    found = {agent: mean for agent, _, mean, months in bi.execute(QUERIES[0][1]).fetchall() if months}

    assert expected
    assert found == pytest.approx(expected)


def test_weeks_add_up_to_the_month(bi: duckdb.DuckDBPyConnection) -> None:
    by_day = bi.execute(
        "select group_id, kpi_id, sum(numerator), sum(denominator) from marts.mart_kpi_daily "
        "where group_kind <> 'agent' and month_id = '2026-10' group by all order by all"
    ).fetchall()
    by_month = bi.execute(
        "select group_id, kpi_id, numerator, case when aggregation <> 'sum' then denominator end "
        "from marts.mart_team_kpi join marts.dim_kpi using (kpi_id) "
        "where group_kind in ('team', 'centre') and period_id = '2026-10' order by all"
    ).fetchall()
    assert by_day
    assert by_day == by_month


def test_every_row_of_the_marts_joins_its_dimensions(bi: duckdb.DuckDBPyConnection) -> None:
    joins = {
        "mart_agent_period": ("agent_id", "period_id", "team_id"),
        "mart_agent_scorecard": ("agent_id", "period_id", "kpi_id"),
        "mart_kpi_daily": ("day_on", "kpi_id"),
    }
    dimensions = {
        "agent_id": "dim_agent", "period_id": "dim_period", "team_id": "dim_team", "kpi_id": "dim_kpi",
        "day_on": "dim_day",
    }  # fmt: skip
    for mart, columns in joins.items():
        for column in columns:
            lost = bi.execute(
                f"select count(*) from marts.{mart} anti join marts.{dimensions[column]} using ({column})"
            ).fetchone()
            assert lost == (0,), (mart, column)


SUPERSET = PROJECT_ROOT / "deploy" / "superset"


def bundle(folder: str) -> dict[str, dict[str, Any]]:
    """Files of a folder of the Superset bundle by their uuid."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((SUPERSET / folder).rglob("*.yaml"))]
    return {file["uuid"]: file for file in files}


DATASETS = bundle("datasets")


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=[one["table_name"] for one in DATASETS.values()])
def test_a_dataset_of_superset_has_its_columns_and_metrics(
    bi: duckdb.DuckDBPyConnection, dataset: dict[str, Any]
) -> None:
    rows = bi.sql(dataset["sql"])
    assert [column["column_name"] for column in dataset["columns"]] == rows.columns
    for metric in dataset["metrics"]:
        found = rows.aggregate(metric["expression"]).fetchone()
        assert found is not None and found[0] is not None, metric["metric_name"]


def test_every_part_of_the_bundle_leads_to_another() -> None:
    databases, charts, dashboards = bundle("databases"), bundle("charts"), bundle("dashboards")
    assert {one["database_uuid"] for one in DATASETS.values()} == databases.keys()
    [dashboard] = dashboards.values()
    places = [part for part in dashboard["position"].values() if isinstance(part, dict)]
    shown = [part["meta"]["uuid"] for part in places if "uuid" in part.get("meta", {})]
    assert sorted(shown) == sorted(charts)
    for chart in charts.values():
        dataset, params = DATASETS[chart["dataset_uuid"]], chart["params"]
        columns = {one["column_name"] for one in dataset["columns"]}
        asked = {*params.get("groupby", ()), *params.get("all_columns", ())}
        asked |= {one["subject"] for one in params["adhoc_filters"]}
        asked |= {params["x_axis"]} if "x_axis" in params else set()
        assert asked <= columns, chart["slice_name"]
        assert set(params.get("metrics", ())) <= {one["metric_name"] for one in dataset["metrics"]}
