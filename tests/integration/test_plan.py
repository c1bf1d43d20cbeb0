"""A plan is the truth: what it says of a policy is, to the cent, what a night under that policy publishes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audit.diff import Side, attached
from orchestration.audit.diff.pair import Pair
from orchestration.cli import run
from orchestration.hashing import file_hash
from orchestration.plan import build
from orchestration.plan.folder import plans_folder
from orchestration.plan.saved import agreements, saved_plans
from orchestration.plan.standing import PART
from orchestration.publish.publication import Publication, current_publication
from orchestration.settings import POLICY_DIR
from orchestration.state.folder import StateFolder, auditor_database, auditor_parquet
from orchestration.state.lock import hold
from tests.board_browser import MODES, chromium, faults
from tests.changed_policy import change, every_kind_of_change, every_rate, is_row, new_policy, shift_weights
from tests.conftest import copy_state, run_night

SETTLED = "2026-09"
GRADES = "SABC"
"""From the best on."""


def plan(state: StateFolder, policy: Path, *words: str) -> int:
    return run(["--state", str(state.root), "plan", "--policy", str(policy), *words])


def published(state: StateFolder) -> Publication:
    found = current_publication(state)
    assert found is not None
    return found


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder by its content."""
    return {str(path): file_hash(path) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def many(published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[StateFolder, Path]:
    """A copy of the published demo with a plan of every kind of change, saved as `many`; and that policy."""
    folder = tmp_path_factory.mktemp("many")
    state = copy_state(published_demo, folder / "state")
    every_kind_of_change(new_policy(folder / "policy"))
    before = contents(state.published) | contents(state.seeds)
    out = folder / "plan.json"
    words = ("--save", "many", "--format", "json", "--out", str(out))
    assert plan(state, folder / "policy", *words) == 0
    assert contents(state.published) | contents(state.seeds) == before
    return state, folder / "policy"


@pytest.fixture(scope="module")
def applied(many: tuple[StateFolder, Path], demo_landing: Path) -> StateFolder:
    """The same state after a night under that policy."""
    state, policy = many
    run_night(state.root, demo_landing, policy=policy)
    return state


def record(state: StateFolder, name: str) -> dict[str, object]:
    [found] = (one for one in saved_plans(state) if one.name == name)
    return dict(found.record)


def test_the_plan_keeps_nothing_but_what_it_saved_and_that_for_its_owner(
    many: tuple[StateFolder, Path],
) -> None:
    state, _ = many
    assert sorted(path.name for path in plans_folder(state).iterdir()) == [".lock", "many"]
    for path in [plans_folder(state), *plans_folder(state).rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_every_changed_line_has_a_cause_and_totals_are_sums_of_lines(
    many: tuple[StateFolder, Path],
) -> None:
    found = json.loads((many[1].parent / "plan.json").read_text(encoding="utf-8"))
    assert (many[1].parent / "plan.json").stat().st_mode & 0o777 == 0o600
    lines = found["lines"]
    assert lines and all(line["causes"] for line in lines)
    moved = sum(Decimal(line["difference_cny"]) for line in lines)
    assert moved == Decimal(found["total"]["difference_cny"]) != 0
    for name in ("by_period", "by_plan", "by_team", "by_grade"):
        for column in ("before_cny", "after_cny"):
            total = sum(Decimal(group[column]) for group in found[name])
            assert total == Decimal(found["total"][column]), (name, column)
    each = found["agents"]["each"]
    assert sum(Decimal(one["difference_cny"]) for one in each) == moved
    counts = [found["agents"][name] for name in ("winners", "losers", "unchanged")]
    assert sum(counts) == len(each) and all(counts[:2])
    # The component that went, the one that came, and who is moved by others in the ranking.
    assert any(line["after_cny"] is None for line in lines)
    assert {line["before_cny"] for line in lines if line["label_en"] == "Meals"} == {None}
    kinds = {cause["kind"] for line in lines for cause in line["causes"]}
    assert {"policy", "definitions", "ranking"} <= kinds


def test_a_table_below_what_is_paid_is_the_cause_of_lines_whatever_they_come_to(
    demo_copy: StateFolder, tmp_path: Path
) -> None:
    every_rate(new_policy(tmp_path / "policy"), "pt_deduction")
    out = tmp_path / "plan.json"
    assert plan(demo_copy, tmp_path / "policy", "--format", "json", "--out", str(out)) == 0
    lines = json.loads(out.read_text(encoding="utf-8"))["lines"]
    assert lines and all([cause["kind"] for cause in line["causes"]] == ["policy"] for line in lines)


def test_who_moved_and_was_passed_by_others_is_told_both(demo_copy: StateFolder, tmp_path: Path) -> None:
    """Other weights move everybody's score: where a grade falls although the score rose, others passed."""
    shift_weights(new_policy(tmp_path / "policy"), "0.2")
    out = tmp_path / "plan.json"
    assert plan(demo_copy, tmp_path / "policy", "--format", "json", "--out", str(out)) == 0
    passed = [
        line
        for line in json.loads(out.read_text(encoding="utf-8"))["lines"]
        if (grade := _moved(line, "grade")) and (score := _moved(line, "total score"))
        if GRADES.index(grade[1]) > GRADES.index(grade[0]) and Decimal(score[1]) > Decimal(score[0])
    ]
    assert passed
    for line in passed:
        assert {"policy", "ranking"} <= {cause["kind"] for cause in line["causes"]}, line


def _moved(line: dict[str, Any], name: str) -> tuple[str, ...]:
    said = [one.removeprefix(f"{name} ") for one in line["what"] if one.startswith(f"{name} ")]
    return tuple(said[0].split(" → ")) if said else ()


def test_the_numbers_of_those_whose_pay_stays_would_change_nothing(
    many: tuple[StateFolder, Path], demo_copy: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the calculation of those who are concerned is built; built of all, it says the same."""

    def everybody(pair: Pair) -> list[str]:
        return [row["agent_id"] for row in pair.rows("select agent_id from a.facts.dim_agent order by all")]

    found = json.loads((many[1].parent / "plan.json").read_text(encoding="utf-8"))
    with attached(*[Side.of(demo_copy.current.resolve())] * 2) as pair:
        assert len({line["agent_id"] for line in found["lines"]}) < len(everybody(pair))
    monkeypatch.setattr(build, "concerned", everybody)
    out = tmp_path / "plan.json"
    assert plan(demo_copy, many[1], "--format", "json", "--out", str(out)) == 0
    assert json.loads(out.read_text(encoding="utf-8")) == found


def nothing_stands(*_: object) -> Sequence[str]:
    return ()


def every_period(pair: Pair, *_: object) -> list[tuple[str, str]]:
    rows = pair.rows("select agent_id, period_id from a.facts.dim_agent_period order by all")
    return [(row["agent_id"], row["period_id"]) for row in rows]


@pytest.mark.parametrize(
    ("file", "row", "values", "standing"),
    [
        (
            "component_rate",
            {"component_id": "cg_basic"},
            {"amount_cny": "600"},
            {"score", "grade", "observation", "event", "ranking", "attainment", "coefficient"},
        ),
        # Scores and grades move, and with them places in a group: all numbers are looked at in the end.
        (
            "score_kpi",
            {"scheme_id": "centre_grade", "period_kind": "month", "kpi_id": "fcr"},
            {"target_value": "0.8"},
            {"attainment", "event", "coefficient"},
        ),
        # The window of a KPI: some samples become large enough, some rows are waited for no longer.
        ("kpi", {"kpi_id": "fcr"}, {"window_days": "3"}, {"event"}),
    ],
)
def test_parts_and_periods_that_come_out_as_published_would_change_nothing_stated_anew(
    demo_copy: StateFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    row: dict[str, str],
    values: dict[str, str],
    standing: set[str],
) -> None:
    policy = new_policy(tmp_path / "policy")
    change(policy / f"{file}.csv", is_row(**row), **values)
    found: list[tuple[set[str], int, object]] = []
    for which, periods in ((build._standing, build.moved_periods), (nothing_stands, every_period)):
        parts: list[str] = []
        moved: list[tuple[str, str]] = []

        def standing_of(*asked: Any, which: Any = which, parts: list[str] = parts) -> Sequence[str]:
            parts.extend(which(*asked))
            return parts

        def moved_of(
            *asked: Any, periods: Any = periods, moved: list[tuple[str, str]] = moved
        ) -> Sequence[tuple[str, str]]:
            moved.extend(periods(*asked))
            return moved

        monkeypatch.setattr(build, "_standing", standing_of)
        monkeypatch.setattr(build, "moved_periods", moved_of)
        out = tmp_path / "plan.json"
        assert plan(demo_copy, policy, "--format", "json", "--out", str(out)) == 0
        of_parts = {part.split(PART)[1] for part in parts}
        found.append((of_parts, len(moved), json.loads(out.read_text(encoding="utf-8"))))
    (taken, some, quick), (none, every, whole) = found
    assert taken >= standing and not none
    assert some < every
    assert quick == whole and quick["lines"]


def test_a_publication_of_an_earlier_release_is_planned_on(demo_copy: StateFolder, tmp_path: Path) -> None:
    """It does not say which part of the calculation states a number, and other code made it."""
    folder = demo_copy.current.resolve()
    with duckdb.connect(str(auditor_database(folder))) as database:
        for relation in ("calculation_node", "calculation_operand"):
            database.execute(f"alter table audit.{relation} drop column part")
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "code_hash": "0" * 64}), encoding="utf-8")
    policy, out = new_policy(tmp_path / "policy"), tmp_path / "plan.json"
    change(policy / "component_rate.csv", is_row(component_id="cg_basic"), amount_cny="600")
    assert plan(demo_copy, policy, "--format", "json", "--out", str(out)) == 0
    lines = json.loads(out.read_text(encoding="utf-8"))["lines"]
    assert lines and all(line["causes"] for line in lines)


@pytest.mark.parametrize(("component", "word"), [("cg_service_star", "gone"), ("cg_meal", "new")])
def test_a_component_that_came_or_went_is_the_cause_of_its_lines(
    many: tuple[StateFolder, Path], component: str, word: str
) -> None:
    """Neither what moved below them nor a row that came or went with the component is."""
    found = json.loads((many[1].parent / "plan.json").read_text(encoding="utf-8"))
    of_it = [line for line in found["lines"] if f":{component}:" in line["bonus_line_id"]]
    assert of_it
    for line in of_it:
        [cause] = line["causes"]
        [example] = cause["examples"]
        assert cause["kind"] == "policy" and not line["numbers"]
        assert example.startswith(f"component of {line['period_id']}, component_id {component}: {word} ("), (
            example
        )


def test_a_night_under_the_policy_pays_the_planned_cents(applied: StateFolder) -> None:
    [said] = agreements(applied, published(applied))
    count = published(applied).manifest["rows"]["bonus.bonus_line"]
    assert said == f"many: every one of {count:,} lines agrees with the plan to the cent"
    total = duckdb.sql(
        f"select sum(amount_cny) from '{auditor_parquet(published(applied).folder, 'bonus.bonus_line')}'"
    ).fetchone()
    assert total is not None
    assert str(total[0]) == record(applied, "many")["total"]["after_cny"]  # type: ignore[index]


def test_a_cent_that_differs_is_told(applied: StateFolder, tmp_path: Path) -> None:
    state = copy_state(applied.root, tmp_path / "state")
    lines = plans_folder(state) / "many" / "lines.parquet"
    duckdb.sql(
        f"copy (select bonus_line_id, amount_cny + case when bonus_line_id = (select min(bonus_line_id) from "
        f"'{lines}') then 0.01 else 0 end as amount_cny from '{lines}') to '{lines}.new' (format parquet)"
    )
    Path(f"{lines}.new").replace(lines)
    [said] = agreements(state, published(state))
    assert "1 do not" in said and "0.01" not in said


def test_the_policy_that_was_published_changes_nothing(
    applied: StateFolder, many: tuple[StateFolder, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """And a night beside it is no hindrance: a plan only reads."""
    with hold(applied, "a night"):
        assert plan(applied, many[1]) == 0
    said = capsys.readouterr().out
    assert "Nothing changes" in said and "0 lines change" in said


def test_the_span_asked_for_is_told_of_and_the_page_fetches_nothing(
    applied: StateFolder, tmp_path: Path
) -> None:
    """Back from the applied policy to the shipped one, in October alone."""
    out = tmp_path / "plan.html"
    span = ("--from", "2026-10", "--to", "2026-10")
    assert plan(applied, POLICY_DIR, *span, "--format", "html", "--out", str(out)) == 0
    page = out.read_text(encoding="utf-8")
    assert "2026-09<" not in page and "Meals" in page and "餐补" in page and "<svg" in page
    assert "http://" not in page and "https://" not in page
    with chromium() as browser:
        assert [one for mode in MODES for one in faults(browser, out, mode)] == []


def unsound(policy: Path) -> None:
    change(policy / "component_rate.csv", is_row(component_id="cg_basic"), amount_cny="much")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2031-01"), "is no period of"),
        (("--from", "2026-10", "--to", "2026-09"), "begins after"),
        (("--format", "xlsx"), "Name a file with --out"),
        (("--save", "../x"), "is no name of a plan"),
        (("--out", "/nowhere/plan.txt"), "there is no such folder"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(
    published_demo: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(StateFolder(published_demo), POLICY_DIR, *words) == 2
    assert said in capsys.readouterr().err
    assert not list(plans_folder(StateFolder(published_demo)).glob("[!.]*"))


def test_an_unsound_policy_has_the_errors_of_a_night(
    demo_copy: StateFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsound(new_policy(tmp_path / "policy"))
    assert plan(demo_copy, tmp_path / "policy") == 2
    assert "component_rate.csv" in capsys.readouterr().err
    assert plan(demo_copy, tmp_path / "nowhere") == 2
    assert "there is no such policy folder" in capsys.readouterr().err


def test_without_a_publication_there_is_nothing_to_plan_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(StateFolder(tmp_path), POLICY_DIR) == 2
    assert "nothing has been published here" in capsys.readouterr().err


@pytest.fixture(scope="module")
def settled(
    published_demo: Path, demo_landing: Path, tmp_path_factory: pytest.TempPathFactory
) -> StateFolder:
    """The demo with September settled, and not yet a night since."""
    state = copy_state(published_demo, tmp_path_factory.mktemp("settled") / "state")
    words = ["settle", SETTLED, "--by", "Li Na", "--carry-pending", "--waive-review", "--yes"]
    assert run(["--state", str(state.root), *words]) == 0
    return state


def test_a_settled_month_stays_and_its_correction_is_planned(
    settled: StateFolder, demo_landing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its facts are built again from the exports where no window was as long, not for a shorter one."""
    policy = new_policy(tmp_path / "policy")
    change(policy / "component_rate.csv", is_row(component_id="cg_basic"), amount_cny="600")
    change(policy / "kpi.csv", is_row(kpi_id="fcr"), window_days="3")
    assert plan(settled, policy) == 2
    assert f"{SETTLED} was settled since" in capsys.readouterr().err
    run_night(settled.root, demo_landing)
    assert plan(settled, policy) == 0
    assert "built again from the exports" not in capsys.readouterr().out
    change(policy / "kpi.csv", is_row(kpi_id="repurchase_rate"), window_days="40")
    assert plan(settled, policy, "--save", "later") == 0
    assert "built again from the exports: fct_ticket\n" in capsys.readouterr().out
    found = record(settled, "later")
    [month] = found["settled_periods"]  # type: ignore[misc]
    assert month["period_id"] == SETTLED and Decimal(month["difference_cny"]) > 0
    assert SETTLED not in {group["id"] for group in found["by_period"]}  # type: ignore[attr-defined]
    assert Decimal(found["corrections"]["difference_cny"]) > 0  # type: ignore[index]
    # Exports that came since: what facts would be built from is no longer what was published.
    changed = copy_state(settled.root, tmp_path / "changed")
    files = sorted((changed.raw / "run" / "context").glob("*.parquet"))
    for path in files:
        duckdb.sql(
            f"copy (select * replace (as_of_on - 1 as as_of_on) from '{path}') to '{path}.new' "
            "(format parquet)"
        )
        Path(f"{path}.new").replace(path)
    assert plan(changed, policy) == 2
    assert "has taken in others since the publication" in capsys.readouterr().err
    run_night(settled.root, demo_landing, policy=policy)
    [agreed] = agreements(settled, published(settled))
    assert agreed.startswith("later: every one of")
