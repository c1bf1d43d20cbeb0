"""A settled month stays as it was paid: refusals, the frozen register, corrections in the next month."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from orchestration.audit.diff import compare_publications
from orchestration.audit.pack.verify import verify_pack
from orchestration.audit.verify.catalogue import all_faults
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.run import verify_state
from orchestration.cli import run
from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.hashing import file_hash
from orchestration.publish.publication import current_publication
from orchestration.settings import POLICY_DIR
from orchestration.settlement.frozen import pinned_runs, settlements
from orchestration.settlement.settle import settle
from orchestration.state.folder import StateFolder
from tests.forged_pack import rewritten
from tests.tampering import forged_period, link_copy

CLOSED, OPEN = "2026-09", "2026-10"
LOWER_SALARY_CNY = 1000

Row = tuple[object, ...]


class Roles(NamedTuple):
    """Who lives through which correction of the closed month, chosen by what the demo's scores are."""

    seller: str
    better_rated: str
    """A perfect review moves this agent up a grade and another one down; not from B."""
    salary_corrected: str
    """Ranked S or A, kept by the others' corrections: `cg_extra` rests on the salary."""
    moved_team: str
    """Ranked B, kept by the others' corrections: only `cg_basic` and `cg_floating` are paid."""
    extra_share: Decimal


class Corrected(NamedTuple):
    state: StateFolder
    settled: list[Row]
    roles: Roles


def _roles(state: StateFolder) -> Roles:
    """Ids that fit, the seller among the last; `better_rated` moves the grade of somebody else."""
    ((seller,),) = _read(
        state,
        "select max(agent_id) from bonus.bonus_line where period_id = ? and mechanism = 'commission'",
        CLOSED,
    )
    ranked = [
        (str(agent), Decimal(str(total)), Decimal(str(rated)))
        for agent, total, rated in _read(
            state,
            """
            select agent_id, score.total_score, score.supervisor_score from grade.grade
            inner join score.score using (agent_id, period_id)
            inner join facts.fct_rating as rating using (agent_id, period_id)
            where period_id = ? and method = 'forced' and rating.dimension = 'supervisor'
                and cohort_id = (
                    select min(cohort_id) from grade.grade where period_id = ? and method = 'forced'
                )
            order by agent_id
            """,
            CLOSED,
            CLOSED,
        )
    ]
    before = _forced_grades({agent: total for agent, total, _ in ranked})
    better_rated, after = next(
        (agent, moved)
        for agent, total, rated in ranked
        if agent != seller
        for moved in [
            _forced_grades(
                {other: score for other, score, _ in ranked} | {agent: total + Decimal("0.2") * (100 - rated)}
            )
        ]
        # Not from B: the tests of a withdrawn review change what B pays.
        if before[agent] != 2
        and moved[agent] > before[agent]
        and any(moved[other] < before[other] for other in moved)
    )
    kept = [
        agent for agent in before if before[agent] == after[agent] and agent not in (seller, better_rated)
    ]
    salary_corrected = next(agent for agent in kept if before[agent] >= 3)
    return Roles(
        seller=str(seller),
        better_rated=better_rated,
        salary_corrected=salary_corrected,
        moved_team=next(agent for agent in kept if before[agent] == 2),
        extra_share=Decimal("0.10") if before[salary_corrected] == 4 else Decimal("0.05"),
    )


def _forced_grades(totals: dict[str, Decimal]) -> dict[str, int]:
    """S = 4 … C = 1 by CG-10: the first band whose cumulative share is above (rank - 1) / n."""
    places = {
        agent: Decimal(sum(other > total for other in totals.values())) / len(totals)
        for agent, total in totals.items()
    }
    return {
        agent: 4 - sum(place >= Decimal(edge) for edge in ("0.1", "0.3", "0.8"))
        for agent, place in places.items()
    }


def _read(state: StateFolder, query: str, *values: object) -> list[Row]:
    publication = current_publication(state)
    assert publication is not None
    with duckdb.connect() as database:
        database.execute(f"attach '{publication.folder}/auditor.duckdb' as publication (read_only)")
        database.execute("use publication")
        return database.execute(query, list(values)).fetchall()


def _register(state: StateFolder, period_id: str) -> list[Row]:
    return _read(
        state, "select * from bonus.bonus_line where period_id = ? order by bonus_line_id", period_id
    )


