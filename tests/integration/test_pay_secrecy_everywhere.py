"""Whatever a publication has, in any folder: pay is where its readers may see it, and nowhere else (PR-03).

Salaries that no calculation comes to by chance are planted in the exports, and every file is searched for
them and for what people are paid.
"""

from __future__ import annotations

import csv
import html
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration.publish.payroll.statement import statement_name
from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.conftest import run_night
from tests.publication_files import files_of, is_open_to_group, may_see_pay, numbers_in, texts_of

LOWEST, STEP = Decimal("4137.77"), Decimal("13.07")
"""Planted base salaries: 4,137.77 and so on, one per row of the job history."""


@pytest.fixture(scope="module")
def planted(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, frozenset[Decimal]]:
    """A publication of the centre with other salaries, and these."""
    folder = tmp_path_factory.mktemp("secret")
    landing = folder / "landing"
    shutil.copytree(demo_landing, landing)
    salaries = []
    for path in sorted((landing / "workforce").glob("agent*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            salaries.append(LOWEST + STEP * len(salaries))
            row["base_salary"] = str(salaries[-1])
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    run_night(folder / "state", landing)
    publication = current_publication(StateFolder(folder / "state"))
    assert publication is not None
    return publication.folder, frozenset(salaries)


@pytest.fixture(scope="module")
def secrets(planted: tuple[Path, frozenset[Decimal]]) -> frozenset[Decimal]:
    """Base salaries, lines, totals of periods and years that have cents: a round one is a number of seconds
    as well.
    """
    folder, salaries = planted
    with duckdb.connect() as database:
        database.execute(f"attach '{folder / 'auditor.duckdb'}' as one (read_only)")
        rows = database.execute(
            """
            select amount_cny from one.bonus.bonus_line
            union select amount_cny from one.bonus.bonus
            union select component_cny from one.marts.mart_payroll_person
            union select sum(amount_cny) from one.bonus.bonus group by agent_id, left(period_id, 4)
            """
        ).fetchall()
    return salaries | {abs(amount) for (amount,) in rows if amount and amount % 1 and abs(amount) > 100}


def leaks(folder: Path, secrets: frozenset[Decimal]) -> dict[str, list[Decimal]]:
    """Files whose readers may not see pay, and what they would see of it."""
    found = {
        name: sorted(numbers_in(texts_of(path), secrets))
        for name, path in files_of(folder).items()
        if not may_see_pay(name)
    }
    return {name: amounts for name, amounts in found.items() if amounts}


def test_the_search_finds_pay_where_it_belongs(
    planted: tuple[Path, frozenset[Decimal]], secrets: frozenset[Decimal]
) -> None:
    folder, salaries = planted
    files = files_of(folder)
    assert len(secrets) > len(salaries) + 30
    assert len(numbers_in(texts_of(files["auditor.duckdb"]), salaries)) > 10
    for name in ("payroll.duckdb", "payroll/mart_bonus_register.parquet", "payroll/register_2026-10.xlsx"):
        assert len(numbers_in(texts_of(files[name]), secrets)) > 10, name
    pages = [name for name in files if name.startswith("payroll/statements/2026-10/")]
    assert sum(bool(numbers_in(texts_of(files[name]), secrets)) for name in pages) > 10


def test_no_file_of_others_has_an_amount_of_a_person(
    planted: tuple[Path, frozenset[Decimal]], secrets: frozenset[Decimal]
) -> None:
    folder, _ = planted
    searched = [name for name in files_of(folder) if not may_see_pay(name)]
    assert {"bi.duckdb", "manifest.json", "calibration.html", "bi/mart_agent_scorecard.parquet"} <= set(
        searched
    )
    assert leaks(folder, secrets) == {}


def test_pay_is_the_owners_alone(planted: tuple[Path, frozenset[Decimal]]) -> None:
    folder, _ = planted
    assert [
        name
        for name, path in files_of(folder).items()
        if may_see_pay(name) and is_open_to_group(folder, path)
    ] == []
    for path in (folder / "payroll" / "statements").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_nobody_thought_of_is_searched(
    planted: tuple[Path, frozenset[Decimal]], secrets: frozenset[Decimal], tmp_path: Path
) -> None:
    _, salaries = planted
    amount = max(salaries)
    for name, content in {
        "board/lead/A0001.html": f"<p>paid {amount:,}</p>",
        "board/bi/data.json": f'{{"x": [{amount}]}}',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    with duckdb.connect() as database:
        database.execute(
            f"copy (select {amount}::double as y) to '{tmp_path / 'bi.parquet'}' (format parquet)"
        )
    shutil.make_archive(str(tmp_path / "board" / "all"), "zip", tmp_path / "board" / "bi")
    assert set(leaks(tmp_path, secrets)) == {
        "board/lead/A0001.html",
        "board/bi/data.json",
        "board/all.zip",
        "bi.parquet",
    }


# ---- statements


def people_of(folder: Path) -> list[tuple[str, str, str]]:
    """Period, id and name of everybody with a statement."""
    return duckdb.sql(
        f"select period_id, agent_id, agent_name from '{folder}/payroll/mart_payroll_person.parquet' "
        "order by all"
    ).fetchall()


def statements(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Period, id and page of every statement that is a file."""
    for period_id, agent_id, _ in people_of(folder):
        path = folder / "payroll" / "statements" / period_id / statement_name(agent_id)
        if path.exists():
            yield period_id, agent_id, html.unescape(path.read_text(encoding="utf-8"))


def test_a_statement_has_no_id_name_or_amount_of_another(
    planted: tuple[Path, frozenset[Decimal]], secrets: frozenset[Decimal]
) -> None:
    folder, _ = planted
    names = {agent_id: name for _, agent_id, name in people_of(folder)}
    own: dict[str, set[Decimal]] = {}
    for agent_id, amount in duckdb.sql(
        f"""
        select agent_id, abs(amount_cny) from '{folder}/payroll/mart_bonus_register.parquet'
        union select agent_id, abs(amount_cny) from '{folder}/payroll/mart_payroll_person.parquet'
        union select agent_id, quantity from '{folder}/payroll/mart_bonus_register.parquet'
        """
    ).fetchall():
        own.setdefault(agent_id, set()).add(amount)
    count = 0
    for period_id, agent_id, page in statements(folder):
        count += 1
        body = re.sub(r"(?s)<style>.*?</style>", "", page)
        assert set(re.findall(r"\bA\d{4}\b", body)) == {agent_id}, (period_id, agent_id)
        others = {name for name in names.values() if name not in names[agent_id] and name in body}
        assert others == set(), (period_id, agent_id)
        assert numbers_in(iter([body]), secrets) <= own[agent_id], (period_id, agent_id)
    assert count > 60


def test_a_statement_pays_what_the_register_pays(planted: tuple[Path, frozenset[Decimal]]) -> None:
    folder, _ = planted
    totals = dict(
        ((period_id, agent_id), amount)
        for period_id, agent_id, amount in duckdb.sql(
            "select period_id, agent_id, sum(amount_cny) "
            f"from '{folder}/payroll/mart_bonus_register.parquet' group by all"
        ).fetchall()
    )
    for period_id, agent_id, page in statements(folder):
        pairs = re.findall(r'<data value="([^"]*)" id="([^"]*)">', page)
        amounts = [Decimal(amount) for amount, key in pairs if key != "total"]
        [total] = [Decimal(amount) for amount, key in pairs if key == "total"]
        assert sum(amounts, Decimal(0)) == total == totals.get((period_id, agent_id), Decimal(0))


def test_a_workbook_comes_to_the_register_and_says_every_code(
    planted: tuple[Path, frozenset[Decimal]],
) -> None:
    folder, _ = planted
    rows = duckdb.sql(
        "select period_id, count(*), sum(amount_cny), count(distinct agent_id) "
        f"from '{folder}/payroll/mart_bonus_register.parquet' group by all order by all"
    ).fetchall()
    assert len(rows) > 2
    for period_id, count, amount, _ in rows:
        book = openpyxl.load_workbook(folder / "payroll" / f"register_{period_id}.xlsx", data_only=True)
        people, lines, totals, _adjustments = book.worksheets
        assert lines.max_row == count + 2
        for sheet, head in ((people, "Total"), (lines, "Amount, CNY"), (totals, "Total")):
            [column] = [cell.column for cell in sheet[1] if str(cell.value).endswith(f"\n{head}")]
            last = sheet.max_row - 1 if sheet is totals else sheet.max_row
            assert round(Decimal(str(sheet.cell(last, column).value)), 2) == amount, (period_id, sheet.title)
        for head in ("Calculation", "Kind of pay", "Unit", "Origin", "State"):
            [column] = [cell.column for cell in lines[1] if str(cell.value).endswith(f"\n{head}")]
            said = {str(lines.cell(row, column).value) for row in range(2, lines.max_row)}
            assert all(re.search(r"[\u4e00-\u9fff]+.* [A-Za-z]", text) for text in said), (head, said)
