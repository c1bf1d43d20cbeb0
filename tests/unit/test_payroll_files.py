"""Payroll's workbooks and statements on a small centre made by hand."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.audit.show.labels import MATURITY, SCORE_STATUS
from orchestration.audit.verify.findings import Report
from orchestration.audit.verify.payroll import check_payroll
from orchestration.policy.check import policy_tables
from orchestration.policy.clauses import clauses
from orchestration.policy.mechanisms import catalogue
from orchestration.publish.candidate import build_candidate
from orchestration.publish.payroll.statement import statement_name
from orchestration.publish.payroll.words import WORDS, word
from orchestration.publish.payroll.write import nothing_unchanged, write_payroll
from orchestration.publish.previous import Previous
from orchestration.settings import POLICY_DIR
from orchestration.state.folder import StateFolder
from orchestration.warehouse.ledger import Span
from tests import paying
from tests.bilingual import HAN
from tests.paying import line, person, unpaid
from tests.project.conftest import ROOT
from tests.unit.test_publish_candidate import make_state

TITLES = {clause_id: clause.title_zh for clause_id, clause in clauses().items()}
LINES = [
    line("007", "3004.05"),
    line(
        "007",
        "1000.10",
        line_no=2,
        component_id="cg_floating",
        component_en="Floating bonus",
        component_zh="浮动奖金",
        line_label="Floating bonus (A)",
        line_label_zh="浮动奖金",
        mechanism="graded",
        pay_kind="performance",
        quantity="1500",
        rate="1.2",
        day_count=17,
        period_day_count=31,
    ),
    line(
        "007",
        "-12.34",
        line_no=3,
        mechanism="adjustment",
        bonus_line_id="2026-10:007:adjustment:2026-09:007:cg_basic:1:",
        adjusts_bonus_line_id="2026-09:007:cg_basic:1:",
        line_label="adjustment of 2026-09: Basic bonus",
        line_label_zh="2026-09 调整：基础奖金",
        clause_id="PR-04",
    ),
    line("=2+5", "0.29", agent_name="+cmd|' /C calc'!A0 <b>&", maturity="provisional"),
    line("A1*", "77.70", scheme_id="part_time", scheme_en="Part-time pay", scheme_zh="兼职客服薪酬"),
    line("007", "500.00", "2026-09"),
    line("007", "600.00", "2026-08"),
    line("007", "700.00", "2026-Q3"),
]
PEOPLE = [
    person("007", "3991.81", adjustment_cny="-12.34", line_count=3),
    person(
        "=2+5",
        "0.29",
        agent_name="+cmd|' /C calc'!A0 <b>&",
        team_id=None,
        team_name=None,
        maturity="provisional",
    ),
    person(
        "A1*", "77.70", team_id="<T2", team_name="<二组>", scheme_id="part_time", scheme_zh="兼职客服薪酬"
    ),
    person("B2", "0", team_id=None, team_name=None, line_count=0, grade=None),
    person("007", "500.00", "2026-09"),
    person("007", "600.00", "2026-08"),
    person("007", "700.00", "2026-Q3"),
]
REASONS = [
    unpaid("007"),
    unpaid("007", segment_no=2, reason="not_needed", label_zh="扣分", component_id="cg_deduction"),
    unpaid("B2", reason_zh="年假（2026-10-12）<i>", not_paid_cny="500"),
]


def made(folder: Path, lines: Sequence[Mapping[str, Any]] = LINES, **more: Any) -> StateFolder:
    state = make_state(folder, paying.tables(lines, PEOPLE, REASONS))
    build_again(state, **more)
    return state


def build_again(state: StateFolder, number: int = 1, **more: Any) -> None:
    build_candidate(
        state,
        paying.relations(),
        number=number,
        code_hash="c",
        policy_hash="p",
        progress=lambda _: None,
        **more,
    )


@pytest.fixture(scope="module")
def payroll(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("pay"), statement_months=2).candidate / "payroll"


@pytest.fixture(scope="module")
def book(payroll: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(payroll / "register_2026-10.xlsx", data_only=True)


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    """Rows below the header, by the English of their columns."""
    rows = list(sheet.iter_rows(values_only=True))
    names = [str(head).split("\n")[1] for head in rows[0]]
    return [dict(zip(names, row, strict=True)) for row in rows[1:]]


def cents(value: Any) -> Decimal:
    return round(Decimal(str(value or 0)), 2)


# ---- workbooks


def test_every_header_is_chinese_with_english_below(book: openpyxl.Workbook) -> None:
    assert len(book.worksheets) == 4
    for sheet in book:
        for cell in sheet[1]:
            chinese, english = str(cell.value).split("\n")
            assert HAN.search(chinese) and english and not HAN.search(english), (sheet.title, cell.value)
        assert HAN.search(sheet.title) and re.search("[A-Z]", sheet.title)


def test_people_have_their_components_and_totals(book: openpyxl.Workbook) -> None:
    people = table(book.worksheets[0])
    assert [row["ID"] for row in people] == ["007", "=2+5", "A1*", "B2", "合计 Total"]
    assert cents(people[0]["Total"]) == Decimal("3991.81")
    assert cents(people[0]["Performance"]) == cents(people[0]["Floating bonus"]) == Decimal("1000.10")
    assert cents(people[0]["Incentive"]) == Decimal("3004.05")
    assert cents(people[0]["Adjustments"]) == Decimal("-12.34")
    assert [cents(row["Total"]) for row in people[1:]] == [
        Decimal("0.29"),
        Decimal("77.70"),
        Decimal("0.00"),
        Decimal("4069.80"),
    ]
    assert people[0]["State"] == "最终 Final" and people[1]["State"] == "暂定 Provisional"


def test_lines_are_those_of_the_register_and_say_what_codes_mean(book: openpyxl.Workbook) -> None:
    *lines, total = table(book.worksheets[1])
    wanted = [one for one in LINES if one["period_id"] == "2026-10"]
    assert [cents(one["Amount, CNY"]) for one in lines] == [Decimal(one["amount_cny"]) for one in wanted]
    assert cents(total["Amount, CNY"]) == Decimal("4069.80")
    assert (lines[1]["Calculation"], lines[1]["mechanism"]) == ("按等级 By grade", "graded")
    assert (lines[1]["Unit"], lines[1]["Origin"]) == ("元 CNY", "本单位设定 Set by the site")
    assert (lines[1]["Quantity"], lines[1]["Rate"], lines[1]["Days"]) == (1500, 1.2, "17/31")
    assert lines[1]["Clause"] == "CG-11 绩效奖金"


def test_totals_are_by_plan_and_team_and_agree(book: openpyxl.Workbook) -> None:
    rows = table(book.worksheets[2])
    found = {(row["Grouped by"], row["group"]): (row["People"], cents(row["Total"])) for row in rows[:-3]}
    assert found == {
        ("绩效方案 Plan", "centre_grade"): (2, Decimal("3992.10")),
        ("绩效方案 Plan", "part_time"): (1, Decimal("77.70")),
        ("小组 Team", None): (2, Decimal("0.29")),
        ("小组 Team", "T1"): (1, Decimal("3991.81")),
        ("小组 Team", "<T2"): (1, Decimal("77.70")),
    }
    people, lines, difference = rows[-3:]
    assert cents(people["Total"]) == cents(lines["Total"]) == Decimal("4069.80")
    assert cents(people["Adjustments"]) == cents(lines["Adjustments"]) == Decimal("-12.34")
    assert {cents(value) for value in list(difference.values())[3:8]} == {Decimal(0)}


def test_a_difference_between_people_and_lines_is_told(tmp_path: Path) -> None:
    state = made(tmp_path, [*LINES, line("B2", "0.01")])
    path = state.candidate / "payroll" / "register_2026-10.xlsx"
    difference = table(openpyxl.load_workbook(path, data_only=True).worksheets[2])[-1]
    assert cents(difference["Total"]) == Decimal("-0.01")


def test_adjustments_name_the_line_they_adjust(book: openpyxl.Workbook, payroll: Path) -> None:
    [row, total] = table(book.worksheets[3])
    assert (row["Period adjusted"], cents(row["Settled, CNY"])) == ("2026-09", Decimal("500.00"))
    assert cents(row["Adjustment, CNY"]) == cents(total["Adjustment, CNY"]) == Decimal("-12.34")
    [total] = table(openpyxl.load_workbook(payroll / "register_2026-09.xlsx", data_only=True).worksheets[3])
    assert total["Adjustment, CNY"] == 0


def test_numbers_are_numbers_and_texts_are_texts(book: openpyxl.Workbook, payroll: Path) -> None:
    formulas = openpyxl.load_workbook(payroll / "register_2026-10.xlsx")
    for sheet in formulas:
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if cell.data_type == "f":
                    assert re.match(r"=(ROUND|SUMPRODUCT|COUNTA)\(", cell.value), (
                        sheet.title,
                        cell.coordinate,
                    )
    ids = [
        cell for row in formulas.worksheets[0].iter_rows(min_row=2, max_col=2) for cell in row if cell.value
    ]
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in ids if cell.column == 1)
    assert all(isinstance(row["Total"], int | float) for row in table(book.worksheets[0]))
    with zipfile.ZipFile(payroll / "register_2026-10.xlsx") as parts:
        assert b"numberStoredAsText" in parts.read("xl/worksheets/sheet1.xml")


def test_it_prints_on_landscape_pages_one_page_wide(payroll: Path) -> None:
    for path in sorted(payroll.glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path):
            assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            # One page wide is what is left unsaid; as high as it gets is 0.
            assert sheet.page_setup.fitToWidth in (None, 1) and sheet.page_setup.fitToHeight == 0
            assert sheet.print_title_rows == "$1:$1"
            assert "&P" in sheet.oddFooter.center.text and "&N" in sheet.oddFooter.center.text
            assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref


def test_columns_fit_what_is_in_them(book: openpyxl.Workbook) -> None:
    sheet = book.worksheets[0]
    department = next(cell.column_letter for cell in sheet[1] if str(cell.value).endswith("Department"))
    assert sheet.column_dimensions[department].width >= 2 * len("售后服务部")


def test_components_of_one_name_are_told_apart_by_their_plan(tmp_path: Path) -> None:
    other = {
        "component_id": "pa_basic",
        "scheme_id": "part_time",
        "scheme_en": "Part-time",
        "scheme_zh": "兼职",
    }
    state = made(tmp_path, [*LINES, line("A1*", "1", **other)])
    sheet = openpyxl.load_workbook(state.candidate / "payroll" / "register_2026-10.xlsx").worksheets[0]
    heads = [str(cell.value) for cell in sheet[1]]
    assert len(heads) == len(set(heads))
    assert "基础奖金（兼职）\nBasic bonus (Part-time)" in heads


def test_the_same_rows_give_the_same_bytes(payroll: Path, tmp_path: Path) -> None:
    again = made(tmp_path, list(reversed(LINES)), statement_months=2).candidate / "payroll"
    for path in sorted(payroll.rglob("*.*")):
        if path.suffix != ".parquet" and path.is_file():
            assert path.read_bytes() == (again / path.relative_to(payroll)).read_bytes(), path.name


def recalculated(path: Path, folder: Path) -> openpyxl.Workbook:
    """The workbook as LibreOffice calculates it from formulas that have no values beside them."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice Calc is not installed (Debian: libreoffice-calc)")
    bare, out = folder / "bare", folder / "out"
    bare.mkdir()
    openpyxl.load_workbook(path).save(bare / path.name)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(out),
        str(bare / path.name),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return openpyxl.load_workbook(out / path.name, data_only=True)


