"""Pages of one file each, in a real browser: statements, the calibration report and a traced bonus."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.board_browser import MODES, chromium, faults


def test_every_page_that_stands_alone_is_readable_wherever_it_is_read(
    published_demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = current_publication(StateFolder(published_demo))
    assert found is not None
    statements = sorted(
        (found.folder / "payroll" / "statements").rglob("*.html"), key=lambda path: path.stat().st_size
    )
    longest, shortest = statements[-1], statements[0]
    agent, period = longest.stem, longest.parent.name
    assert run(["--state", str(published_demo), "trace", agent, period, "--format", "html"]) == 0
    traced = tmp_path / "trace.html"
    traced.write_text(capsys.readouterr().out, encoding="utf-8")
    pages = [longest, shortest, found.folder / "calibration.html", traced]
    with chromium() as browser:
        assert [one for path in pages for mode in MODES for one in faults(browser, path, mode)] == []


def test_a_page_that_is_not_readable_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><html><head><title>x</title></head><body><img src='https://example.invalid/x.png'>"
        "<div style='width:900px'>wide</div><script>console.error('said')</script></body></html>",
        encoding="utf-8",
    )
    with chromium() as browser:
        found = "\n".join(faults(browser, page, "narrow"))
    for word in ("says said", "asks for https://example.invalid", "px too wide", "image-alt"):
        assert word in found, word
