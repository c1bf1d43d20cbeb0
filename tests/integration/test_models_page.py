"""`meritline docs`: every model with its columns on one page, from the state's own warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.hashing import file_hash
from orchestration.state.folder import StateFolder


def test_the_page_has_every_model_with_its_columns_and_types(demo_copy: StateFolder, tmp_path: Path) -> None:
    before = file_hash(demo_copy.warehouse)
    compiled = sorted((demo_copy.dbt / "compiled").rglob("*.sql"))
    page = tmp_path / "models.html"

    assert run(["--state", str(demo_copy.root), "docs", "--out", str(page)]) == 0

    text = page.read_text(encoding="utf-8")
    assert "mart_agent_period" in text
    assert '"DECIMAL(18,4)"' in text, "types are those of the warehouse"
    assert '"send_anonymous_usage_stats": true' not in text
    assert file_hash(demo_copy.warehouse) == before
    assert sorted((demo_copy.dbt / "compiled").rglob("*.sql")) == compiled
    assert not (demo_copy.dbt / "catalog.json").exists()


def test_before_the_first_night_there_is_nothing_to_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(["--state", str(tmp_path / "state"), "docs", "--out", str(tmp_path / "models.html")])
    assert status == 2
    assert "there is no warehouse yet" in capsys.readouterr().err
    assert not (tmp_path / "models.html").exists()