def test_formulas_come_to_the_values_beside_them(
    payroll: Path, book: openpyxl.Workbook, tmp_path: Path
) -> None:
    path = payroll / "register_2026-10.xlsx"
    calculated, count = recalculated(path, tmp_path), 0
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    count += 1
                    given = book[sheet.title][cell.coordinate].value
                    assert calculated[sheet.title][cell.coordinate].value == given, (sheet.title, cell.value)
    assert count > 40


# ---- words


def test_codes_of_closed_lists_have_words_in_both_languages() -> None:
    tables, _ = policy_tables(POLICY_DIR)
    lists = {
        "mechanism": {*catalogue(tables["component"]), "adjustment"},
        "pay_kind": tables["component"].columns["pay_kind"].values,
        "period_kind": tables["component"].columns["period_kind"].values,
        "value_origin": tables["component_rate"].columns["value_origin"].values,
        "state": {"settled", "final", "provisional"},
        "score_status": set(SCORE_STATUS),
        "quantity_unit": units_in_sql(),
    }
    for part, codes in lists.items():
        assert codes and WORDS[part].keys() >= codes, (part, codes - WORDS[part].keys())


def units_in_sql() -> set[str]:
    """Units that the lines' models write; of a per-event line it is the kind, whose words come with it."""
    models = [
        *(ROOT / "dbt_project/models/bonus").glob("bonus_line__*.sql"),
        *(ROOT / "dbt_project/macros").glob("*.sql"),
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in models)
    of = re.findall(r"(.*) as quantity_unit", text)
    return {word for said in of for word in re.findall(r"'(\w+)'", said)}


