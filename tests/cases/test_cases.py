"""The worked cases of HR, one test each; cases share a few builds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.cases.runner.build import Builder, batches, connect
from tests.cases.runner.case import Case, read_cases
from tests.cases.runner.compare import faults

CASES = read_cases(Path(__file__).parent)
BATCHES = batches(CASES)
NUMBER_OF = {case.tag: number for number, batch in enumerate(BATCHES) for case in batch.cases}


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def open_warehouses() -> Iterator[dict[int, duckdb.DuckDBPyConnection]]:
    opened: dict[int, duckdb.DuckDBPyConnection] = {}
    yield opened
    for database in opened.values():
        database.close()


@pytest.mark.parametrize("case", sorted(CASES, key=lambda one: NUMBER_OF[one.tag]), ids=str)
def test_case(case: Case, builder: Builder, open_warehouses: dict[int, duckdb.DuckDBPyConnection]) -> None:
    number = NUMBER_OF[case.tag]
    if number not in open_warehouses:
        open_warehouses[number] = connect(builder.warehouse(number, BATCHES[number]))
    found = faults(case, open_warehouses[number])
    assert not found, f"{case.path}: {case.name}\n  " + "\n  ".join(found)
