"""A site of its own: plan, rules, KPI, holidays, bounds and three export shapes in one folder.

No file of the product differs; `tests/fixtures/site` is that folder, as a site would write it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.audit.verify.run import verify_state
from orchestration.cli import run
from orchestration.nightly.instance import open_instance
from orchestration.nightly.job import JOB, build_definitions
from orchestration.nightly.run import NightlyRun
from orchestration.settings import PROJECT_ROOT, kept_site, load_settings, use_site
from orchestration.state.folder import StateFolder

SITE = PROJECT_ROOT / "tests" / "fixtures" / "site"
AS_OF = "2026-10-31"
MARKS = {"present": "P", "late": "L", "absent": "A", "sick_leave": "S", "annual_leave": "V", "rest": "R"}


@pytest.fixture(scope="module")
def landing(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo centre's roster, contacts and attendance in the shapes of the site's systems."""
    out = tmp_path_factory.mktemp("site") / "landing"
    out.mkdir()
    _write_roster(demo_landing, out / "人员名单.csv")
    _write_calls(demo_landing, out / "calls-2026.jsonl")
    _write_attendance(demo_landing, out / "attendance.xlsx")
    return out


@pytest.fixture(scope="module")
def state(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """One night of the site, by its command line."""
    state = tmp_path_factory.mktemp("site") / "state"
    status = run(
        [
            *("--site", str(SITE), "--state", str(state)),
            *("nightly", "--landing", str(landing), "--as-of", AS_OF),
        ]
    )
    assert status == 0
    return StateFolder(state)


def _rows(landing: Path, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    with duckdb.connect() as database:
        sql = f"select {columns} from read_csv('{landing}/{table}*.csv', all_varchar = true) order by all"
        yield from database.execute(sql).fetchall()


def _write_roster(landing: Path, path: Path) -> None:
    lines = ["工号;姓名;班组;用工;生效日期;入职日期;离职日期"]
    columns = "agent_id, agent_name, team_id, employment, effective_from, hired_on, left_on"
    for agent, name, team, employment, *days in _rows(landing, "workforce/agent", columns):
        kind = "兼职" if employment == "part_time" else "全职"
        told = ["" if day is None else f"{day[:4]}年{day[5:7]}月{day[8:10]}日" for day in days]
        lines.append(";".join([agent, name, team or "", kind, *told]))
    path.write_text("\n".join(lines) + "\n", encoding="gb18030")


def _write_calls(landing: Path, path: Path) -> None:
    columns = "contact_id, agent_id, customer_id, started_at, ended_at, talk_seconds, is_answered"
    with path.open("w", encoding="utf-8") as stream:
        for key, agent, customer, start, end, talk, answered in _rows(landing, "ticket/contact", columns):
            outcome = "ANSWERED" if str(answered).lower() in ("true", "1") else "ABANDONED"
            call = {
                "start": _seconds(start),
                "end": _seconds(end),
                "agent": agent,
                "talk": talk,
                "outcome": outcome,
            }
            stream.write(json.dumps({"id": key, "caller": customer, "call": call}) + "\n")


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _write_attendance(landing: Path, path: Path) -> None:
    head = (["Harbour desk"], ["time clock"], [], ["Staff", "Day", "Mark"])
    rows = (
        [agent, f"{day[8:10]}/{day[5:7]}/{day[:4]}", MARKS.get(status, "P")]
        for agent, day, status in _rows(landing, "workforce/attendance", "agent_id, work_date, status")
    )
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Marks")
        for number, cells in enumerate((*head, *rows)):
            sheet.write_row(number, 0, cells)


def _query(state: StateFolder, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(state.current / "auditor.duckdb"), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_the_whole_folder_is_sound(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["--site", str(SITE), "--state", str(tmp_path / "state"), "doctor"]) == 0
    told = capsys.readouterr().out
    assert "3 own rules, 1 own KPIs" in told and "Asia/Tokyo" in told


def test_the_plan_pays_by_the_own_kpi(state: StateFolder) -> None:
    """The three with the most calls of ten minutes and more, counted from the published contacts."""
    counted = """
        select agent_id, count(*) from facts.fct_contact
        where is_answered and talk_seconds >= 600 and invalid_reason is null and ruling_id is null
            and started_on between date '2026-10-01' and date '2026-10-31' and agent_id is not null
        group by agent_id
    """
    observed = """
        select agent_id, numerator from kpi.kpi_observation
        where kpi_id = 'long_calls' and period_id = '2026-10' and numerator > 0
    """
    wanted = sorted((agent, int(count)) for agent, count in _query(state, counted))
    assert wanted
    assert wanted == sorted((agent, int(count)) for agent, count in _query(state, observed))
    best = min(wanted, key=lambda one: (-one[1], one[0]))[0]
    paid = """
        select agent_id, cast(amount_cny as integer) from bonus.bonus_line
        where period_id = '2026-10' and mechanism = 'top_n' order by amount_cny desc, agent_id
    """
    assert _query(state, paid)[0] == (best, 300)


def test_holidays_zone_and_bounds_are_the_sites(state: StateFolder) -> None:
    manifest = json.loads((state.current / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["site"]["files"]) == {
        path.relative_to(SITE).as_posix() for path in SITE.rglob("*") if path.is_file()
    }
    drift = [one for one in manifest["checks"]["results"] if one["check_id"] == "rates_drift"]
    assert [one["bound"] for one in drift] == ["≤ 0.5"]
    assert (state.seeds / "reference" / "calendar_day.csv").read_bytes() == (
        SITE / "reference" / "calendar_day.csv"
    ).read_bytes()


def test_a_bonus_is_traced_to_the_sites_own_rule(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """And without the folder at hand: the publication says the rules it was made by."""
    [(agent,)] = _query(
        state,
        "select agent_id from bonus.bonus_line where period_id = '2026-10' and amount_cny = 300 "
        "and mechanism = 'top_n' order by agent_id limit 1",
    )
    assert run(["--state", str(state.root), "trace", agent, "2026-10"]) == 0
    told = capsys.readouterr().out
    assert "HARBOUR-02 长通话奖" in told and "每月前三名分别奖三百元、二百元、一百元" in told
    assert "海港服务台薪酬办法(2026)" in told and "calls-2026.jsonl" in told


def test_what_is_published_verifies_and_packs(state: StateFolder, landing: Path, tmp_path: Path) -> None:
    report = verify_state(state, landing=landing, progress=lambda _: None)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]
    [(agent,)] = _query(
        state, "select min(agent_id) from bonus.bonus where period_id = '2026-10' and amount_cny > 0"
    )
    pack = tmp_path / "pack.zip"
    assert run(["--state", str(state.root), "pack", agent, "2026-10", "--out", str(pack)]) == 0
    assert run(["--state", str(state.root), "verify", "--pack", str(pack)]) == 0


def test_another_site_is_told_file_by_file(
    state: StateFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two publications whose manifests say that files of the folder differ."""
    copy = StateFolder(Path(shutil.copytree(state.root, tmp_path / "state", symlinks=True)))
    first = copy.current.resolve()
    second = Path(shutil.copytree(first, first.with_name("000002-2026-10-31")))
    manifest = json.loads((second / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["site"]["files"]
    files["kpi/kpi_long_calls.sql"] = "0" * 64
    del files["bounds/kpi.yml"]
    (second / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert run(["--state", str(copy.root), "diff", first.name, second.name]) == 0
    told = capsys.readouterr().out
    assert "the site's folder differs: bounds/kpi.yml gone, kpi/kpi_long_calls.sql changed" in told


def test_rows_of_an_own_kpi_are_never_stale(landing: Path, tmp_path: Path) -> None:
    """A KPI of the site dates its rows by what no rule of a shipped model knows: a later night is as one from
    nothing, also one whose definitions were made before the site's KPI came into the state.
    """
    site = Path(shutil.copytree(SITE, tmp_path / "site"))
    sql = site / "kpi" / "kpi_long_calls.sql"
    sql.write_text(
        sql.read_text(encoding="utf-8").replace("contact.started_on as", "cast(contact.ended_at as date) as"),
        encoding="utf-8",
    )
    exports = Path(shutil.copytree(landing, tmp_path / "exports"))
    night(site, tmp_path / "kept", exports)
    lines = (exports / "calls-2026.jsonl").read_text(encoding="utf-8").splitlines()
    moved = next(
        line
        for line in map(json.loads, lines)
        if (line["call"]["talk"] or 0) and int(line["call"]["talk"]) >= 600 and line["call"]["agent"]
    )
    moved["call"]["end"] += 40 * 86_400
    (exports / "calls-late.jsonl").write_text(json.dumps(moved) + "\n", encoding="utf-8")
    kept = night(site, tmp_path / "kept", exports)
    fresh = scheduled_night(site, tmp_path / "fresh", exports)
    observed = """
        select month_id, agent_id, sum(numerator) from kpi.kpi_daily where kpi_id = 'long_calls'
        group by all order by all
    """
    assert _query(kept, observed) == _query(fresh, observed)


def night(site: Path, state: Path, exports: Path) -> StateFolder:
    told = ["--site", str(site), "--state", str(state)]
    assert run([*told, "nightly", "--landing", str(exports), "--as-of", AS_OF]) == 0
    return StateFolder(state)


def scheduled_night(site: Path, state: Path, exports: Path) -> StateFolder:
    """A night as a schedule starts it: the definitions are there before the site is taken up."""
    with kept_site():
        use_site(site)
        settings = replace(load_settings(), state=state, landing=exports)
        definitions = build_definitions(settings)
        told = NightlyRun.of(settings).model_copy(update={"as_of": AS_OF}).model_dump(exclude={"_recorder"})
        with open_instance(StateFolder(state)) as instance:
            done = definitions.resolve_job_def(JOB).execute_in_process(
                instance=instance, run_config={"resources": {"nightly": {"config": told}}}
            )
    assert done.success
    return StateFolder(state)