def _awaiting(state: StateFolder, period_id: str) -> list[str]:
    rows = _read(
        state,
        "select agent_id from score.score where period_id = ? and status = 'awaiting_review'",
        period_id,
    )
    return [str(agent) for (agent,) in rows]


def _settle(state: StateFolder, period_id: str) -> None:
    settle(
        state,
        period_id=period_id,
        settled_by="Li Na",
        carry_pending=True,
        waived_agents=_awaiting(state, period_id),
    )


def _write(path: Path, *rows: dict[str, object]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_later_month_waits_for_the_earlier_one(demo_copy: StateFolder) -> None:
    with pytest.raises(PublicationRefused, match=f"{CLOSED} must be settled before it"):
        _settle(demo_copy, OPEN)


def test_a_quarter_waits_for_its_months(demo_copy: StateFolder) -> None:
    with pytest.raises(PublicationRefused, match="must be settled before it"):
        _settle(demo_copy, "2026-Q3")


def test_an_unknown_period_names_those_there_are(demo_copy: StateFolder) -> None:
    with pytest.raises(ConfigurationError, match=f"It has .*{CLOSED}"):
        _settle(demo_copy, "2031-01")


def test_a_missing_review_is_waived_by_name_only(demo_copy: StateFolder) -> None:
    publication = current_publication(demo_copy)
    assert publication is not None
    with duckdb.connect(str(publication.folder / "auditor.duckdb")) as database:
        database.execute(
            """
            update score.score set status = 'awaiting_review'
            where period_id = ? and agent_id = (select min(agent_id) from score.score where period_id = ?)
            """,
            [CLOSED, CLOSED],
        )
    awaiting = _awaiting(demo_copy, CLOSED)
    assert awaiting
    with pytest.raises(PublicationRefused, match=awaiting[0]):
        settle(demo_copy, period_id=CLOSED, settled_by="Li Na", carry_pending=True)
    with pytest.raises(ConfigurationError, match="awaits no review"):
        settle(demo_copy, period_id=CLOSED, settled_by="Li Na", waived_agents=["A9999"], carry_pending=True)
    _settle(demo_copy, CLOSED)
    assert settlements(demo_copy)[CLOSED].waived_agents == tuple(awaiting)


def test_a_month_settles_once(demo_copy: StateFolder) -> None:
    _settle(demo_copy, CLOSED)
    found = settlements(demo_copy)[CLOSED]
    assert found.settled_by == "Li Na"
    assert found.line_count == len(_register(demo_copy, CLOSED))
    with pytest.raises(ConfigurationError, match="was settled by Li Na"):
        _settle(demo_copy, CLOSED)


@pytest.fixture(scope="module")
def corrected(
    published_demo: Path, demo_landing: Path, tmp_path_factory: pytest.TempPathFactory
) -> Corrected:
    """September settled, then late rows: an order of a seller, a better review that moves a grade, a lower
    salary, a transfer. Returns the state after the night that took them, and the register as it was settled.
    """
    from tests.conftest import copy_state, run_night

    folder = tmp_path_factory.mktemp("corrected")
    state = copy_state(published_demo, folder / "state")
    landing = folder / "landing"
    shutil.copytree(demo_landing, landing)
    before, roles = _register(state, CLOSED), _roles(state)
    _settle(state, CLOSED)
    ((line_cny,),) = _read(
        state,
        """
        select sum(quantity) from bonus.bonus_line
        where period_id = ? and mechanism = 'commission' and agent_id = ?
        """,
        CLOSED,
        roles.seller,
    )
    late_order = {
        "order_id": "LATE-1",
        "ordered_at": f"{CLOSED}-20T10:00:00+08:00",
        "agent_id": roles.seller,
        "amount": str(Decimal(str(line_cny)) * 2),
        "kind": "new",
        "status": "paid",
    }
    _write(landing / "crm" / "order_zz_late.csv", late_order)
    ((rating_id,),) = _read(
        state,
        """
        select rating_id from facts.fct_rating
        where period_id = ? and agent_id = ? and dimension = 'supervisor'
        """,
        CLOSED,
        roles.better_rated,
    )
    better = {
        "rating_id": rating_id,
        "agent_id": roles.better_rated,
        "period_id": CLOSED,
        "dimension": "supervisor",
        "score": "100",
    }
    _write(landing / "workforce" / "rating_zz_late.csv", better)
    paid_less = _agent(landing, roles.salary_corrected)
    paid_less["base_salary"] = Decimal(str(paid_less["base_salary"])) - LOWER_SALARY_CNY
    _write(
        landing / "workforce" / "agent_zz_late.csv",
        paid_less,
        {**_agent(landing, roles.moved_team), "effective_from": f"{CLOSED}-16", "team_id": "PS02"},
    )
    run_night(state.root, landing)
    return Corrected(state, before, roles)


def _agent(landing: Path, agent_id: str) -> dict[str, object]:
    """The last row of the job history of an agent."""
    with (landing / "workforce" / "agent.csv").open(encoding="utf-8", newline="") as stream:
        return dict([row for row in csv.DictReader(stream) if row["agent_id"] == agent_id][-1])


@pytest.fixture(scope="module")
def withdrawn(
    corrected: Corrected,
    demo_landing: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> StateFolder:
    """The corrections settled, then the better review withdrawn and a coefficient of the policy corrected."""
    from tests.conftest import copy_state, run_night

    folder = tmp_path_factory.mktemp("withdrawn")
    state = copy_state(corrected[0].root, folder / "state")
    _settle(state, OPEN)
    landing = folder / "landing"
    shutil.copytree(demo_landing, landing)
    ((rating_id, agent_id, score),) = _read(
        StateFolder(corrected[0].root),
        """
        select now.rating_id, now.agent_id, before.score
        from facts.fct_rating as now
        inner join read_parquet($before) as before on now.rating_id = before.rating_id
        where now.score <> before.score
        """.replace("$before", f"'{_settled_on(state)}/auditor/facts.fct_rating/all.parquet'"),
    )
    withdrawn = {
        "rating_id": rating_id,
        "agent_id": agent_id,
        "period_id": CLOSED,
        "dimension": "supervisor",
        "score": str(score),
    }
    _write(landing / "workforce" / "rating_zzz_withdrawn.csv", withdrawn)
    policy = folder / "policy"
    shutil.copytree(POLICY_DIR, policy)
    table = policy / "component_rate.csv"
    rows = table.read_text(encoding="utf-8")
    assert "cg_floating,B,0,,1,," in rows
    table.write_text(rows.replace("cg_floating,B,0,,1,,", "cg_floating,B,0,,0.9,,"), encoding="utf-8")
    run_night(state.root, landing, policy=policy)
    return state


def _settled_on(state: StateFolder) -> Path:
    """The publication that the closed month was settled on."""
    return state.published / settlements(state)[CLOSED].run_id


def test_the_settled_register_does_not_change(corrected: Corrected) -> None:
    state, before, _ = corrected
    assert _register(state, CLOSED) == before


def test_a_correction_is_a_line_of_the_next_open_month(corrected: Corrected) -> None:
    state, _, roles = corrected
    lines = _read(
        state,
        """
        select line.agent_id, line.amount_cny, correction.computed_cny - correction.settled_cny
        from bonus.bonus_line as line
        inner join bonus.bonus_correction as correction
            on line.adjusts_bonus_line_id = correction.bonus_line_id
        where line.period_id = ? and line.mechanism = 'adjustment'
        """,
        OPEN,
    )
    assert roles.seller in [agent for agent, _, _ in lines]
    assert all(amount == owed for _, amount, owed in lines)
    ((total,),) = _read(state, "select sum(amount_cny) from bonus.bonus where period_id = ?", OPEN)
    ((summed,),) = _read(state, "select sum(amount_cny) from bonus.bonus_line where period_id = ?", OPEN)
    assert total == summed


def test_whoever_lost_only_a_rank_is_held_harmless(corrected: Corrected) -> None:
    state = corrected.state
    moved = _read(
        state, "select moved_cny, difference_cny, owed_cny from marts.mart_correction where moved_cny <> 0"
    )
    assert moved
    assert all(owed == difference - min(shift, Decimal(0)) for shift, difference, owed in moved)
    assert _read(
        state, "select count(*) from marts.mart_correction where moved_cny < 0 and owed_cny = 0"
    ) != [(0,)]


def test_a_salary_correction_is_owed_though_score_and_grade_stay(
    corrected: Corrected,
) -> None:
    state, _, roles = corrected
    owed = "select component_id, owed_cny from bonus.bonus_correction where agent_id = ? and period_id = ?"
    lost = -LOWER_SALARY_CNY * roles.extra_share
    assert _read(state, owed, roles.salary_corrected, CLOSED) == [("cg_extra", lost)]


def test_a_late_transfer_that_changes_no_pay_owes_nothing_in_sum(
    corrected: Corrected,
) -> None:
    state, _, roles = corrected
    rows = _read(
        state,
        """
        select component_id, count(*), sum(owed_cny) from bonus.bonus_correction
        where agent_id = ? and period_id = ? group by component_id order by component_id
        """,
        roles.moved_team,
        CLOSED,
    )
    assert rows == [("cg_basic", 2, Decimal(0)), ("cg_floating", 2, Decimal(0))]


def test_a_settled_correction_is_not_booked_twice(withdrawn: StateFolder, corrected: Corrected) -> None:
    """The order, the salary and the transfer are still corrected: adjusted, listed and owed no more."""
    roles = corrected.roles
    listed = _read(
        withdrawn,
        """
        select count(*), count(*) filter (adjusted_cny <> 0), sum(owed_cny) from marts.mart_correction
        where component_id in ('cg_commission', 'cg_extra', 'cg_basic') and period_id = ?
            and agent_id in (?, ?, ?)
        """,
        CLOSED,
        roles.seller,
        roles.salary_corrected,
        roles.moved_team,
    )
    assert listed == [(4, 4, Decimal("0.00"))]


def test_a_correction_that_is_withdrawn_is_taken_back(withdrawn: StateFolder, corrected: Corrected) -> None:
    """The score is the settled one again, but what was adjusted for it is no loss of rank: owed back."""
    rows = _read(
        withdrawn,
        """
        select agent_id, computed_cny = settled_cny, moved_cny from bonus.bonus_correction
        where component_id = 'cg_floating' and adjusted_cny > 0 and owed_cny = -adjusted_cny
        """,
    )
    assert rows == [(corrected.roles.better_rated, True, Decimal(0))]


def test_a_corrected_coefficient_is_owed_by_everyone_it_paid(
    withdrawn: StateFolder, corrected: Corrected
) -> None:
    """The settled place under today's policy: nobody is held harmless against a correction of it."""
    lines = _read(
        withdrawn,
        """
        select count(*), count(correction.bonus_line_id), sum(correction.moved_cny),
            count(*) filter (correction.owed_cny = line.amount_cny - settled.amount_cny)
        from bonus.bonus_line_computed as line
        inner join grade.grade as grade using (agent_id, period_id)
        inner join facts.fct_settled_line as settled on line.bonus_line_id = settled.bonus_line_id
        left join bonus.bonus_correction as correction on line.bonus_line_id = correction.bonus_line_id
        where line.component_id = 'cg_floating' and line.period_id = ? and grade.grade = 'B'
            and line.agent_id <> ?
        """,
        CLOSED,
        corrected.roles.moved_team,
    )
    [(count, listed, moved, owed)] = lines
    assert count == listed == owed > 5
    assert moved == 0


def test_withdrawn_corrections_verify(withdrawn: StateFolder) -> None:
    report = verify_state(withdrawn, landing=None, progress=lambda _: None)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]


def test_everyone_affected_is_listed_with_amounts(corrected: Corrected) -> None:
    state, _, roles = corrected
    differing = _read(
        state,
        """
        select
            coalesce(settled.bonus_line_id, computed.bonus_line_id) as bonus_line_id,
            coalesce(settled.amount_cny, 0) as settled_cny,
            coalesce(computed.amount_cny, 0) as computed_cny
        from (from facts.fct_settled_line where period_id = $closed) as settled
        full outer join (from bonus.bonus_line_computed where period_id = $closed) as computed
            on settled.bonus_line_id = computed.bonus_line_id
        where coalesce(settled.amount_cny, 0) <> coalesce(computed.amount_cny, 0)
        order by all
        """.replace("$closed", f"'{CLOSED}'"),
    )
    listed = _read(
        state, "select bonus_line_id, settled_cny, computed_cny from marts.mart_correction order by all"
    )
    assert [row for row in listed if row[1] != row[2]] == differing
    named = _read(state, "select agent_id, agent_name, owed_cny from marts.mart_correction order by all")
    assert roles.seller in [agent for agent, _, _ in named]
    assert len({agent for agent, _, _ in named}) > 2
    assert all(name for _, name, _ in named)


def test_a_settlement_freezes_what_the_register_rests_on(
    corrected: Corrected,
) -> None:
    """Register, definitions, policy, code, inputs: by hash, and kept in the publication it names."""
    state, before, _ = corrected
    settled = settlements(state)[CLOSED]
    folder = state.published / settled.run_id
    assert folder != state.current.resolve()
    assert file_hash(folder / "manifest.json") == settled.manifest_sha256
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in ("code_hash", "policy_hash", "policy_files"):
        assert manifest[name] == getattr(settled, name) != {}
    assert list(settled.inputs) == manifest["inputs"] != []
    assert settled.run_id in pinned_runs(state)
    for name, expected in settled.frozen_files.items():
        assert file_hash(state.root / name) == expected
    with duckdb.connect() as database:
        database.execute(f"attach '{folder}/auditor.duckdb' as publication (read_only)")
        database.execute("use publication")
        kept = database.execute(
            "select * from bonus.bonus_line where period_id = ? order by bonus_line_id", [CLOSED]
        ).fetchall()
        for relation in ("policy_kpi_period", "policy_component_rate", "policy_score_kpi"):
            [rows] = database.execute(
                f"select count(*) from policy.{relation} where period_id = ?", [CLOSED]
            ).fetchone() or (0,)
            assert rows > 0
    assert kept == before


def test_verify_recomputes_settled_lines_and_adjustments(
    corrected: Corrected,
) -> None:
    state, *_ = corrected
    report = verify_state(state, landing=None, progress=lambda _: None)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]
    [settled] = [check for check in report.checks if check.name.startswith("settled periods")]
    assert settled.looked_at == 1


