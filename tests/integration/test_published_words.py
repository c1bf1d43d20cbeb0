"""What each published DuckDB file says of itself: whose publication it is, what tables and columns mean."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.publish.databases import ABOUT_COLUMNS
from orchestration.publish.publication import Publication, current_publication
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import manifest_path
from orchestration.warehouse.manifest import published_relations, read_manifest

AUDIENCES = ("bi", "payroll", "auditor")
Rows = list[tuple[str, ...]]


@pytest.fixture
def publication(published_demo: Path) -> Publication:
    found = current_publication(StateFolder(published_demo))
    assert found is not None
    return found


def _rows(publication: Publication, audience: str, query: str) -> Rows:
    with duckdb.connect(str(publication.folder / f"{audience}.duckdb"), read_only=True) as database:
        return database.execute(query).fetchall()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_file_says_which_publication_it_is_of(publication: Publication, audience: str) -> None:
    said = {**publication.manifest, "audience": audience, "oldest_duckdb": "1.2.0", "is_preview": "false"}
    [row] = _rows(publication, audience, "select columns(*)::varchar from about")
    assert dict(zip(ABOUT_COLUMNS, row, strict=True)) == {name: said[name] for name in ABOUT_COLUMNS}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_table_and_column_says_what_it_means(publication: Publication, audience: str) -> None:
    tables = (
        "select schema_name || '.' || table_name from duckdb_tables() where trim(coalesce(comment, '')) = ''"
    )
    columns = (
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns() "
        f"where database_name = '{audience}' and trim(coalesce(comment, '')) = ''"
    )
    assert _rows(publication, audience, tables) == []
    assert _rows(publication, audience, columns) == []
    counted = f"select count(*) from duckdb_columns() where database_name = '{audience}'"
    assert int(_rows(publication, audience, counted)[0][0]) > len(ABOUT_COLUMNS)


def test_the_words_are_those_beside_the_models(published_demo: Path, publication: Publication) -> None:
    relations = published_relations(read_manifest(manifest_path(StateFolder(published_demo))))
    found = {
        (f"{schema}.{table}", column): comment
        for schema, table, column, comment in _rows(
            publication,
            "auditor",
            "select schema_name, table_name, column_name, comment from duckdb_columns() "
            "where database_name = 'auditor'",
        )
    }
    expected = {
        (one.full_name, column): " ".join(text.split())
        for one in relations
        for column, text in one.columns.items()
    }
    assert expected
    assert {key: found[key] for key in expected} == expected


def test_every_number_of_a_trace_is_called_by_a_name_in_both_languages(publication: Publication) -> None:
    query = (
        "select distinct label, label_zh from audit.bonus_trace where kind = 'parameter' "
        "and (regexp_matches(label, '[a-z]_[a-z]') or label_zh = '参数')"
    )
    assert _rows(publication, "auditor", query) == []
