"""The boards of a centre of 60 in a real browser, from the file system, and what readers may not see."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from urllib.parse import unquote

import duckdb
import pytest
from playwright.sync_api import Browser

from orchestration.audit.why import explain
from orchestration.board.page import About
from orchestration.board.read import NoBoard
from orchestration.board.words import both, pair
from orchestration.board.write import write_boards
from orchestration.cli import run
from orchestration.file_names import safe_name
from orchestration.generate import generate
from orchestration.publish.publication import Publication, current_publication
from orchestration.settings_table import BOARDS
from orchestration.state.folder import GROUP_DIR, GROUP_FILE, OWNER_DIR, OWNER_FILE, StateFolder
from tests.board_browser import MODES, chromium, faults_of, opened
from tests.conftest import AS_OF, LAST_MONTH, run_night

AGENTS, MONTHS, TICKETS, SEED = 60, 3, 6000, 11
PLANTED = "<script>document.title='x'</script>"
ODD_ID, ODD = "A0007", "A/7 %.."
WITHOUT, WITHOUT_FROM = "A0012", "2026-09-16"
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
NO_AMOUNTS = re.compile(r'<svg.*?</svg>|data-chart="progress".*?</script>', re.DOTALL)
"""Where a number is a place in a picture, or a KPI's value of a day, such as somebody's sales so far."""


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """A centre of 60: one agent's name is a script, another's id no name of a file, a third is on no plan
    from the middle of the month before the last on.
    """
    place = tmp_path_factory.mktemp("board")
    landing = place / "landing"
    generate(out=landing, agents=AGENTS, months=MONTHS, tickets=TICKETS, seed=SEED, last_month=LAST_MONTH)
    for path in landing.rglob("*.csv"):
        text = path.read_text(encoding="utf-8")
        if ODD_ID in text:
            path.write_text(text.replace(ODD_ID, ODD), encoding="utf-8")
    agents = landing / "workforce" / "agent.csv"
    with agents.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["agent_id"] == "A0008":
            row["agent_name"] = PLANTED
    last = max((row for row in rows if row["agent_id"] == WITHOUT), key=lambda row: row["effective_from"])
    rows.append({**last, "effective_from": WITHOUT_FROM, "scheme_id": ""})
    with agents.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    run_night(place / "state", landing, boards=BOARDS)
    found = current_publication(StateFolder(place / "state"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def board(publication: Publication) -> Path:
    return publication.folder / "board"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def kinds_of_pages(board: Path) -> list[Path]:
    """Every kind of page: of the agents one of each plan, the odd one and the planted one."""
    agents = sorted((board / "agent").iterdir())
    by_plan = {re.search(r'class="sub">.*?·(.*?)·', page.read_text(), re.DOTALL)[1]: page for page in agents}  # type: ignore[index]
    assert len(by_plan) > 5
    planted = [board / "agent" / f"{safe_name(one)}.html" for one in (ODD, "A0008")]
    teams = sorted((board / "lead").glob("*/index.html"))
    assert len(teams) > 5
    return [
        *(board / name for name in ("index.html", "bi/index.html", "payroll/index.html")),
        *teams[:3],
        *dict.fromkeys([*by_plan.values(), *planted]),
    ]


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_page_is_drawn_and_readable(board: Path, browser: Browser, mode: str) -> None:
    found, drawn = [], set()
    for path in kinds_of_pages(board):
        name = path.relative_to(board).as_posix()
        with opened(browser, path, mode) as seen:
            charts = seen.charts()
            drawn |= {str(one["name"]) for one in charts}
            found += [
                f"{name}: {one} is not drawn" for one in charts if one["drawn"] != "true" or not one["marks"]
            ]
            found += [f"{name}: {one} has no table" for one in charts if not one["rows"]]
            found += faults_of(seen, path, mode, board.as_uri() + "/")
    assert found == []
    specifications = (board / "assets" / "charts.js").read_text(encoding="utf-8")
    assert drawn == set(json.loads(specifications.split("BOARD_CHARTS = ")[1].rstrip(";\n")))


def test_who_is_on_no_plan_any_more_is_said_to_be(board: Path) -> None:
    """Half a month without a plan is half a month's pay: the boards name it, with a step of its own."""
    for name in ("payroll/index.html", f"agent/{WITHOUT}.html"):
        assert str(both(*pair("page.no_plan"))) in (board / name).read_text(encoding="utf-8"), name
    payroll = (board / "payroll" / "index.html").read_text(encoding="utf-8")
    chart = payroll.split('data-chart="waterfall"')[1].split("</script>")[0]
    assert pair("page.no_plan")[0] in chart