def test_a_register_that_is_not_the_settled_one_is_named(corrected: Corrected, tmp_path: Path) -> None:
    """A settled line changed in the newest publication: that is not the register that was settled."""
    state = StateFolder(link_copy(corrected[0].root, tmp_path / "state"))
    _change_a_settled_line(state)
    report = verify_state(state, landing=None, progress=lambda _: None)
    said = [str(finding) for finding in report.findings]
    assert any(f"the register of settled {CLOSED} has hash" in one for one in said), said[:5]
    assert any("what it rests on" in one and "bonus.bonus_line" in one for one in said), said[:5]


@pytest.mark.parametrize("other", [CLOSED, "2026-Q3"])
def test_another_period_of_a_number_that_corrects_is_named(
    corrected: Corrected, tmp_path: Path, other: str
) -> None:
    """Its key says two periods: it is of the one that pays it, not of the one that it corrects."""
    state = StateFolder(link_copy(corrected.state.root, tmp_path / "state"))
    ((line,),) = _read(
        state,
        "select min(bonus_line_id) from bonus.bonus_correction where owed_cny <> 0 and settled_cny <> 0",
    )
    corrects = f"split_part(node_key, ':', 1) in ('adjustment', 'settled_cny') and node_key like '%:{line}'"
    done = forged_period(state, corrects, f"'{other}'")
    [check] = [one for one in all_faults() if "of the period that its key says" in one.what]
    found = [str(finding) for finding in check.check(ParquetData(state.current.resolve()))[2]]
    assert len(found) == 2 and all(all(part in one for part in done.named) for one in found), found


