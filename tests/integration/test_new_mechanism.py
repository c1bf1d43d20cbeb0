"""A new way to pay is SQL alone: one model, its catalogue rows, the policy rows that use it, a worked case.

In a copy of the project days worked beyond a bid are paid apiece. Trace, verify, diff, why and pack handle
it: no line of Python is written for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT

MODEL = """\
-- Grain: one line of the mechanism `shift_bid`: an amount for each day worked beyond the bid.

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    due.segment_no,
    '' as item,
    due.component_label_en as line_label,
    cast(event.quantity - bid.value as decimal(18, 6)) as quantity,
    due.basis as quantity_unit,
    cast(rate.amount_cny as decimal(18, 8)) as rate,
    due.day_count,
    due.period_day_count,
    rate.clause_id,
    rate.value_origin,
    'bonus_event' as input_model,
    {{ key_of('bonus_event', 'event') }} as input_key,
    {{ line_nodes([
        line_node(
            node_key="'beyond'", parent_key="''", operand="'quantity'", position=1, kind="'quantity'",
            operation="'difference'", label="'days beyond the bid'", label_zh="'超出竞班天数'", unit="'days'"
        ),
        line_uses(
            node_key="'event:' || " ~ key_of('bonus_event', 'event'), parent_key="'beyond'",
            operand="'minuend'", position=1
        ),
        line_node(
            node_key="'bid'", parent_key="'beyond'", operand="'subtrahend'", position=2, kind="'parameter'",
            label="'bid'", label_zh="'竞班天数'", unit="'days'",
            cell=['policy_component_parameter', 'value', 'bid'], clause_id='bid.clause_id'
        ),
    ] + looked_up('rate', 'amount', 'due', 'rate', "'amount for each day'", "'每天金额'", position=2)) }}
    as nodes
from {{ ref('bonus_due') }} as due
inner join {{ ref('bonus_event') }} as event
    on
        due.agent_id = event.agent_id
        and due.period_id = event.period_id
        and due.segment_no = event.segment_no
        and due.basis = event.event_kind
inner join {{ ref('policy_component_parameter') }} as bid
    on
        due.component_id = bid.component_id
        and due.period_id = bid.period_id
        and bid.parameter = 'bid'
inner join {{ ref('policy_component_rate') }} as rate
    on
        due.component_id = rate.component_id
        and due.period_id = rate.period_id
        and due.rate_key = rate.rate_key
        and {{ in_band('due.band_value', 'rate') }}
where due.mechanism = 'shift_bid' and event.quantity > bid.value
"""

CATALOGUE = """\
          shift_bid:
            basis: {references: event_kind.event_kind}
            rates: {pays: amount_cny}
            parameters:
              bid: {number: [0, 31], needed: true}
"""

POLICY = {
    "component": "pm_shift_bid,platform_mix,shift_bid,month,*,40,incentive,day_worked,,,Shift bid,竞班,"
    "PM-05,site,1990-01-01,",
    "component_rate": "pm_shift_bid,,0,,,15,PM-05,site,1990-01-01,",
    "component_parameter": "pm_shift_bid,bid,{bid},,PM-05,site,1990-01-01,",
}

CASE = """\
case: Each day beyond the bid is paid
scheme: platform_mix
rules: [PM-05]
period: 2026-10
policy:
  - {file: component_parameter, where: {component_id: pm_shift_bid}, set: {value: 1}}
given:
  workforce.agent:
    - {agent_id: bids_one}
    - {agent_id: keeps_to_it}
  workforce.attendance:
    - {agent_id: bids_one, work_date: 2026-10-05, status: present}
    - {agent_id: bids_one, work_date: 2026-10-06, status: present}
    - {agent_id: bids_one, work_date: 2026-10-07, status: present}
    - {agent_id: keeps_to_it, work_date: 2026-10-05, status: present}
expect:
  rows:
    bonus.bonus_line:
      - {agent_id: bids_one, period_id: 2026-10, component_id: pm_shift_bid, quantity: 2, amount_cny: BEYOND}
    bonus.bonus_unpaid:
      - {agent_id: keeps_to_it, component_id: pm_shift_bid}