def test_every_word_is_a_pair_and_a_state_is_called_alike_everywhere() -> None:
    for part, words in WORDS.items():
        for code, (chinese, english) in words.items():
            assert HAN.search(chinese) and english and not HAN.search(english), (part, code)
    assert {code: WORDS["state"][code].zh for code in MATURITY} == MATURITY
    assert {code: WORDS["score_status"][code].zh for code in SCORE_STATUS} == SCORE_STATUS


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert str(word("mechanism", "<lottery>")) == "<lottery>"


# ---- statements


@pytest.fixture(scope="module")
def page(payroll: Path) -> str:
    return (payroll / "statements" / "2026-10" / "007.html").read_text(encoding="utf-8")


def shown_texts(page: str) -> str:
    """What a person reads, in one line."""
    body = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", page)
    return " ".join(html.unescape(body).split())


def test_a_statement_says_what_is_paid_and_how_it_is_worked_out(page: str) -> None:
    text = shown_texts(page)
    assert "绩效奖金明细单 Bonus statement · 2026年10月 Oct 2026" in text
    for said in (
        "姓名 Name name of 007",
        "工号 ID 007",
        "小组 Team 售后1组",
        "绩效方案 Plan 客服中心 Service centre",
    ):
        assert said in text
    assert "浮动奖金 Floating bonus (A) 1500 元 CNY × 1.2 × 17/31 天 days 1,000.10 CG-11 绩效奖金" in text
    adjusted = "2026-09 调整：基础奖金 adjustment of 2026-09: Basic bonus 2026-09 500.00 −12.34"
    assert f"{adjusted} PR-04 {TITLES['PR-04']}" in text
    assert "应发合计 Total 3,991.81 元 大写金额 In capitals 叁仟玖佰玖拾壹元捌角壹分" in text
    assert "阶梯提成 Sales commission 达成率 0.79 未达任何一档 attainment 0.79" in text
    assert "如对金额有疑问" in text and "When in doubt" in text
    assert "扣分" not in text


