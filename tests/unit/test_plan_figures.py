"""What a plan counts and how it is shown, without a warehouse: distribution, order, charts, forms, names."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.diff import Cause, NumberChange, Side, Stated, comparing
from orchestration.audit.relations import AuditFileUnreadable
from orchestration.errors import ConfigurationError, MemoryRanOut, StateHeld
from orchestration.plan.build import Built, _link_exports, differing_files
from orchestration.plan.folder import plans_folder, scratch
from orchestration.plan.result import (
    AgentChange,
    GradeMove,
    Group,
    Money,
    Plan,
    PlannedLine,
    SettledPeriod,
    spread,
)
from orchestration.plan.saved import Agreement, Keeper, agreements, require_name
from orchestration.plan.show.chart import BAR_COUNT, difference_columns, period_bars, zero_line
from orchestration.plan.show.document import plan_json
from orchestration.plan.show.labels import CAUSES, WORDS, notes_of, said_cause
from orchestration.plan.show.page import plan_page
from orchestration.plan.show.text import plan_text
from orchestration.plan.show.workbook import plan_workbook
from orchestration.publish.publication import Publication
from orchestration.state.folder import StateFolder, auditor_parquet
from orchestration.state.lock import hold


def yuan(text: str) -> Decimal:
    return Decimal(text)


def agent(agent_id: str, before: str, after: str) -> AgentChange:
    return AgentChange(agent_id, f"name of {agent_id}", Money(yuan(before), yuan(after)))


LINE = PlannedLine(
    bonus_line_id="2026-10:A1:x",
    agent_id="A1",
    period_id="2026-10",
    scheme_id="centre",
    label_en="Basic <bonus>",
    label_zh="基础奖金",
    before=yuan("500.00"),
    after=yuan("600.00"),
    corrects=None,
    what=("rate 5 → 6",),
    numbers=(NumberChange("rate", "费率", "5", "6", "CG-11"),),
    causes=(Cause("policy", 2, ("a row: 5 → 6",)),),
)
PLAN = Plan(
    publication="000007-2026-10-31",
    as_of="2026-10-31",
    content_hash="c" * 64,
    policy_hash="p" * 64,
    policy_files={"policy/kpi.csv": "1"},
    site_files={},
    code_hash="k" * 64,
    is_other_code=True,
    inputs=("i",),
    settled_periods=("2026-09",),
    periods=("2026-09", "2026-10"),
    site_changes=(("kpi/kpi.csv", "changed"),),
    rows_changed=("component rate of 2026-10: amount 500 → 600",),
    money=Money(yuan("1000.00"), yuan("1050.00")),
    corrections=Money(yuan("0.00"), yuan("-50.00")),
    groups=(
        Group("period", "2026-10", "", "", Money(yuan("1000.00"), yuan("1050.00")), 3),
        Group("plan", "centre", "Centre", "中心", Money(yuan("1000.00"), yuan("1050.00")), 3),
        Group("grade", "", "", "", Money(yuan("1000.00"), yuan("1050.00")), 3),
    ),
    agents=(agent("A1", "500", "600"), agent("A2", "300", "250"), agent("A3", "200", "200")),
    lines=(LINE, replace(LINE, bonus_line_id="b", after=yuan("250.00"), before=None, causes=())),
    grades=(GradeMove("A", "", 2),),
    settled=(SettledPeriod("2026-09", yuan("900.00"), Money(yuan("900.00"), yuan("950.00")), 1),),
)


def test_who_has_more_less_and_the_same() -> None:
    assert [one.agent_id for one in PLAN.winners] == ["A1"]
    assert [one.agent_id for one in PLAN.losers] == ["A2"]
    assert PLAN.unchanged_count == 1
    assert [line.bonus_line_id for line in PLAN.unexplained] == ["b"]


def test_the_distribution_names_differences_that_somebody_has() -> None:
    # (100 - 1) × 5 ÷ 100 = 4.95: the fifth in order
    found = dict(spread([yuan(str(one)) for one in range(100, 0, -1)]))
    assert found == {0: 1, 5: 5, 25: 25, 50: 50, 75: 75, 95: 95, 100: 100}
    assert spread([]) == ()
    assert set(dict(spread([yuan("7")])).values()) == {7}


def test_each_agent_stands_in_one_column_and_only_zero_in_the_middle() -> None:
    columns = difference_columns((*PLAN.agents, agent("A4", "0", "0.01")))
    counts = [int(one.text.split(":")[0]) for one in columns]
    assert len(columns) == BAR_COUNT and sum(counts) == 4
    # 100 is the widest: the last column; 0.01 the one beside the middle; −50 the fifth to the left.
    middle = BAR_COUNT // 2
    assert (counts[-1], counts[middle + 1], counts[middle], counts[middle - 5]) == (1, 1, 1, 1)
    assert difference_columns((agent("A1", "5", "5"),)) == ()


def test_bars_are_as_long_as_their_money() -> None:
    before, after = period_bars(PLAN.of("period"))
    assert float(before.width) / float(after.width) == pytest.approx(1000 / 1050, abs=1e-3)
    assert before.x == after.x and zero_line(PLAN.of("period")) == ""


def test_a_bar_of_less_than_nothing_goes_the_other_way() -> None:
    groups = (Group("period", "2026-10", "", "", Money(yuan("-50"), yuan("150")), 1),)
    less, more = period_bars(groups)
    zero = float(zero_line(groups))
    assert float(less.x) + float(less.width) == pytest.approx(zero, abs=0.1) and float(more.x) == zero
    assert float(more.width) == pytest.approx(3 * float(less.width), abs=0.3)
    assert less.text == "−50.00"
    assert "<line class='zero'" in plan_page(replace(PLAN, groups=groups))
    assert "<line class='zero'" not in plan_page(PLAN)


def test_the_chart_has_a_heading_and_says_which_bar_is_which() -> None:
    page = plan_page(PLAN)
    assert f"<h3>{WORDS['money_chart'].en}" in page
    [legend] = [line for line in page.splitlines() if "class='legend'" in line]
    for kind in ("before", "after"):
        assert f"class='{kind}'" in legend and WORDS[kind].en in legend and WORDS[kind].zh in legend


def test_notes_and_what_is_not_named_are_said_in_both_languages() -> None:
    notes = list(notes_of(replace(PLAN, from_exports=("fct_contact",))))
    assert [note.en.split(":")[0] for note in notes] == [
        "the site's folder differs", "the publication was made by other code", "built again from the exports",
    ]  # fmt: skip
    page, book = plan_page(PLAN), said_of_workbook(PLAN)
    for note in notes_of(PLAN):
        assert note.zh in page and str(note) in book
        assert note.en in plan_text(PLAN) and note.zh not in plan_text(PLAN)
    assert "kpi/kpi.csv changed" in notes[0].en and "kpi/kpi.csv 有改动" in notes[0].zh
    for both in (page.replace("&gt;", ">"), book):
        assert "a row: 5 → 6 and 1 more · 另有 1 项" in both


def said_of_workbook(plan: Plan) -> str:
    """Every text of the workbook, a line each."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(plan_workbook(plan)))
    return "\n".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
    )


