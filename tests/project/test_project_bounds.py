"""Bounds look at what is published: a relation or a column that there is not stops a night at its start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from orchestration.errors import ConfigurationError
from orchestration.nightly import assets
from orchestration.settings import BOUNDS_DIR
from tests.project.conftest import CompiledProject


def test_every_bound_looks_at_published_columns(project: CompiledProject) -> None:
    assert assets.build_assets(project.manifest)


@pytest.mark.parametrize(
    ("suite", "bound", "field", "value", "told"),
    [
        (
            "facts",
            "handle_times_plausible",
            "column",
            "handle_second",
            "fct_ticket has no column handle_second",
        ),
        (
            "facts",
            "tickets_due_after_creation",
            "columns",
            ["due", "created_at"],
            "fct_ticket has no column due",
        ),
        ("facts", "survey_scales_known", "column", "scale", "fct_survey has no column scale"),
        ("bonus", "lines_cite_a_clause", "column", "clause", "bonus_line has no column clause"),
        ("raw", "loads_exist", "relation", "audit.load_files", "no relation audit.load_files is published"),
        ("raw", "unseen_values", "relation", "staging.tickets", "no relation staging.tickets is published"),
    ],
)
def test_a_bound_on_something_else_is_told_before_anything_runs(
    project: CompiledProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suite: str,
    bound: str,
    field: str,
    value: object,
    told: str,
) -> None:
    folder = Path(shutil.copytree(BOUNDS_DIR, tmp_path / "bounds"))
    path = folder / f"{suite}.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["bounds"][bound][field] = value
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    monkeypatch.setattr(assets, "BOUNDS_DIR", folder)
    with pytest.raises(ConfigurationError) as refused:
        assets.build_assets(project.manifest)
    assert refused.value.path == path
    assert f"bound {bound}" in refused.value.problem
    assert told in refused.value.problem