def _change_a_settled_line(state: StateFolder) -> None:
    path = state.current.resolve() / "auditor" / "bonus.bonus_line" / "all.parquet"
    draft = path.with_suffix(".draft")
    with duckdb.connect() as database:
        database.execute(
            f"""
            copy (
                select * replace (cast(amount_cny + 1 as decimal(18, 2)) as amount_cny)
                from read_parquet('{path}') where period_id = '{CLOSED}'
                union all from read_parquet('{path}') where period_id <> '{CLOSED}'
            ) to '{draft}' (format parquet)
            """
        )
    draft.replace(path)


def test_late_rows_explain_every_difference(corrected: Corrected) -> None:
    state, _, roles = corrected
    before = state.published / settlements(state)[CLOSED].run_id
    found = compare_publications(before, state.current.resolve())
    assert found.lines and not found.unexplained
    assert {line.period_id for line in found.lines if line.before is not None} <= {OPEN, "2026-Q3", "2026"}
    adjustments = [
        line for line in found.lines if line.before is None and ":adjustment:" in line.bonus_line_id
    ]
    assert roles.seller in [line.agent_id for line in adjustments]
    for line in adjustments:
        assert {"late rows", "settlement"} <= {cause.kind for cause in line.causes}, line
    assert any("late" in note for note in found.notes)


