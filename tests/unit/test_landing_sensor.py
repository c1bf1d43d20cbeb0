"""The sensor waits until new files have come to rest, and starts one run for them."""

from __future__ import annotations

from pathlib import Path

from orchestration.nightly.landing import decide, listing


def test_a_listing_changes_with_names_sizes_and_times(tmp_path: Path) -> None:
    empty = listing(tmp_path)
    (tmp_path / "ticket").mkdir()
    assert listing(tmp_path) == empty
    path = tmp_path / "ticket" / "ticket.csv"
    path.write_text("a")
    one = listing(tmp_path)
    path.write_text("ab")
    assert len({empty, one, listing(tmp_path)}) == 3


def test_a_missing_landing_folder_reads_as_empty(tmp_path: Path) -> None:
    assert listing(tmp_path / "none") == listing(tmp_path)


def test_new_files_start_one_run_once_two_looks_agree() -> None:
    cursor, starts = "", []
    for seen in ("a", "b", "b", "b", "c", "c"):
        decision = decide(seen, cursor)
        cursor = decision.cursor
        starts.append(decision.is_settled)
    assert starts == [False, False, True, False, False, True]
