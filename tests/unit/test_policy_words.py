"""Every word of the policy and reference rows stands in a list: mistyped, it is refused with its file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.policy.check import PolicyChecker, policy_faults, policy_tables
from orchestration.policy.folder import check_policy_folder, known_words, policy_notes
from orchestration.policy.words import slip_of
from orchestration.settings import POLICY_DIR, REFERENCE_DIR

KNOWN = known_words()
TABLES, WRONG_TYPES = policy_tables(POLICY_DIR)
WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

LABELS = {
    "kpi": {"name_en", "name_zh", "numerator", "denominator"},
    "scheme": {"name_en", "name_zh"},
    "score_measure": {"name_en", "name_zh"},
    "component": {"label_en", "label_zh"},
    "event_kind": {"label_en", "label_zh"},
    "grade_consequence": {"label_en", "label_zh"},
    "career_condition": {"label_en", "label_zh"},
    "review_measure": {"name_en", "name_zh"},
    "calendar_day": {"name_zh"},
    "radar_signal": {"label_en", "label_zh", "counted_en", "counted_zh", "of_en", "of_zh", "why", "why_zh"},
}
"""Free text for people; every other text column is read by the machine."""


@pytest.fixture(scope="module")
def checker() -> PolicyChecker:
    checker = PolicyChecker(KNOWN)
    assert [*WRONG_TYPES, *checker.faults(TABLES)] == []
    return checker


def slips(word: str) -> Iterator[str]:
    """The word with two letters swapped, and with a letter doubled, somewhere in its middle."""
    for start in (len(word) // 2 - 1, 0, *range(len(word) - 1)):
        if 0 <= start < len(word) - 1 and word[start] != word[start + 1]:
            yield word[:start] + word[start + 1] + word[start] + word[start + 2 :]
            break
    middle = len(word) // 2
    yield word[: middle + 1] + word[middle] + word[middle + 1 :]


def test_only_what_people_read_is_a_label() -> None:
    declared = {
        name: labels
        for name, table in TABLES.items()
        if (labels := {column for column, entry in table.columns.items() if entry.is_label})
    }
    assert declared == LABELS


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_mistyped_word_is_refused(name: str, checker: PolicyChecker) -> None:
    table = TABLES[name]
    tried, passed = 0, []
    for index, row in enumerate(table.rows):
        for column, entry in table.columns.items():
            cell = row.text(column)
            if entry.is_label:
                continue
            for match in WORD.finditer(cell):
                for slip in slips(match.group()):
                    mistyped = cell[: match.start()] + slip + cell[match.end() :]
                    changed = table.with_row(index, replace(row, values={**row.values, column: mistyped}))
                    tried += 1
                    if not any(table.file in str(one) for one in checker.faults({**TABLES, name: changed})):
                        passed.append(f"{table.file}, row {row.row}: {column} {cell!r} as {mistyped!r}")
    assert tried
    assert passed == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("component.csv", ",top_n,", ",topn,", "Did you mean 'top_n'?"),
        ("component.csv", ",base_cny,", ",base_cyn,", "Did you mean 'base_cny'?"),
        ("component_parameter.csv", ",metric,", ",mteric,", "Did you mean 'metric'?"),
        ("career_condition.csv", ",grants,", ",garnts,", "Did you mean 'grants'?"),
        ("component_event.csv", "attendance_late", "attendance_laet", "Did you mean 'attendance_late'?"),
        ("reference/calendar_day.csv", ",holiday,", ",holidya,", "Did you mean 'holiday'?"),
        ("reference/business_hours.csv", "centre,", "cnetre,", "Did you mean 'centre'?"),
    ],
)
def test_doctor_names_file_row_and_the_nearest_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, said: str
) -> None:
    folder = Path(shutil.copytree(POLICY_DIR, tmp_path / "policy"))
    shutil.copytree(REFERENCE_DIR, folder / "reference")
    path = folder / file
    lines = path.read_text("utf-8").splitlines()
    row = next(number for number, line in enumerate(lines, start=1) if number > 1 and old in line)
    lines[row - 1] = lines[row - 1].replace(old, new, 1)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    status = run(["--state", str(tmp_path / "state"), "doctor", "--policy", str(folder)])
    told = " ".join(capsys.readouterr().out.split())
    assert status == 2
    assert re.search(rf"{path.name}, rows? [\d, -]*\b{row}\b", told), told
    assert said in told


@pytest.mark.parametrize(
    ("word", "known", "slip"),
    [
        ("service_satr", "service_star", True),
        ("service_starr", "service_star", True),
        ("service_str", "service_star", True),
        ("night_star", "service_star", False),
        ("service_star_2", "service_star", False),
    ],
)
def test_a_site_coins_its_own_words_but_no_slips(word: str, known: str, slip: bool) -> None:
    assert (slip_of(word, [known]) == known) is slip


NEEDS = [
    ("component_parameter.csv", "cg_floating,base_cny,", "needs the parameter base_cny"),
    ("component_parameter.csv", "cg_service_star,award_kind,", "needs the parameter award_kind"),
    ("component_parameter.csv", "cg_service_star,scope,", "needs the parameter scope"),
    ("component_parameter.csv", "pm_newcomer,gain,", "needs the parameter gain"),
    ("component_parameter.csv", "pa_top,metric,", "needs the parameter metric"),
    ("component_parameter.csv", "pt_ticket,unit_value_cny,", "needs the parameter unit_value_cny"),
    ("component_event.csv", "pt_ticket,weight,", "weighs no kind of event"),
    ("component_rate.csv", "cg_floating,S,", "has no rate in cg_floating"),
    ("component_rate.csv", "cg_basic,", "has no rate table"),
    ("component_rate.csv", "pa_referral,", "has no rate table"),
    ("grade_band.csv", "complaint_desk,", "needs grades"),
    ("score_block.csv", "sales_service,*,month,", "needs a score"),
    ("convention.csv", "curve_target_points,", "has no row"),
    ("event_kind.csv", "night_worked,", "has no row"),
    (
        "scheme_rule.csv",
        "centre_grade,month,min_service",
        "cg_service_star (top_n of score) needs min_service_share",
    ),
    ("scheme_rule.csv", "centre_grade,quarter,min_service", "cg_breakthrough_resolution_team (improvement"),
    (
        "scheme_rule.csv",
        "complaint_desk,month,min_service",
        "needs min_service_share, complaint_desk has none",
    ),
    (
        "scheme_rule.csv",
        "platform_mix,quarter,min_service",
        "pm_complaint_expert (top_n of recovery_rate) needs",
    ),
    ("scheme_rule.csv", "part_time,quarter,min_service", "pa_top (top_n of attainment) needs"),
]


@pytest.mark.parametrize(("file", "start", "problem"), NEEDS, ids=lambda value: str(value).split(",")[0])
def test_what_a_mechanism_needs_is_missed(tmp_path: Path, file: str, start: str, problem: str) -> None:
    path = _copy(tmp_path) / file
    lines = path.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(start)]
    assert len(kept) < len(lines)
    path.write_text("\n".join(kept) + "\n", "utf-8")
    assert any(problem in fault.problem for fault in policy_faults(path.parent, known=KNOWN))


SUPERFLUOUS = [
    (
        "component_parameter.csv",
        "cg_basic,base_cny,1500,,CG-11,site,1990-01-01,",
        "has no parameter 'base_cny'",
    ),
    ("component_parameter.csv", "cg_extra,base_cny,1500,,CG-11,site,1990-01-01,", "does not read base_cny"),
    ("component_parameter.csv", "cg_commission,tier_mode,1,,CG-13,site,2020-01-01,", "tier_mode"),
    (
        "component_rate.csv",
        "pt_ticket,,0,,1,,PT-08,site,1990-01-01,",
        "has no key_attribute|reads no rate table",
    ),
    ("component_rate.csv", "cg_basic,S,0,,,500,CG-11,site,1990-01-01,", "has no key_attribute"),
    (
        "component_rate.csv",
        "cg_floating,D,0,,1,,CG-11,site,1990-01-01,",
        "is no grade of the plan|which is no grade",
    ),
    ("component_rate.csv", "cg_basic,,0,,1,,CG-11,site,2020-01-01,", "pays by amount_cny"),
    ("component_event.csv", "cg_basic,weight,day_worked,,,1,,CG-11,site,1990-01-01,", "reads no weight"),
    ("component_event.csv", "pa_day,weight,day_worked,,,1,,PA-01,site,1990-01-01,", "reads no weight"),
    (
        "component_event.csv",
        "pa_day,gate,day_recorded,at_least,,,met,PA-01,site,1990-01-01,",
        "threshold_value",
    ),
    ("scheme_rule.csv", "part_time,month,supervisor_share,2,CG-04,site,1990-01-01,", "at most 1"),
    ("scheme_rule.csv", "part_time,month,supervisor_share,few,CG-04,site,1990-01-01,", "no number"),
    ("scheme_rule.csv", "part_time,month,cohort_scope,plan,S-RANK,site,1990-01-01,", "cohort_scope"),
]


@pytest.mark.parametrize(("file", "row", "problem"), SUPERFLUOUS, ids=lambda value: str(value)[:30])
def test_what_a_mechanism_does_not_read_is_refused(tmp_path: Path, file: str, row: str, problem: str) -> None:
    path = _copy(tmp_path) / file
    path.write_text(path.read_text("utf-8") + row + "\n", "utf-8")
    number = len(path.read_text("utf-8").splitlines())
    found = [fault for fault in policy_faults(path.parent, known=KNOWN) if fault.row == number]
    assert any(re.search(problem, fault.problem + fault.remedy) for fault in found), found


def test_a_new_plan_without_a_worked_case_is_a_note(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    with (folder / "scheme.csv").open("a", encoding="utf-8") as stream:
        stream.write("night_desk,Night desk,夜班组,C,1990-01-01,\n")
    with (folder / "component.csv").open("a", encoding="utf-8") as stream:
        stream.write("nd_base,night_desk,fixed,month,*,10,base,,,,Base,底薪,CG-11,site,1990-01-01,\n")
    with (folder / "component_rate.csv").open("a", encoding="utf-8") as stream:
        stream.write("nd_base,,0,,,3100,CG-11,site,1990-01-01,\n")
    check_policy_folder(folder)
    (note,) = policy_notes(folder)
    assert "scheme.csv, row 10: plan night_desk has no worked case" in note
    case = folder / "cases" / "night_desk" / "base.yml"
    case.parent.mkdir(parents=True)
    case.write_text("case: Base\n", "utf-8")
    assert policy_notes(folder) == []


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICY_DIR, tmp_path / "policy"))