def test_a_settled_period_is_traced_as_it_was_settled(
    corrected: Corrected, capsys: pytest.CaptureFixture[str]
) -> None:
    state, _, roles = corrected
    settled_on = settlements(state)[CLOSED].run_id
    words = ["--state", str(state.root), "trace", roles.seller, CLOSED, "--format", "json"]
    assert run(words) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["publication"]["run_id"] == settled_on
    assert any(note["en"].startswith("settled by Li Na") for note in shown["notes"])
    assert any("corrected since" in note["en"] and OPEN in note["en"] for note in shown["notes"])
    assert "LATE-1" not in json.dumps(shown)
    assert run([*words, "--publication", "current", "--evidence"]) == 0
    today = json.loads(capsys.readouterr().out)
    assert today["amount_cny"] == shown["amount_cny"]
    assert any(f"settled on publication {settled_on}" in note["en"] for note in today["notes"])
    assert run(["--state", str(state.root), "trace", roles.seller, OPEN]) == 0
    assert f"adjustment of {CLOSED}: " in capsys.readouterr().out


def test_an_adjustment_is_traced_to_the_rows_that_corrected_it(
    corrected: Corrected, capsys: pytest.CaptureFixture[str]
) -> None:
    """Today's line less what was settled, adjusted before and not passed on; below it today's evidence."""
    state, _, roles = corrected
    differences = _read(
        state,
        """
        select
            adjustment.value - sum(case when part.operand = 'minuend' then part.value else -part.value end)
        from audit.bonus_trace as adjustment
        inner join audit.bonus_trace as part
            on adjustment.bonus_id = part.bonus_id and adjustment.node_id = part.parent_node_id
        where adjustment.kind = 'adjustment' and not exists (
            select 1 from audit.bonus_trace as withheld
            where withheld.parent_node_id = adjustment.node_id and withheld.value is null
        )
        group by adjustment.bonus_id, adjustment.node_id, adjustment.value
        """,
    )
    assert len(differences) > 5
    assert set(differences) == {(Decimal(0),)}
    assert (
        run(["--state", str(state.root), "trace", roles.seller, OPEN, "--format", "json", "--evidence"]) == 0
    )
    shown = json.loads(capsys.readouterr().out)
    [rows] = [
        evidence["rows"]
        for name, evidence in shown["evidence"].items()
        if name.startswith(f"sales_amount@{CLOSED}")
    ]
    assert "crm/order_zz_late.csv" in [row["source"]["file"] for row in rows]


