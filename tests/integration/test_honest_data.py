"""Honest exports pass the gate: small centres as a night takes, builds and judges them.

Some go through the command line, whole nights with status 0; the others take their exports the same way, run
the models' compiled SQL and its tests, and are held to every expectation.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from expectations.gate import run_gate
from orchestration.audit.verify.run import verify_state
from orchestration.cli import run
from orchestration.nightly.ingestion import take_exports
from orchestration.nightly.run import NightlyRun
from orchestration.progress import Stage
from orchestration.publish.publication import Publication, current_publication
from orchestration.settings import BOUNDS_DIR
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.compiled import Project, build_compiled, failing_tests
from tests.conftest import copy_state, settings_of
from tests.integration.honest_centres import (
    HONEST,
    Centre,
    agents,
    contacts,
    days,
    exported_by_creation_date,
    tickets,
    write,
)
from tests.published_rows import keep_rows


def night(
    centre: Centre, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, Publication | None]:
    """One night over the centre: exit status, what was printed, the publication."""
    landing = write(centre, folder / "landing")
    dated = ["--as-of", centre.as_of] if centre.as_of else []
    status = run(["--state", str(folder / "state"), "nightly", "--landing", str(landing), *dated])
    shown = capsys.readouterr()
    return status, shown.out + shown.err, current_publication(StateFolder(folder / "state"))


WHOLE_NIGHTS = ("closed_history", "five_people_and_nine_calls", "leads_closed_on_a_date")
"""Without a date given, with hardly a row, and with every kind of pay of its plan, of people with odd ids."""


@pytest.mark.parametrize("name", sorted(set(HONEST) - set(WHOLE_NIGHTS)))
def test_honest_data_passes_every_test_and_expectation(name: str, compiled: Project, tmp_path: Path) -> None:
    centre = HONEST[name]()
    settings = settings_of(tmp_path / "state", write(centre, tmp_path / "landing"))
    night = NightlyRun.of(settings).model_copy(update={"as_of": centre.as_of or ""})
    state = night.state_folder
    state.prepare()
    take_exports(night, Stage("ingest"))
    build_compiled(state, compiled, state.warehouse)
    assert failing_tests(compiled, state.warehouse) == []
    keep_rows(
        state.warehouse
    )  # a view of the warehouse names its database; the gate attaches under a name of its own
    checks = run_gate(state.warehouse, BOUNDS_DIR).checks
    failed = [check for check in checks if check.outcome == "failed" and check.severity == "critical"]
    assert [(check.name, check.error or check.observed) for check in failed] == []
    assert [check for check in checks if check.outcome == "passed"]


@pytest.mark.parametrize("name", WHOLE_NIGHTS)
def test_honest_data_is_published(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, publication = night(HONEST[name](), tmp_path, capsys)
    assert status == 0, shown
    assert publication is not None
    checks = publication.manifest["checks"]
    assert checks["failed_critical"] == 0
    assert checks["passed"] + checks["not_judged"] + checks["failed_warning"] == checks["checks"]
    assert f"{checks['passed']} passed, {checks['not_judged']} not judged" in shown
    report = verify_state(
        StateFolder(tmp_path / "state"), landing=tmp_path / "landing", progress=lambda _: None
    )
    assert report.findings == []


def test_a_refusal_for_data_that_ends_earlier_gives_the_date_that_publishes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tickets of a finished quarter go on being solved for weeks, so the newest event is no outlier."""
    quarter, june = days("2026-03-01", "2026-05-31"), days("2026-06-01", "2026-06-13")
    late = [
        {**row, "ticket_id": f"L{number}", "solved_at": f"{june[number % len(june)]} 10:00:00"}
        for number, row in enumerate(tickets(quarter[-20:], 4))
    ]
    tables = {
        "workforce.agent": agents(),
        "ticket.contact": contacts(quarter),
        "ticket.ticket": [*tickets(quarter), *late],
    }
    status, shown, publication = night(Centre(tables), tmp_path, capsys)
    assert (status, publication) == (3, None), shown
    assert "raw.contacts_are_fresh on facts.fct_contact" in shown
    assert "give --as-of 2026-05-31" in shown
    refused = copy_state(tmp_path / "state", tmp_path / "refused")
    status, shown, publication = night(Centre(tables, "2026-05-31"), tmp_path, capsys)
    assert status == 0, shown
    it_goes_out_by_the_words_of_the_refusal(refused, tmp_path, capsys)


