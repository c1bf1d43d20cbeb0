"""What came before comes again, or several files come together: where load order alone decides is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.ingest_support import query, run, write

HEADER = "agent_id,effective_from,base_salary\n"
OLD, NEW = (
    HEADER + "A1,2026-01-01,5000\nA2,2026-01-01,5000\n",
    HEADER + "A1,2026-01-01,9000\nA2,2026-01-01,5000\n",
)
AGENT = "workforce/agent.csv"
NEWEST = "SELECT base_salary::INTEGER FROM raw WHERE agent_id = 'A1' ORDER BY _load_seq DESC LIMIT 1"


def nights(work: Path, *landings: dict[str, str], profiles: Sequence[Path] = ()) -> list[list[str]]:
    """What each night notes of contents that came before or together."""
    told = []
    for files in landings:
        for name, text in files.items():
            write(work / "landing" / name, text)
        report = run(work / "landing", work / "state", as_of=dt.date(2026, 10, 5), profiles=tuple(profiles))
        told.append([note for note in report.notes if "taken before" in note or "came together" in note])
    return told


def salary(work: Path) -> int:
    return int(query(work / "state", "workforce.agent", NEWEST)[0][0])


def test_a_content_put_back_is_told_until_it_counts_or_is_gone(tmp_path: Path) -> None:
    first, replaced, back, again, anew = nights(
        tmp_path, {AGENT: OLD}, {AGENT: NEW}, {AGENT: OLD}, {}, {AGENT: OLD + "\n"}
    )
    assert (first, replaced, anew) == ([], [], [])
    assert back == again
    (note,) = back
    assert note.startswith(
        f"{AGENT}: this content was taken before, and what came later counts: 1 row of workforce.agent"
    )
    assert "A1 2026-01-01 by a later content of this file" in note
    assert "empty line at its end" in note
    assert salary(tmp_path) == 5000, "the way out that the note names"


@pytest.mark.parametrize("together", [False, True])
def test_a_dump_that_equals_an_older_one_is_told(tmp_path: Path, together: bool) -> None:
    dumps = [{f"workforce/agent_{n}.csv": text} for n, text in enumerate((OLD, NEW, OLD), start=1)]
    if together:
        dumps = [{name: text for dump in dumps for name, text in dump.items()}]
    *_, (note, *_) = nights(tmp_path, *dumps)
    assert salary(tmp_path) == 9000
    assert note.startswith(
        "workforce/agent_" + ("2.csv: 1 key stands" if together else "3.csv: this content")
    )
    assert nights(tmp_path, {}) == [[]], "told when it comes, not while it lies there"


def test_files_at_odds_that_come_together_are_told(tmp_path: Path) -> None:
    ((note,),) = nights(tmp_path, {AGENT: OLD, "workforce/agent (1).csv": NEW})
    assert note.startswith(f"{AGENT}: 1 key stands with different content in files that came together")
    assert "A1 2026-01-01: also in workforce/agent (1).csv); workforce/agent.csv counts" in note
    assert salary(tmp_path) == 5000
    write(tmp_path / "landing" / "workforce" / "agent (1).csv", NEW + "\n")
    assert nights(tmp_path, {}) == [[]]
    assert salary(tmp_path) == 9000, "the way out that the note names"


def test_what_is_no_doubt_is_not_told(tmp_path: Path) -> None:
    """More rows, a copy, versions that a column tells apart."""
    more = OLD + "A3,2026-01-01,5000\n"
    ticket = "ticket_id,created_at,status,updated_at\nT1,2026-10-05,{},2026-10-0{}\n"
    assert nights(
        tmp_path,
        {
            AGENT: OLD,
            "ticket/ticket.csv": ticket.format("open", 5),
            "ticket/ticket_2.csv": ticket.format("solved", 6),
        },
        {AGENT: more, "ticket/ticket.csv": ticket.format("solved", 7)},
        {AGENT: OLD, "workforce/agent_copy.csv": OLD, "ticket/ticket.csv": ticket.format("open", 5)},
    ) == [[], [], []]
