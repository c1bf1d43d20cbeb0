"""Generated documents are those of the policy rows and models as they are now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.book.__main__ import DOCUMENTS, SETTINGS_DOCUMENT
from orchestration.book.dictionary import DICTIONARY, data_dictionary, star_joins
from orchestration.settings import POLICY_DIR, PROJECT_ROOT
from orchestration.warehouse.manifest import published_relations
from tests.project.conftest import CompiledProject


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


def test_the_data_dictionary_is_current(project: CompiledProject) -> None:
    written = (PROJECT_ROOT / DICTIONARY).read_text(encoding="utf-8")
    assert written == data_dictionary(project.manifest).rstrip("\n") + "\n", "run make book"


def test_another_description_makes_the_dictionary_stale(project: CompiledProject) -> None:
    nodes = dict(project.manifest["nodes"])
    name = "model.meritline.mart_agent_period"
    nodes[name] = {**nodes[name], "description": "Grain: something else."}
    assert data_dictionary({**project.manifest, "nodes": nodes}) != data_dictionary(project.manifest)


def test_every_mart_of_people_or_kpis_joins_the_star(project: CompiledProject) -> None:
    found = {
        (join.mart.name, join.dimension.name) for join in star_joins(published_relations(project.manifest))
    }
    assert {
        *(("mart_agent_period", f"dim_{name}") for name in ("agent", "period", "team", "scheme", "grade")),
        *(("mart_kpi_daily", f"dim_{name}") for name in ("day", "kpi")),
        *(("mart_agent_scorecard", f"dim_{name}") for name in ("agent", "kpi", "period")),
    } <= found