def test_packs_of_settled_and_open_months_verify_offline(corrected: Corrected, tmp_path: Path) -> None:
    state, _, roles = corrected
    for period in (CLOSED, OPEN):
        out = tmp_path / f"{period}.zip"
        assert run(["--state", str(state.root), "pack", roles.seller, period, "--out", str(out)]) == 0
        report = verify_pack(out)
        assert report.is_sound, [str(finding) for finding in report.findings[:5]]


def test_a_forged_adjustment_is_found_in_its_pack(corrected: Corrected, tmp_path: Path) -> None:
    """However far up the forged amount is carried: it is not today's line less what was settled."""
    state, _, roles = corrected
    out = tmp_path / "pack.zip"
    assert run(["--state", str(state.root), "pack", roles.seller, OPEN, "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    forged = {}
    for name, key, value, is_forged in (
        ("bonus.bonus_line", "adjusts_bonus_line_id", "amount_cny", bool),
        ("audit.bonus_trace", "kind", "value", "adjustment".__eq__),
        ("audit.bonus_trace", "kind", "value", "bonus".__eq__),
        ("bonus.bonus", "bonus_id", "amount_cny", bool),
    ):
        member = f"data/{name}.json"
        table = json.loads(forged.get(member, members[member]))
        names = [column for column, _ in table["columns"]]
        for row in table["rows"]:
            if is_forged(row[names.index(key)]):
                row[names.index(value)] = str(Decimal(row[names.index(value)]) + 9000)
        forged[member] = json.dumps(table).encode()
    report = verify_pack(rewritten(out, tmp_path / "forged.zip", dict(forged), reseal=True))
    assert any("its operands give" in str(finding) for finding in report.findings), report.findings[:5]
