"""The guide's recipe for a row's hash, run as printed on a published export line."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from orchestration.audit.relations import AuditFile
from orchestration.settings import PROJECT_ROOT

GUIDE = PROJECT_ROOT / "docs" / "audit_guide.md"


def test_the_recipe_of_the_guide_gives_the_published_hash(
    published_demo: Path, demo_landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [recipe] = re.findall(
        r"```python\n(import csv, hashlib\n.*?)```", GUIDE.read_text(encoding="utf-8"), re.S
    )
    with AuditFile(published_demo / "published" / "current") as audit:
        rows = audit.query("select * from audit.source_row where file like 'ticket/%' order by all limit 3")
    monkeypatch.chdir(demo_landing)
    for row in rows:
        code = recipe.replace("ticket_2026-10.csv", row["file"]).replace("41 - 1", f"{row['row_number']} - 1")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})
        assert printed.getvalue().strip() == row["row_hash"]