def test_the_summary_of_the_workbook_has_grades_that_move_and_says_what_stays() -> None:
    import openpyxl

    summary = openpyxl.load_workbook(BytesIO(plan_workbook(PLAN))).worksheets[0]
    rows = {row[0]: row for row in summary.iter_rows(values_only=True)}
    assert rows[f"A → {WORDS['none']}"][5] == 2
    assert rows[str(WORDS["settled"])][1] == str(WORDS["settled_note"])


def test_a_workbook_that_would_lack_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.plan.show.workbook.MOST_ROWS", len(plan_rows()))
    assert plan_workbook(PLAN)
    monkeypatch.setattr("orchestration.plan.show.workbook.MOST_ROWS", len(plan_rows()) - 1)
    with pytest.raises(ConfigurationError, match=r"would have .* rows and holds .* --format json"):
        plan_workbook(PLAN)


def plan_rows() -> list[object]:
    """The rows of the longest sheet: the summary."""
    import openpyxl

    summary = openpyxl.load_workbook(BytesIO(plan_workbook(PLAN))).worksheets[0]
    return list(summary.iter_rows(min_row=2))


def test_every_form_says_total_settled_lines_and_causes() -> None:
    text, page = plan_text(PLAN), plan_page(PLAN)
    for said in (text, page):
        for word in ("1000.00", "1050.00", "+50.00", "would have been 950.00" if said is text else "950.00"):
            assert word in said
        assert "a row: 5 → 6 and 1 more" in said.replace("&gt;", ">")
    assert "UNEXPLAINED" in text and str(WORDS["unexplained"].zh) in page
    assert "Basic &lt;bonus&gt;" in page and "<bonus>" not in page
    assert "http" not in page
    document = json.loads(plan_json(PLAN))
    assert document["total"] == {"before_cny": "1000.00", "after_cny": "1050.00", "difference_cny": "50.00"}
    assert document["lines"][1]["before_cny"] is None
    assert document["settled_periods"][0]["would_have_been_cny"] == "950.00"