def it_goes_out_by_the_words_of_the_refusal(
    refused: StateFolder, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly the commands that the refusal prints, one after the other, on a copy of the refused state."""
    text = read_records(refused)[-1].error or ""
    accept, again = (shlex.split(words)[1:] for words in re.findall(r"`(meritline [^`]+)`", text))
    assert accept[:1] == ["accept"] and "raw.contacts_are_fresh" in accept and again[:1] == ["nightly"]
    here = {str(folder / "state"): str(refused.root)}
    assert run([here.get(word, word) for word in accept]) == 0, capsys.readouterr().err
    assert run([here.get(word, word) for word in again]) == 0, capsys.readouterr().err
    publication = current_publication(refused)
    assert publication is not None
    checks, accepted = publication.manifest["checks"], publication.manifest["accepted"]
    names = {f"{one['suite']}.{one['check_id']}" for one in accepted}
    assert names == {word for word in accept if "." in word and "/" not in word}
    assert checks["failed_critical"] == len(accepted) > 0
    assert {(one["accepted_by"], one["why"]) for one in accepted} == {("NAME", "TEXT")}
    shown = capsys.readouterr().out
    assert f"{len(accepted)} critical accepted" in shown
    assert "raw.contacts_are_fresh by NAME: TEXT" in shown
    page = (publication.folder / "calibration.html").read_text(encoding="utf-8")
    assert "accepted, published" in page and "<td>NAME</td><td>TEXT</td>" in page
    assert run(["status", "--state", str(refused.root)]) == 0
    assert "accepted     raw.contacts_are_fresh by NAME: TEXT" in capsys.readouterr().out
    report = verify_state(refused, landing=folder / "landing", progress=lambda _: None)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]
    assert "accepted checks: failed, of this content, in somebody's name" in {
        one.name for one in report.checks
    }


LOST = """
    select outcome, observed from marts.mart_calibration where suite = 'raw' and check_id = 'lost_columns'
"""


def test_a_column_lost_is_refused_by_name_and_file_if_it_had_values_and_a_plan_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of one kind. The fourth lacks a column that never had a value: no loss. The fifth lacks
    the solver, who is credited.
    """
    state, landing = StateFolder(tmp_path / "state"), tmp_path / "landing"
    write(exported_by_creation_date(), landing)
    for path in landing.glob("ticket/*.csv"):
        path.unlink()

    def drop(number: int, rows: list[dict[str, object]], as_of: str, *without: str) -> int:
        kept = [{key: value for key, value in row.items() if key not in without} for row in rows]
        write(Centre({f"ticket.ticket_{number}": kept}), landing)
        return run(["--state", str(state.root), "nightly", "--landing", str(landing), "--as-of", as_of])

    rows = [{**row, "closed_at": ""} for row in tickets(days("2026-03-01", "2026-05-31"))]
    for number in range(3):
        write(Centre({f"ticket.ticket_{number}": rows[number * 300 : number * 300 + 300]}), landing)
    assert drop(3, rows[900:1000], "2026-05-23", "closed_at") == 0, capsys.readouterr().err
    publication = current_publication(state)
    assert publication is not None
    with duckdb.connect(str(publication.folder / "bi.duckdb"), read_only=True) as database:
        assert database.execute(LOST).fetchall() == [("passed", "0 (1 of 2 judged)")], "a roster came once"
    capsys.readouterr()
    assert drop(4, rows[1000:], "2026-05-31", "solver_id") == 3
    shown = capsys.readouterr()
    told = shown.out + shown.err
    assert "solver_id of ticket.ticket, not in ticket/ticket_4.csv (since ticket/ticket_4.csv, load " in told
    assert "Have the named file exported again with the named column" in told
