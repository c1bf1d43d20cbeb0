"""Settling is an act: somebody's name, totals seen, a yes on a terminal; anything else changes nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import run
from orchestration.hashing import file_hash
from orchestration.settings import child_environment
from orchestration.settlement.frozen import settlements
from orchestration.state.folder import StateFolder
from tests.tampering import link_copy, replace_bytes

CLOSED = "2026-09"


@pytest.fixture
def state(published_demo: Path, tmp_path: Path) -> StateFolder:
    return StateFolder(link_copy(published_demo, tmp_path / "state"))


def _files(state: StateFolder) -> dict[str, str]:
    """Every file of the state by its content; the lock, which is made to be held, apart."""
    return {
        path.relative_to(state.root).as_posix(): file_hash(path)
        for path in sorted(state.root.rglob("*"))
        if path.is_file() and path != state.lock
    }


def _settle(state: StateFolder, period: str, *words: str, by: str = "Li Na") -> int:
    return run(["--state", str(state.root), "settle", period, "--by", by, *words])


@pytest.mark.parametrize("name", ["", " ", "\t \n", "\u3000", "--", "…", "\x00\x07"])
def test_a_name_that_is_nobodys_settles_nothing(
    state: StateFolder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(state)
    assert _settle(state, CLOSED, "--carry-pending", "--waive-review", by=name) == 2
    assert "nobody's name" in capsys.readouterr().err
    assert _files(state) == before


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("2031-01", "is no period of the current publication"),
        ("September", "is no period of the current publication"),
        ("", "is no period of the current publication"),
        ("2026-Q4", "has not ended"),
        ("2026", "has not ended"),
    ],
)
@pytest.mark.parametrize("preview", [(), ("--preview",)])
def test_a_period_that_is_none_or_not_over_is_wrong_usage(
    state: StateFolder, period: str, said: str, preview: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(state)
    assert _settle(state, period, "--carry-pending", "--waive-review", *preview) == 2
    assert said in capsys.readouterr().err
    assert _files(state) == before


def test_a_preview_shows_the_totals_of_each_plan_and_writes_nothing(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(state)
    assert _settle(state, CLOSED, "--carry-pending", "--waive-review", "--preview") == 0
    shown = capsys.readouterr().out
    assert _files(state) == before
    with duckdb.connect(str(state.current / "auditor.duckdb"), read_only=True) as database:
        totals = database.execute(
            "select coalesce(scheme_id, 'total'), count(*), count(distinct agent_id), sum(amount_cny) "
            "from bonus.bonus_line where period_id = ? group by rollup (scheme_id)",
            [CLOSED],
        ).fetchall()
    assert len(totals) > 2
    words = [line.split() for line in shown.splitlines()]
    for plan, lines, agents, amount in totals:
        expected = [plan, f"{lines:,}", "lines", f"{agents:,}", "agents", f"{amount:,.2f}", "CNY"]
        assert expected in words


def test_a_preview_of_what_would_be_refused_says_so(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(state)
    assert _settle(state, "2026-10", "--carry-pending", "--waive-review", "--preview") == 3
    seen = capsys.readouterr()
    assert "total" in seen.out and f"{CLOSED} must be settled before it" in seen.err
    assert _files(state) == before


def test_missing_reviews_are_refused_named_and_waived_in_the_settlers_name(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    path = (state.current / "auditor.duckdb").resolve()
    replace_bytes(path, path.read_bytes())
    with duckdb.connect(str(path)) as database:
        agents = [
            str(agent)
            for (agent,) in database.execute(
                "update score.score set status = 'awaiting_review' where period_id = ? and agent_id in "
                "(select agent_id from score.score where period_id = ? order by agent_id limit 2) "
                "returning agent_id",
                [CLOSED, CLOSED],
            ).fetchall()
        ]
    assert len(agents) == 2
    assert _settle(state, CLOSED, "--carry-pending", "--waive", agents[0]) == 3
    said = capsys.readouterr().err
    assert f"1 agent(s) await their supervisor's review: {agents[1]}" in said and "--waive-review" in said
    assert not settlements(state)
    assert _settle(state, CLOSED, "--carry-pending", "--waive-review", by="  Li \t Na ") == 0
    done = settlements(state)[CLOSED]
    assert set(agents) <= set(done.waived_agents)
    assert done.settled_by == "Li Na"


def _on_a_terminal(state: StateFolder, answer: str, *words: str) -> tuple[int, str]:
    """Settle September with standard input on a terminal, at which somebody types `answer`."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "orchestration", "--state", str(state.root), "settle", CLOSED]
    command += ["--by", "Li Na", "--carry-pending", "--waive-review", *words]
    os.write(ours, answer.encode())
    done = subprocess.run(
        command,
        check=False,
        stdin=theirs,
        capture_output=True,
        text=True,
        env=child_environment({}),
        timeout=120,
    )
    os.close(ours)
    os.close(theirs)
    return done.returncode, done.stdout


def test_on_a_terminal_it_asks_and_takes_no_for_an_answer(state: StateFolder) -> None:
    before = _files(state)
    status, shown = _on_a_terminal(state, "n\n")
    assert status == 1
    assert f"Settle {CLOSED} as Li Na? [y/N]" in shown and "Nothing was settled." in shown
    assert _files(state) == before
    status, shown = _on_a_terminal(state, "y\n")
    assert status == 0 and f"{CLOSED} is settled by Li Na" in shown
    assert list(settlements(state)) == [CLOSED]


def test_yes_answers_beforehand(state: StateFolder) -> None:
    status, shown = _on_a_terminal(state, "", "--yes")
    assert status == 0 and "[y/N]" not in shown
    assert list(settlements(state)) == [CLOSED]


def test_the_help_says_what_each_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settle", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 settled" in shown and "3 refused" in shown