def test_the_workbook_has_the_numbers_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    import openpyxl

    content = plan_workbook(PLAN)
    assert content == plan_workbook(PLAN)
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    book = openpyxl.load_workbook(path)
    lines, agents, settled = (book[book.sheetnames[number]] for number in (2, 1, 3))
    assert [cell.value for cell in lines[2]][4:7] == [500, 600, 100]
    assert [cell.value for cell in agents[2]] == ["A1", "name of A1", 500, 600, 100]
    assert settled["D2"].value == 950


def test_nothing_that_changes_is_said_plainly() -> None:
    same = replace(PLAN, lines=(), grades=(), agents=PLAN.agents[2:])
    assert WORDS["same"].en in plan_text(same) and WORDS["same"].zh in plan_page(same)
    assert WORDS["same"].en not in plan_text(PLAN)


def test_every_kind_of_cause_has_words() -> None:
    from typing import get_args

    from orchestration.audit.diff.causes import Kind

    assert set(CAUSES) == set(get_args(Kind))
    assert said_cause(LINE.causes[0]).startswith("policy row · 制度行 (2): ")


@pytest.mark.parametrize("name", ["..", "a/b", "-x", " ", "x" * 65, "方案"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of a plan"):
        require_name(name)


def test_an_agreement_says_every_cent_or_why_not() -> None:
    assert "every one of 12 lines agrees" in str(Agreement("spring", 12, 0, ()))
    said = str(Agreement("spring", 11, 1, ("other exports were taken in",)))
    assert "11 lines agree" in said and "1 do not" in said and "other exports" in said
    assert "meritline diff" in said


def test_the_scratch_folder_is_gone_after_any_end_and_one_runs_at_a_time(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    for name in (".work", ".going"):
        left = plans_folder(state) / name
        left.mkdir(parents=True)
        (left / "of_a_killed_one").touch()
    with pytest.raises(ZeroDivisionError), scratch(state) as work:
        assert not (work.root / "of_a_killed_one").exists()
        assert not (plans_folder(state) / ".going").exists()
        with pytest.raises(StateHeld), scratch(state):
            pass
        raise ZeroDivisionError
    assert [path.name for path in plans_folder(state).iterdir()] == [".lock"]


def test_what_is_written_while_the_scratch_goes_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that is broken off: dbt's thread goes on and makes its folders anew."""
    state = StateFolder(tmp_path)
    late = ["target", "logs"]
    remove = shutil.rmtree

    def remove_beside_a_writer(path: Path, *, ignore_errors: bool) -> None:
        remove(path, ignore_errors=ignore_errors)
        if late:
            folder = plans_folder(state) / ".work" / late.pop()
            folder.mkdir(parents=True)
            (folder / "late").touch()

    with pytest.raises(KeyboardInterrupt), scratch(state):
        monkeypatch.setattr("orchestration.plan.folder.shutil.rmtree", remove_beside_a_writer)
        raise KeyboardInterrupt
    assert not late
    assert [path.name for path in plans_folder(state).iterdir()] == [".lock"]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[StateFolder, Publication]:
    """A state with PLAN kept as `spring`, and a publication of two lines under it, after another policy's."""
    state = StateFolder(tmp_path / "state")
    warehouse = tmp_path / "warehouse.duckdb"
    folder = state.published / "2"
    with duckdb.connect(str(warehouse)) as database:
        database.execute("create schema bonus")
        database.execute(
            "create table bonus.bonus_line as select 'x' as bonus_line_id, cast(1 as decimal(18, 2)) as "
            "amount_cny union all select 'y', 2"
        )
        for relation in ("bonus.bonus_line", "facts.dim_settled_period"):
            auditor_parquet(folder, relation).parent.mkdir(parents=True, exist_ok=True)
        lines, settled = (
            str(auditor_parquet(folder, name)).replace("*", "part")
            for name in ("bonus.bonus_line", "facts.dim_settled_period")
        )
        database.execute(f"copy bonus.bonus_line to '{lines}' (format parquet)")
        database.execute(f"copy (select '2026-09' as period_id) to '{settled}' (format parquet)")
    side = Side("planned", warehouse, {"policy_hash": PLAN.policy_hash, "site": None}, "")
    built = Built(side, PLAN.policy_files, (), (), Stated(agents=()))
    with scratch(state) as work:
        Keeper(state, "spring").keep(PLAN, built, work)
    return state, Publication(folder, published_by("p" * 64))


def published_by(policy_hash: str, site: Mapping[str, str] | None = None) -> dict[str, object]:
    return {
        "run_id": "2",
        "as_of": PLAN.as_of,
        "code_hash": PLAN.code_hash,
        "policy_hash": policy_hash,
        "site": None if site is None else {"files": site},
        "inputs": [{"sha256": "i"}],
    }


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The manifest of the publication before: of another policy, until a test says otherwise."""
    manifest = published_by("other")
    monkeypatch.setattr("orchestration.plan.saved.manifests_before", lambda *_: iter([manifest]))
    return manifest


def test_a_kept_plan_stands_whole_in_place_of_an_earlier_one(
    kept: tuple[StateFolder, Publication], before: dict[str, object]
) -> None:
    state, publication = kept
    assert sorted(path.name for path in plans_folder(state).iterdir()) == [".lock", "spring"]
    for path in plans_folder(state).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert agreements(state, publication) == ["spring: every one of 2 lines agrees with the plan to the cent"]
    before["policy_hash"] = PLAN.policy_hash
    assert agreements(state, publication) == []


def test_a_plan_of_files_of_the_site_alone_is_held_against_the_night(
    kept: tuple[StateFolder, Publication], before: dict[str, object]
) -> None:
    state, publication = kept
    before |= {"policy_hash": PLAN.policy_hash, "site": {"files": {"kpi/kpi.csv": "1"}}}
    [said] = agreements(state, publication)
    assert "every one of 2 lines" in said


def break_bytes(lines: Path) -> None:
    lines.write_bytes(lines.read_bytes()[:-8])


def break_columns(lines: Path) -> None:
    duckdb.sql(f"copy (select 1 as x) to '{lines}' (format parquet)")


def break_amounts(lines: Path) -> None:
    duckdb.sql(f"copy (select 'x' as bonus_line_id, '77 yuan' as amount_cny) to '{lines}' (format parquet)")


@pytest.mark.parametrize("broken", [Path.unlink, break_bytes, break_columns, break_amounts])
def test_a_kept_plan_that_does_not_read_is_told_and_no_fault_of_the_night(
    kept: tuple[StateFolder, Publication], before: dict[str, object], broken: Callable[[Path], None]
) -> None:
    state, publication = kept
    broken(plans_folder(state) / "spring" / "lines.parquet")
    [said] = agreements(state, publication)
    assert said.startswith("spring: its lines do not read (") and "77" not in said
    assert said.endswith(f"; remove {plans_folder(state) / 'spring'}")
    (plans_folder(state) / "spring" / "plan.json").write_text("{")
    assert agreements(state, publication) == []


@pytest.fixture
def exports(tmp_path: Path) -> StateFolder:
    """A state with an export and a lock that some run once took."""
    state = StateFolder(tmp_path / "exports")
    (state.raw / "workforce").mkdir(parents=True)
    (state.raw / "workforce" / "agent.parquet").write_bytes(b"rows")
    with hold(state, "earlier"):
        pass
    return state


def test_exports_are_not_laid_out_while_a_night_takes_in_others(exports: StateFolder, tmp_path: Path) -> None:
    with (
        scratch(exports) as work,
        hold(exports, "nightly"),
        pytest.raises(StateHeld, match=r"nightly.*built again from the exports \(fct_x\)"),
    ):
        _link_exports(exports, work, tmp_path, {}, ["fct_x"])


def test_no_night_begins_while_exports_are_laid_out(
    exports: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def link(source: str, target: str) -> None:
        with pytest.raises(StateHeld), hold(exports, "nightly"):
            pass
        tried.append(source)

    monkeypatch.setattr("orchestration.plan.build.os.link", link)
    with scratch(exports) as work, pytest.raises(ConfigurationError, match="has taken in others"):
        _link_exports(exports, work, tmp_path, {"as_of": PLAN.as_of}, ["fct_x"])
    assert len(tried) == 1
    with hold(exports, "nightly"):
        pass


def test_exports_that_cannot_be_linked_are_told_with_the_reason(
    exports: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", source, None, target)

    monkeypatch.setattr("orchestration.plan.build.os.link", link)
    with scratch(exports) as work, pytest.raises(ConfigurationError, match="Invalid cross-device link"):
        _link_exports(exports, work, tmp_path, {}, ["fct_x"])


def test_memory_that_ran_out_is_no_fault_of_the_publications(tmp_path: Path) -> None:
    side = Side("1", tmp_path / "auditor.duckdb", {}, "run it again")
    with pytest.raises(MemoryRanOut), comparing(side, side):
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate")
    with pytest.raises(AuditFileUnreadable, match="do not compare"), comparing(side, side):
        raise duckdb.CatalogException("Catalog Error: no such table")


def test_files_that_differ_are_those_of_other_bytes_or_on_one_side() -> None:
    assert differing_files({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}) == ["b", "c", "d"]