def test_a_broken_page_would_be_seen(board: Path, browser: Browser, tmp_path: Path) -> None:
    copytree(board, tmp_path / "board")
    page = tmp_path / "board" / "bi" / "index.html"
    text = page.read_text(encoding="utf-8")
    planted = text.replace(
        '<main id="content">', '<main id="content"><img src="https://example.invalid/x.png">'
    )
    page.write_text(planted.replace('data-chart="grades"', 'data-chart="no such chart"'), encoding="utf-8")
    with opened(browser, page) as seen:
        assert [one["drawn"] for one in seen.charts()].count("failed") == 1
        assert any("example.invalid" in one for one in seen.asked)
        assert seen.said
        assert any(one.startswith("image-alt") for one in seen.grave())


def test_a_page_speaks_one_language_at_a_time_and_its_keys_reach_everything(
    board: Path, browser: Browser
) -> None:
    with opened(browser, board / "agent" / "A0008.html") as seen:
        page = seen.page
        heading = page.locator("#kpis")
        assert (
            heading.inner_text() == "我的指标" and page.evaluate("document.documentElement.lang") == "zh-CN"
        )
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert heading.inner_text() == "My KPIs" and page.evaluate("document.documentElement.lang") == "en"
        seen.charts()
        summary = page.locator("details[data-steps] summary").first
        summary.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("ul.trace li")
        assert page.locator("ul.trace li").count() > 2
        page.reload()
        assert page.locator("#kpis").inner_text() == "My KPIs", "the choice is kept"


def test_a_lead_sorts_the_table(board: Path, browser: Browser) -> None:
    with opened(browser, board / "payroll" / "index.html") as seen:
        table = seen.page.locator("section[aria-labelledby=register] table")
        table.locator("th button").nth(3).press("Enter")
        amounts = [
            Decimal(one.replace(",", ""))
            for one in table.locator("tbody tr td:nth-child(4)").all_inner_texts()
            if one != "–"
        ]
        assert len(amounts) > 30 and amounts == sorted(amounts, reverse=True)


# Texts of exports


def test_a_name_that_is_a_script_is_text(board: Path, browser: Browser) -> None:
    told = [path for path in board.rglob("*.html") if "document.title=" in path.read_text(encoding="utf-8")]
    assert len(told) >= 3, "payroll, the team's lead and the agent see the name"
    for path in told:
        assert PLANTED not in path.read_text(encoding="utf-8")
        with opened(browser, path) as seen:
            seen.charts()
            assert seen.page.title() != "x"
            assert PLANTED in seen.page.inner_text("body")


def test_an_odd_id_has_a_page_that_the_index_leads_to(board: Path, browser: Browser) -> None:
    assert (board / "agent" / f"{safe_name(ODD)}.html").is_file()
    with opened(browser, board / "index.html") as seen:
        seen.page.locator(f'tr:has(td:text-is("{ODD}")) a').click()
        seen.page.wait_for_selector("#kpis")
        assert unquote(seen.page.url).endswith(f"{safe_name(ODD)}.html")
        assert ODD in seen.page.inner_text(".sub")


# Who may see what