def test_a_statement_has_nothing_of_others(payroll: Path) -> None:
    text = shown_texts((payroll / "statements" / "2026-10" / "A1%2A.html").read_text(encoding="utf-8"))
    assert "77.70" in text and "柒拾柒元柒角整" in text
    assert not re.search(r"007|0\.29|3,?991|3,?004|1,?000\.10|cmd", text)


def test_who_is_paid_nothing_reads_why(payroll: Path) -> None:
    text = shown_texts((payroll / "statements" / "2026-10" / "B2.html").read_text(encoding="utf-8"))
    assert "本期无发放项目。" in text and "零元整" in text
    assert "年假（2026-10-12）<i>" in text and "500.00" in text


def test_names_and_reasons_are_texts_not_markup(payroll: Path) -> None:
    folder = payroll / "statements" / "2026-10"
    page = (folder / statement_name("=2+5")).read_text(encoding="utf-8")
    assert "+cmd|&#39; /C calc&#39;!A0 &lt;b&gt;&amp;" in page and "<b>" not in page
    assert "暂定：期间未结束" in page
    assert "<i>" not in (folder / "B2.html").read_text(encoding="utf-8")
    assert "http" not in page and "<script" not in page


def test_a_statement_is_called_by_the_id_wherever_that_leads() -> None:
    assert statement_name("A0001") == "A0001.html"
    assert statement_name("../../etc/passwd") == "%2E.%2F..%2Fetc%2Fpasswd.html"


