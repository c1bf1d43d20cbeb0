"""The radar on a centre in which six agents displace work, one of each kind: who is found, with which rows,
and what an honest centre sees.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.radar import read_radar
from orchestration.audit.relations import AuditFile
from orchestration.cli import run
from orchestration.gate.result import read_result
from orchestration.generate import generate
from orchestration.publish.publication import Publication, current_publication
from orchestration.state.folder import StateFolder
from tests.bench.radar import found_in
from tests.conftest import LAST_MONTH, run_night
from tests.gamers import KINDS, Gamer, choose, plant

AGENTS, MONTHS, TICKETS, SEED = 80, 3, 20_000, 3


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of the centre, not yet planted."""
    out = tmp_path_factory.mktemp("radar") / "landing"
    generate(out=out, agents=AGENTS, months=MONTHS, tickets=TICKETS, seed=SEED, last_month=LAST_MONTH)
    return out


@pytest.fixture(scope="module")
def gamers(landing: Path) -> Sequence[Gamer]:
    """Who was planted into the exports."""
    chosen = choose(landing, each=1, least_tickets=150)
    plant(landing, chosen)
    return chosen


@pytest.fixture(scope="module")
def state(landing: Path, gamers: Sequence[Gamer], tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """A night over the planted exports, published."""
    folder = tmp_path_factory.mktemp("radar_state") / "state"
    run_night(folder, landing)
    return StateFolder(folder)


def publication(state: StateFolder) -> Publication:
    found = current_publication(state)
    assert found is not None
    return found


@cache
def exported(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_each_is_found_with_the_right_signal_and_nobody_else(
    state: StateFolder, gamers: Sequence[Gamer]
) -> None:
    found = found_in(state, gamers)
    assert {one.kind for one in gamers} == set(KINDS)
    assert found.right == list(gamers)
    assert found.false == []


def test_every_row_of_a_hit_stands_in_the_export_that_it_names(
    state: StateFolder, landing: Path, gamers: Sequence[Gamer]
) -> None:
    radar = read_radar(publication(state).folder, period_id="2026", agent_id=None)
    planted = {(one.agent_id, one.kind) for one in gamers}
    seen = set()
    for signal in radar.signals:
        for hit in signal.hits:
            seen.add((hit.agent_id, signal.signal_id))
            assert len(hit.rows) - 2 * hit.taken_away == hit.numerator > 0
            assert (hit.taken_away > 0) == (signal.signal_id == "unrated")
            for line in hit.rows:
                assert line.file is not None and line.row_number is not None
                assert exported(landing / line.file)[line.row_number - 1][0] == line.key
    assert seen == planted


def test_rows_match_the_count_of_who_worked_in_two_queues(state: StateFolder) -> None:
    folder = publication(state).folder
    with AuditFile(folder) as audit:
        movers = audit.query(
            "select agent_id from facts.dim_agent_month_segment group by agent_id "
            "having count(distinct role || customer_group) > 1 order by agent_id"
        )
        (elsewhere,) = audit.query(
            """
            select count(*) as row_count from marts.mart_kpi_radar__row as evidence
            inner join facts.dim_agent_period as place
                on evidence.agent_id = place.agent_id and place.period_id = '2026'
            where evidence.numerator <> 0 and evidence.agent_id in (select unnest($agents))
                and (evidence.role, evidence.customer_group) <> (place.role, place.customer_group)
            """,
            {"agents": [row["agent_id"] for row in movers]},
        )
    found = [
        finding
        for mover in movers
        for signal in read_radar(folder, period_id="2026", agent_id=mover["agent_id"]).signals
        for finding in signal.findings
    ]
    assert elsewhere["row_count"] > 0 and any(finding.rows for finding in found)
    for finding in found:
        assert max(len(finding.rows) - 2 * finding.taken_away, 0) == finding.numerator


def test_who_has_left_was_not_in_service(state: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    with AuditFile(publication(state).folder) as audit:
        (left, *_) = audit.query(
            "select agent_id from facts.dim_agent_month_segment group by agent_id "
            "having max(month_id) < '2026-10' order by agent_id"
        )
    assert run(["--state", str(state.root), "radar", "2026-10", "--agent", left["agent_id"]]) == 0
    said = capsys.readouterr().out
    assert said.count("not in service in the period") == 7 == said.count("本期不在职")


def test_the_nightly_check_warns_and_names_nobody(state: StateFolder, gamers: Sequence[Gamer]) -> None:
    result = read_result(state, publication(state).manifest["content_hash"])
    assert result is not None
    check = next(one for one in result.checks if (one.suite, one.check_id) == ("kpi", "radar_quiet"))
    assert (check.outcome, check.severity) == ("failed", "warning")
    said = str(check.seen)
    assert "Contacts left unanswered" in said
    assert not any(one.agent_id in said for one in gamers)


def test_readers_of_bi_have_no_list_of_names(state: StateFolder) -> None:
    folder = publication(state).folder
    assert not list((folder / "bi").glob("*radar*"))
    with duckdb.connect(str(folder / "bi.duckdb"), read_only=True) as bi:
        assert bi.execute("select * from duckdb_tables() where table_name like '%radar%'").fetchall() == []


def test_the_command_says_it_in_both_languages_and_too_few_where_it_is(
    state: StateFolder, gamers: Sequence[Gamer], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--state", str(state.root), "radar", "2026"]) == 0
    said = capsys.readouterr().out
    assert all(f"{one.agent_id} (" in said for one in gamers)
    assert "contacts less" in said and "个联络减去" in said
    assert run(["--state", str(state.root), "radar", "2026-Q3"]) == 0
    said = capsys.readouterr().out
    for words in (
        "accuses nobody",
        "不指控任何人",
        "too few to say",
        "样本过少",
        "Clopper-Pearson",
        "agents of the queue",
        "含本人",
        "命中，意外度",
    ):
        assert words in said, words
    assert "fewer than 5 people" in said
    assert said.count("one in nine million") == 1


def test_one_agents_radar_lists_every_row(
    state: StateFolder, gamers: Sequence[Gamer], capsys: pytest.CaptureFixture[str]
) -> None:
    left = next(one.agent_id for one in gamers if one.kind == "left_contact")
    arguments = ["--state", str(state.root), "radar", "2026-10", "--agent", left, "--signal", "left_contact"]
    assert run([*arguments, "--format", "json"]) == 0
    (signal,) = json.loads(capsys.readouterr().out)["signals"]
    (finding,) = signal["findings"]
    assert finding["status"] == "hit" and "未接" in finding["sentence"]["zh"]
    assert run([*arguments, "--rows"]) == 0
    said = capsys.readouterr().out
    assert said.count("fct_contact K") == finding["numerator"] == len(finding["rows"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["2026-13"], "no period '2026-13'"),
        (["2026-10", "--agent", "A0O16"], "no agent 'A0O16'"),
        (["2026-10", "--signal", "voided"], "there is no signal 'voided'"),
        (["2026-10", "--publication", "000009-2026-10-31"], "000009-2026-10-31"),
    ],
)
def test_what_is_unknown_is_said(
    state: StateFolder, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert run(["--state", str(state.root), "radar", *arguments]) == 2
    assert says in capsys.readouterr().err