@pytest.fixture(scope="module")
def amounts(publication: Publication) -> dict[str, set[Decimal]]:
    """By agent every amount of theirs with cents: a round one is also a number of something else."""
    with duckdb.connect(str(publication.folder / "auditor.duckdb"), read_only=True) as database:
        rows = database.execute(
            """
            select agent_id, amount_cny from bonus.bonus_line
            union select agent_id, amount_cny from bonus.bonus
            union select agent_id, sum(amount_cny) from bonus.bonus_line
                group by agent_id, period_id, mechanism
            union select agent_id, sum(amount_cny) from bonus.bonus_line
                group by agent_id, period_id, pay_kind
            union select agent_id, base_salary_cny from facts.dim_agent_period
            """
        ).fetchall()
    found: dict[str, set[Decimal]] = {}
    for agent_id, amount in rows:
        if amount and amount % 1 and abs(amount) > 100:
            found.setdefault(agent_id, set()).add(abs(amount))
    return found


def told(text: str, secrets: set[Decimal]) -> list[str]:
    """Amounts of `secrets` in a page, however they are written."""
    numbers = {one.replace(",", "") for one in NUMBER.findall(NO_AMOUNTS.sub("", text))}
    return sorted(one for one in numbers if Decimal(one) in secrets)


def test_boards_of_bi_and_leads_tell_no_amount_of_anybody(
    board: Path, amounts: dict[str, set[Decimal]]
) -> None:
    secrets = set().union(*amounts.values())
    assert len(secrets) > 100
    payroll = (board / "payroll" / "index.html").read_text(encoding="utf-8")
    assert len(told(payroll, secrets)) > 50, "the search finds them where they belong"
    pages = [
        path
        for path in board.rglob("*")
        if path.is_file()
        and path.name != "vega.js"
        and path.relative_to(board).parts[0] not in ("agent", "payroll")
    ]
    assert len(pages) > 10
    found = {path.name: told(path.read_text(encoding="utf-8"), secrets) for path in pages}
    assert [name for name, numbers in found.items() if numbers] == []


def test_an_agents_page_tells_the_own_amounts_and_nobody_elses(
    board: Path, amounts: dict[str, set[Decimal]]
) -> None:
    seen = 0
    for agent_id, own in amounts.items():
        text = (board / "agent" / f"{safe_name(agent_id)}.html").read_text(encoding="utf-8")
        others = set().union(*(one for other, one in amounts.items() if other != agent_id)) - own
        assert told(text, others) == [], agent_id
        planted = max(others)
        assert told(f"{text} {planted:,}", others) == [str(planted)]
        seen += bool(told(text, own))
    assert seen > 30


def test_an_agents_page_names_nobody_else(publication: Publication, board: Path) -> None:
    with duckdb.connect(str(publication.folder / "auditor.duckdb"), read_only=True) as database:
        names = dict(database.execute("select agent_id, agent_name from facts.dim_agent").fetchall())
    for agent_id, name in names.items():
        text = (board / "agent" / f"{safe_name(agent_id)}.html").read_text(encoding="utf-8")
        ids = [other for other in names if other != agent_id and re.search(rf"\b{re.escape(other)}\b", text)]
        others = [other for other in set(names.values()) - {name} if other in text and other not in name]
        assert (ids, others) == ([], []), agent_id
        assert name.replace("<", "&lt;").split("&")[0] in text


def test_the_group_reads_the_board_of_bi_and_nothing_else(board: Path) -> None:
    for path in (board, *board.rglob("*")):
        place = path.relative_to(board).as_posix()
        is_shared = place in (".", "assets", "bi") or place.startswith(("assets/", "bi/"))
        wanted = (
            (GROUP_DIR if is_shared else OWNER_DIR)
            if path.is_dir()
            else (GROUP_FILE if is_shared else OWNER_FILE)
        )
        assert path.stat().st_mode & 0o777 == wanted, place


# The same in, the same out


