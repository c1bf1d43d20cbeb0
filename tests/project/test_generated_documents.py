"""The policy book and the glossary are those of the policy rows as they are now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.book.__main__ import DOCUMENTS, SETTINGS_DOCUMENT
from orchestration.settings import POLICY_DIR, PROJECT_ROOT


@pytest.mark.parametrize("name", [*sorted(DOCUMENTS), SETTINGS_DOCUMENT[0]])
def test_the_document_is_current(name: str) -> None:
    written = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    write = dict([*DOCUMENTS.items(), SETTINGS_DOCUMENT])[name]
    assert written == write(POLICY_DIR).rstrip("\n") + "\n", "run make book"


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_changed_number_makes_the_document_stale(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    shutil.copytree(POLICY_DIR, folder)
    for file, old, new in (
        ("component_rate.csv", "cg_floating,S,0,,1.5,", "cg_floating,S,0,,1.6,"),
        ("kpi.csv", "客户满意度", "顾客满意度"),
    ):
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
    assert DOCUMENTS[name](folder) != DOCUMENTS[name](POLICY_DIR)
