"""A critical expectation that fails in each of the suites: refused, told by name, and published once it is
met.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.settings import BOUNDS_DIR
from tests.faults.conftest import Faults, needs_all
from tests.faults.harness import (
    Centre,
    command,
    finish,
    names,
    one_paragraph,
    require_recovery,
    require_whole,
    start,
)

KIND = "failing expectation"
SUITES = sorted(path.stem for path in BOUNDS_DIR.glob("*.yml"))
UNMET = 10**12
OTHER_BOUNDS = """
import sys
from pathlib import Path
from orchestration import settings
settings.BOUNDS_DIR = Path(sys.argv[1])
from orchestration.cli import run
sys.exit(run(sys.argv[2:]))
"""


def impossible(suite: str, folder: Path) -> str:
    """Copy the bounds to `folder` with one critical range that nothing meets; returns the check's name."""
    path = Path(shutil.copytree(BOUNDS_DIR, folder)) / f"{suite}.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    check_id, bound = next(
        (check_id, bound)
        for check_id, bound in document["bounds"].items()
        if bound["severity"] == "critical" and {"min_value", "max_value"} & set(bound.get("limits", {}))
    )
    kept = {name: value for name, value in bound["limits"].items() if not name.endswith("_value")}
    bound["limits"] = {**kept, "min_value": UNMET}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return f"{suite}.{check_id}"


@needs_all
@pytest.mark.parametrize("suite", SUITES)
def test_a_failing_expectation_refuses_and_the_next_night_publishes(
    centre: Centre, faults: Faults, tmp_path: Path, suite: str
) -> None:
    check = impossible(suite, tmp_path / "bounds")
    state = centre.copy(tmp_path / "state")
    before = names(state)
    last = require_whole(state).run_id
    arguments = [str(tmp_path / "bounds"), *command(state, centre)[3:]]
    night = finish(start([sys.executable, "-c", OTHER_BOUNDS, *arguments]))
    assert night.status == 3, night.output
    assert check in one_paragraph(night.output)
    assert require_whole(state).run_id == last
    require_recovery(state, centre, before)
    faults.survived(check)