def test_a_board_written_again_has_the_same_bytes(
    publication: Publication, board: Path, tmp_path: Path
) -> None:
    state = publication.folder.parents[1]
    assert run(["--state", str(state), "board", "--out", str(tmp_path / "all")]) == 0
    assert contents(tmp_path / "all") == contents(board)
    assert run(["--state", str(state), "board", "--out", str(tmp_path / "one"), "--audience", "lead"]) == 0
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"assets", "index.html", "lead"}


def test_a_board_is_not_written_over_another(
    publication: Publication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "A9999.html").touch()
    assert run(["--state", str(publication.folder.parents[1]), "board", "--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_manifest_has_every_page(publication: Publication, board: Path) -> None:
    listed = {name for name in publication.manifest["files"] if name.startswith("board/")}
    assert listed == {f"board/{name}" for name in contents(board)}


# What is said


def test_what_the_next_grade_takes_is_what_why_says(publication: Publication, board: Path) -> None:
    asked, methods = 0, set()
    for path in sorted((board / "agent").iterdir()):
        text = path.read_text(encoding="utf-8")
        found = re.search(r"meritline why (\S+) (\S+)</code>", text)
        if found is None or asked > 24 or found[1].startswith("'"):
            continue
        why = explain(publication.folder, agent_id=found[1], period_id=found[2])
        needed = re.search(r'<span class="grade best">([^<]+)</span>: <strong>([\d.]+)</strong>', text)
        if why.needed_total is None:
            assert needed is None and 'class="path top"' in text, found[1]
        else:
            assert needed is not None, found[1]
            assert (needed[1], Decimal(needed[2])) == (why.next_grade, why.needed_total), found[1]
            methods.add(why.method)
        asked += 1
    assert methods == {"forced", "absolute"}


def test_the_progress_ends_at_the_value_of_the_month(publication: Publication, board: Path) -> None:
    with duckdb.connect(str(publication.folder / "auditor.duckdb"), read_only=True) as database:
        values = {
            (agent, kpi): float(value)
            for agent, kpi, value in database.execute(
                "select agent_id, kpi_id, value from marts.mart_agent_scorecard "
                "where period_id = ? and value is not null",
                [AS_OF[:7]],
            ).fetchall()
        }
    compared = 0
    for path in sorted((board / "agent").iterdir()):
        found = re.search(
            r'data-chart="progress".*?application/json">(.*?)</script>', path.read_text(), re.DOTALL
        )
        if found is None:
            continue
        last = {row[0]: row[2] for row in json.loads(found[1])["rows"]}
        for kpi, value in last.items():
            assert value == pytest.approx(values[unquote(path.stem), kpi]), (path.name, kpi)
            compared += 1
    assert compared > 100


def test_a_publication_without_its_data_says_so(board: Path, tmp_path: Path) -> None:
    library = board / "assets" / "vega.js"
    with pytest.raises(NoBoard, match="Retention has removed its data"):
        write_boards(tmp_path, tmp_path / "out", About("x", AS_OF), library=library)


def test_a_centre_of_nobody_has_boards(publication: Publication, board: Path, tmp_path: Path) -> None:
    (tmp_path / "bi").mkdir()
    with duckdb.connect() as database:
        for path in (publication.folder / "bi").glob("*.parquet"):
            database.execute(
                f"copy (from '{path}' limit 0) to '{tmp_path / 'bi' / path.name}' (format parquet)"
            )
        database.execute(f"attach '{publication.folder / 'auditor.duckdb'}' as whole (read_only)")
        database.execute(f"attach '{tmp_path / 'auditor.duckdb'}' as empty")
        tables = database.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'whole'"
        ).fetchall()
        for schema, name in tables:
            database.execute(f'create schema if not exists empty."{schema}"')
            database.execute(
                f'create table empty."{schema}"."{name}" as from whole."{schema}"."{name}" limit 0'
            )
        database.execute("detach empty")
    library = board / "assets" / "vega.js"
    assert write_boards(tmp_path, tmp_path / "out", About("x", AS_OF), library=library) == 3
    assert "暂无数据" in (tmp_path / "out" / "bi" / "index.html").read_text(encoding="utf-8")