def test_earlier_months_are_in_a_zip(payroll: Path) -> None:
    statements = payroll / "statements"
    assert {path.name for path in statements.iterdir()} == {"2026-08.zip", "2026-09", "2026-10", "2026-Q3"}
    with zipfile.ZipFile(statements / "2026-08.zip") as archive:
        assert archive.namelist() == ["007.html"]
        assert "600.00" in archive.read("007.html").decode()


@pytest.mark.parametrize("rows", [1, 12, 17, 18, 30, 31, 45])
def test_a_statement_prints_on_one_page(rows: int, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    lines = [line("A1", "10", line_no=number, bonus_line_id=f"l{number}") for number in range(rows)]
    text = "接待量分值×系数 与很长的名称"
    lines = [
        {**one, "line_label_zh": text, "line_label": "Contact points × coefficient (vip, 8.00)"}
        for one in lines
    ]
    state = make_state(
        tmp_path / "state", paying.tables(lines, [person("A1", str(10 * rows))], [unpaid("A1")])
    )
    build_again(state)
    page = state.candidate / "payroll" / "statements" / "2026-10" / "A1.html"
    pdf = tmp_path / "page.pdf"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    profile = f"--user-data-dir={tmp_path}/profile"
    subprocess.run(
        [*command, profile, f"--print-to-pdf={pdf}", str(page)], check=True, capture_output=True, timeout=120
    )
    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1


# ---- what is not written again


def previous_of(state: StateFolder, spans: Mapping[str, Sequence[Span]], **more: Any) -> Previous:
    files = json.loads((state.candidate / "candidate.json").read_text())["files"]
    return Previous(state.candidate, files, spans, **more)


@pytest.mark.parametrize("relation", ["mart_bonus_register", "mart_payroll_person", "bonus_unpaid"])
def test_a_period_is_written_again_when_anything_it_shows_has_changed(relation: str, tmp_path: Path) -> None:
    state = made(tmp_path)
    names = ("register_2026-10.xlsx", "statements/2026-10/")
    assert len(previous_of(state, {}).payroll("2026-10", names)) == 1 + 4
    changed = {relation: [Span("period_id", "2026-10", "2026-10")]}
    assert previous_of(state, changed).payroll("2026-10", names) == {}
    earlier = ("register_2026-09.xlsx", "statements/2026-09/")
    assert len(previous_of(state, changed).payroll("2026-09", earlier)) == 2
    assert previous_of(state, {relation: [Span("", "", "")]}).payroll("2026-09", earlier) == {}


def test_what_somebody_edited_is_written_again(tmp_path: Path) -> None:
    state = made(tmp_path)
    page = state.candidate / "payroll" / "statements" / "2026-10" / "007.html"
    page.write_text("paid a million", encoding="utf-8")
    names = ("register_2026-10.xlsx", "statements/2026-10/")
    assert list(previous_of(state, {}).payroll("2026-10", names)) == ["register_2026-10.xlsx"]


def test_files_of_before_are_linked_not_written(tmp_path: Path) -> None:
    state = made(tmp_path / "state", statement_months=2)
    previous, target = previous_of(state, {}), tmp_path / "target"
    (target / "payroll").mkdir(parents=True)
    (target / "auditor").symlink_to(state.candidate / "auditor")
    write_payroll(target, TITLES, months=2, unchanged=previous.payroll)
    found = {path.relative_to(target): path for path in (target / "payroll").rglob("*.*") if path.is_file()}
    assert len(found) == 4 + 4 + 3
    assert all(path.samefile(state.candidate / name) for name, path in found.items())
    shutil.rmtree(target / "payroll")
    (target / "payroll").mkdir()
    write_payroll(target, TITLES, months=2, unchanged=nothing_unchanged)
    assert not any(path.samefile(state.candidate / name) for name, path in found.items())


def test_other_titles_of_clauses_make_other_files(tmp_path: Path) -> None:
    state = made(tmp_path)
    note = (state.candidate / "candidate.json").read_text()
    assert '"titles_hash": ""' not in note and '"titles_hash"' in note


# ---- verify


def findings(state: StateFolder) -> list[str]:
    report = Report()
    check_payroll(state.candidate, report)
    assert not report.not_checked
    return [str(finding) for finding in report.findings]


def test_verify_finds_nothing_wrong_with_what_was_written(tmp_path: Path) -> None:
    assert findings(made(tmp_path, statement_months=1)) == []


@pytest.mark.parametrize(
    ("was", "made_of_it"), [('value="1000.10"', 'value="9000.10"'), (">1,000.10<", ">9,000.10<")]
)
def test_verify_names_the_statement_and_line_that_pays_more(
    was: str, made_of_it: str, tmp_path: Path
) -> None:
    """Also where only what a reader sees was changed."""
    state = made(tmp_path)
    path = state.candidate / "payroll" / "statements" / "2026-10" / "007.html"
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, made_of_it))
    [text] = findings(state)
    assert (
        "statements/2026-10/007.html, 2026-10:007:cg_floating:1:, amount_cny: says" in text
        and "9000.10" in text
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("statements/2026-10/007.html", "is missing"),
        ("register_2026-10.xlsx", "is missing"),
        ("+statements/2026-10/nobody.html", "is of nobody"),
        ("+statements/2027-10/007.html", "is of no period"),
        ("+register_2027-10.xlsx", "is of no period"),
    ],
)
def test_verify_names_files_that_are_missing_or_too_many(name: str, said: str, tmp_path: Path) -> None:
    state = made(tmp_path)
    path = state.candidate / "payroll" / name.removeprefix("+")
    if name.startswith("+"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    else:
        path.unlink()
    [text] = findings(state)
    assert said in text and path.name in text


@pytest.mark.parametrize(("sheet", "cell"), [(0, "M2"), (1, "L3"), (2, "H2"), (3, "F2")])
def test_verify_names_a_cell_of_any_sheet_that_says_something_else(
    sheet: int, cell: str, tmp_path: Path
) -> None:
    state = made(tmp_path)
    path = state.candidate / "payroll" / "register_2026-10.xlsx"
    # Values in the place of formulas, as someone who edits it would leave them.
    book = openpyxl.load_workbook(path, data_only=True)
    book.worksheets[sheet][cell].value = 4137.77
    book.save(path)
    texts = findings(state)
    assert len(texts) == 1 and "says 4137.77" in texts[0], texts
