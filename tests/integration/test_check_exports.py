"""`meritline check`: what a night would make of the exports, told without a trace in the state."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import run
from orchestration.policy import trial
from orchestration.policy.trial import PREFIX
from orchestration.settings import PROJECT_ROOT, child_environment
from orchestration.state.folder import StateFolder
from orchestration.state.lock import hold
from tests.conftest import AS_OF
from tests.ingest_support import write

HEADER = "ticket_id,created_at,status,customer_id\n"


def everything(folder: Path) -> Mapping[str, tuple[int, int, int, int]]:
    """Every file and folder below, itself included: mode, size, times of change."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        info = path.lstat()
        found[str(path)] = (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
    return found


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary files of this test alone."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def left(scratch: Path) -> list[str]:
    return [path.name for path in scratch.glob(f"{PREFIX}*")]


def checked(state: StateFolder | Path, landing: Path, *words: str) -> int:
    root = state.root if isinstance(state, StateFolder) else state
    return run(["check", "--landing", str(landing), "--state", str(root), *words])


def small(landing: Path, *odd: str, good: int = 200) -> Path:
    """Tickets of one table, `good` of them sound."""
    rows = "".join(f"T{n},2026-10-{n % 28 + 1:02d} 10:00:00,open,K{n}\n" for n in range(good))
    write(landing / "ticket" / "ticket.csv", HEADER + rows + "".join(f"{row}\n" for row in odd))
    return landing


def table_lines(shown: str) -> dict[str, list[int]]:
    """Files, new, rows in, loaded, superseded, rejected, left out by table, as printed."""
    lines = [line.split() for line in shown.splitlines()]
    start = next(number for number, words in enumerate(lines) if words[:2] == ["table", "files"])
    found = {}
    for name, *figures in lines[start + 1 :]:
        if "." not in name or len(figures) != 7:
            break
        found[name] = [int(one.replace(",", "")) for one in figures]
    return found


def test_it_says_what_the_night_did_and_makes_no_state(
    published_demo: Path,
    demo_landing: Path,
    tmp_path: Path,
    scratch: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = everything(demo_landing)
    assert checked(tmp_path / "none", demo_landing) == 0
    shown = capsys.readouterr().out
    assert not (tmp_path / "none").exists()
    assert everything(demo_landing) == before
    assert left(scratch) == []
    with duckdb.connect(str(published_demo / "published/current/auditor.duckdb"), read_only=True) as database:
        told = database.execute(
            "select table_name, row_count, loaded_row_count, superseded_row_count, rejected_row_count "
            "from audit.reconciliation where row_count > 0"
        ).fetchall()
    found = {name: tuple(figures[2:6]) for name, figures in table_lines(shown).items() if figures[2]}
    assert found == {name: tuple(figures) for name, *figures in told}
    assert any(figures[2] for figures in found.values()), "the demo repeats rows"
    assert f"business date {AS_OF}" in shown
    assert "plan centre_grade has what it reads" in shown
    assert "  reads crm.lead" in shown


def test_the_state_is_as_it_was_to_the_last_time_of_change(
    demo_copy: StateFolder,
    demo_landing: Path,
    tmp_path: Path,
    scratch: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """New rows, a newer version of known ones, and a file that was there."""
    landing = small(tmp_path / "landing", "T1,2026-10-01 10:00:00,no such,K1")
    (landing / "workforce").mkdir()
    for path in (demo_landing / "workforce").glob("agent*"):
        (landing / "workforce" / path.name).write_bytes(path.read_bytes())
    before = everything(demo_copy.root)
    assert checked(demo_copy, landing) == 0
    shown = capsys.readouterr().out
    assert everything(demo_copy.root) == before
    assert left(scratch) == []
    tables = table_lines(shown)
    assert tables["ticket.ticket"] == [1, 1, 201, 200, 0, 1, 0]
    assert tables["workforce.agent"][:2] == [1, 0], "known already"
    assert "ticket/ticket.csv, row 202 (ticket.ticket): " in shown
    assert "plan centre_grade has what it reads" in shown, "what the state has taken in counts"


def test_the_states_own_key_is_used_and_none_is_made(demo_copy: StateFolder, tmp_path: Path) -> None:
    """Rows of a customer whom the state knows must join: the same number gives the same pseudonym."""
    landing = small(tmp_path / "landing")
    key = demo_copy.root / "pseudonym.key"
    before = key.read_bytes()
    kept: dict[str, bytes] = {}
    ingest = trial.ingest

    def look(**named: object) -> object:
        kept["key"] = (Path(str(named["state"])) / "pseudonym.key").read_bytes()
        return ingest(**named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "ingest", look)
        assert checked(demo_copy, landing) == 0
    assert kept["key"] == before == key.read_bytes()
    key.unlink()
    assert checked(demo_copy, landing) == 0
    assert not key.exists()


def test_every_rejected_row_is_listed_with_its_reason_and_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = [f"X{n},2026-10-01 10:00:00,nonsense,13912345678" for n in range(25)]
    landing = small(tmp_path / "landing", *odd, good=1000)
    out = tmp_path / "rejects.csv"
    assert checked(tmp_path / "none", landing) == 0
    shown = capsys.readouterr().out
    assert shown.count("rejected: ticket/ticket.csv, row ") == 20
    assert "and 5 more: --out FILE lists all 25" in shown
    assert checked(tmp_path / "none", landing, "--out", str(out)) == 0
    shown = capsys.readouterr().out
    assert f"25 rejected rows are listed in {out}" in shown
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["file", "row_number", "table_name", "reason", "raw_text"]
    assert [int(row["row_number"]) for row in rows] == list(range(1002, 1027))
    assert {(row["file"], row["table_name"]) for row in rows} == {("ticket/ticket.csv", "ticket.ticket")}
    assert all("nonsense" in row["reason"] for row in rows)
    assert "13912345678" not in shown + out.read_text(encoding="utf-8")
    assert out.stat().st_mode & 0o077 == 0


def test_without_a_rejected_row_the_list_has_a_header_alone(tmp_path: Path) -> None:
    out = tmp_path / "rejects.csv"
    assert checked(tmp_path / "none", small(tmp_path / "landing"), "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8") == "file,row_number,table_name,reason,raw_text\n"
    assert checked(tmp_path / "none", tmp_path / "landing", "--out", str(tmp_path / "no" / "r.csv")) == 2


def nightly(tmp_path: Path, landing: Path, *words: str) -> int:
    return run(["nightly", "--landing", str(landing), "--state", str(tmp_path / "state"), *words])


def test_it_ends_as_the_night_would_with_4_and_its_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = [f"X{n},2026-10-01 10:00:00,nonsense,K" for n in range(25)]
    landing = small(tmp_path / "landing", *odd)
    out = tmp_path / "rejects.csv"
    assert checked(tmp_path / "state", landing, "--out", str(out)) == 4
    told = capsys.readouterr()
    assert len(out.read_text(encoding="utf-8").splitlines()) == 26, "what a refused night would lose is kept"
    assert "25 of 225 rows of ticket.ticket do not fit" in told.err
    assert nightly(tmp_path, landing) == 4
    assert capsys.readouterr().err == told.err
    assert checked(tmp_path / "none", landing, "--allow-rejects", "0.2") == 0


def test_it_ends_as_the_night_would_with_2_and_its_words_lead_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal that asks for a business date, of `check` and of `nightly`, and what its own words do."""
    landing = small(tmp_path / "landing", "X,2026-11-20 10:00:00,open,K")
    assert checked(tmp_path / "state", landing) == 2
    told = capsys.readouterr()
    assert table_lines(told.out)["ticket.ticket"][2] == 201
    assert nightly(tmp_path, landing) == 2
    assert capsys.readouterr().err == told.err
    [command] = [part for part in told.err.split("`") if part.startswith("meritline nightly ")]
    assert command.endswith(f"--state {tmp_path / 'state'} --as-of 2026-10-28")
    words = ["check" if word == "nightly" else word for word in command.split()[1:]]
    assert run(words) == 0, "what it names is taken"
    assert "business date 2026-10-28" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status"),
    [(["--policy", "/nowhere"], 2), (["--profile", "no_such_profile"], 2), (["--as-of", "31/10/2026"], 2)],
)
def test_wrong_usage_is_status_2(tmp_path: Path, words: list[str], status: int) -> None:
    assert checked(tmp_path / "none", small(tmp_path / "landing"), *words) == status
    assert not (tmp_path / "none").exists()


def test_an_empty_landing_folder_is_told_as_by_the_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "landing").mkdir()
    assert checked(tmp_path / "none", tmp_path / "landing") == 2
    told = capsys.readouterr().err
    assert nightly(tmp_path, tmp_path / "landing") == 2
    assert capsys.readouterr().err == told


def test_an_unknown_plan_is_told_before_the_night(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    landing = small(tmp_path / "landing")
    write(
        landing / "workforce" / "agent.csv", "agent_id,effective_from,scheme_id\nA1,2026-01-01,centre_grad\n"
    )
    assert checked(tmp_path / "none", landing) == 3
    assert "nearest is centre_grade" in capsys.readouterr().err


def test_what_a_plan_lacks_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    landing = small(tmp_path / "landing")
    write(landing / "workforce" / "agent.csv", "agent_id,effective_from,scheme_id\nA1,2026-01-01,part_time\n")
    assert checked(tmp_path / "none", landing) == 0
    shown = capsys.readouterr().out
    assert "plan part_time lacks something" in shown
    assert "ticket.contact never came" in shown


def test_a_run_at_work_is_named_and_nothing_is_read(
    demo_copy: StateFolder, tmp_path: Path, scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold(demo_copy, "meritline nightly"):
        before = everything(demo_copy.root)
        assert checked(demo_copy, small(tmp_path / "landing")) == 5
        assert everything(demo_copy.root) == before
    assert f"process {os.getpid()} (meritline nightly, since 20" in capsys.readouterr().err
    assert left(scratch) == []


def test_a_night_may_begin_while_it_reads(
    demo_copy: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = trial.ingest

    def begin(**named: object) -> object:
        with hold(demo_copy, "meritline nightly"):
            return ingest(**named)  # type: ignore[arg-type]

    monkeypatch.setattr(trial, "ingest", begin)
    assert checked(demo_copy, small(tmp_path / "landing")) == 0


@pytest.mark.parametrize("signalled", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_at_any_time_it_leaves_nothing_for_long(
    tmp_path: Path, scratch: Path, demo_landing: Path, signalled: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "check", "--landing", str(demo_landing)],
        cwd=PROJECT_ROOT,
        env=child_environment({"TMPDIR": str(scratch), "MERITLINE_STATE": str(tmp_path / "none")}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not left(scratch):
        time.sleep(0.01)
    process.send_signal(signalled)
    process.wait(timeout=120)
    if signalled == signal.SIGKILL:
        assert left(scratch), "it had no time"
        assert checked(tmp_path / "none", small(tmp_path / "landing")) == 0
    assert left(scratch) == []


def test_neither_dbt_nor_dagster_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from orchestration.cli import run; status = run(sys.argv[1:]);"
        "heavy = {'dagster', 'dbt', 'great_expectations'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    words = ["check", "--landing", str(small(tmp_path / "landing")), "--state", str(tmp_path / "none")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