calculation: |
  Three days, a bid of one: 2 × 15.00 = 30.00. One day is the bid itself: nothing.
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that knows one mechanism more; of its Python nothing is touched."""
    scratch = tmp_path_factory.mktemp("scratch") / "project"
    unwanted = shutil.ignore_patterns("target", "logs", "__pycache__")
    for name in ("dbt_project", "orchestration", "expectations", "seeds", "tests/dbt"):
        shutil.copytree(PROJECT_ROOT / name, scratch / name, ignore=unwanted)
    shutil.copy(PROJECT_ROOT / "pyproject.toml", scratch)
    models = scratch / "dbt_project" / "models" / "bonus"
    (models / "bonus_line__shift_bid.sql").write_text(MODEL, encoding="utf-8")
    described = (models / "_bonus__mechanisms_counted.yml").read_text(encoding="utf-8")
    entry = described[described.index("  - name: bonus_line__per_event") :]
    entry = entry[: entry.index("\n\n")].replace("per_event", "shift_bid")
    (models / "_bonus__shift_bid.yml").write_text(f"version: 2\n\nmodels:\n{entry}\n", encoding="utf-8")
    known = "        'per_event',\n"
    put(scratch / "dbt_project" / "macros" / "pay.sql", known, f"{known}        'shift_bid',\n")
    seeds = scratch / "seeds" / "policy"
    put(seeds / "_policy__seeds.yml", "          per_event:\n", f"{CATALOGUE}          per_event:\n")
    for name, row in POLICY.items():
        path = seeds / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8") + row.format(bid=18) + "\n", encoding="utf-8")
    return scratch


def put(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, path
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def meritline(project: Path) -> Callable[..., str]:
    """The command of that copy, on a state folder of its own; asserts its exit status."""
    state = project.parent / "state"

    def command(*words: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "orchestration", "--state", str(state), *words],
            capture_output=True,
            text=True,
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project)},
            check=False,
        )
        assert done.returncode == status, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    return command


@pytest.fixture(scope="module")
def paid(meritline: Callable[..., str], project: Path, demo_landing: Path) -> tuple[str, str]:
    """Who is paid most for shift bids, after two nights: in the second the bid is a day less."""
    words = ("nightly", "--landing", str(demo_landing), "--as-of", "2026-10-31")
    meritline(*words)
    rows = project / "seeds" / "policy" / "component_parameter.csv"
    put(rows, POLICY["component_parameter"].format(bid=18), POLICY["component_parameter"].format(bid=17))
    meritline(*words)
    current = project.parent / "state" / "published" / "current"
    with duckdb.connect() as database:
        found = database.execute(
            "select agent_id, period_id from read_parquet(?) where mechanism = 'shift_bid' "
            "order by amount_cny desc, bonus_line_id limit 1",
            [str(current / "auditor" / "bonus.bonus_line" / "all.parquet")],
        ).fetchone()
    assert found is not None
    return found


@pytest.mark.parametrize(("beyond", "status"), [("30.00", 0), ("45.00", 1)])
def test_its_worked_case_is_held_like_any_other(project: Path, beyond: str, status: int) -> None:
    tests = project / "tests"
    for name in ("__init__.py", "conftest.py", "compiled.py", "cases/test_cases.py", "cases/rules.yml"):
        (tests / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT_ROOT / "tests" / name, tests / name)
    shutil.copytree(PROJECT_ROOT / "tests/cases/runner", tests / "cases/runner", dirs_exist_ok=True)
    (tests / "cases/platform_mix").mkdir(exist_ok=True)
    (tests / "cases/platform_mix/shift_bid.yml").write_text(CASE.replace("BEYOND", beyond), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/cases/test_cases.py", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTEST_ADDOPTS": ""},
        check=False,
    )
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-2000:]
    assert ("platform_mix/shift_bid: Each day beyond" in done.stdout) == bool(status)


def test_a_new_mechanism_is_one_model_and_rows(
    meritline: Callable[..., str], paid: tuple[str, str], tmp_path: Path
) -> None:
    agent, period = paid
    shown = meritline("trace", agent, period)
    assert "Shift bid 竞班" in shown and "days beyond the bid 数量：超出竞班天数" in shown
    assert "− 17 = " in shown and "workforce/attendance" in shown
    tree = json.loads(meritline("trace", agent, period, "--format", "json"))
    [line] = [one for one in tree["root"]["children"] if one["label"] == "Shift bid"]
    assert line["by_hand"]["en"].endswith(f" = {float(line['value']):g}")
    assert "sound" in meritline("verify")
    said = meritline("diff", "000001-2026-10-31", "000002-2026-10-31", "--agent", agent)
    assert f"{agent} {period} Shift bid: " in said and "(+15.00)" in said
    assert "bid (竞班天数): 18 → 17 [PM-05]" in said and "because of policy" in said
    assert "day_worked 出勤天数" in meritline("why", agent, period)
    pack = tmp_path / "pack.zip"
    meritline("pack", agent, period, "--out", str(pack))
    assert "sound" in meritline("verify", "--pack", str(pack))
