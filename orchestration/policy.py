"""The policy in force for a run: a folder of CSV files, copied into the state so that a run is replayable
from its state alone.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from orchestration.audit.clauses import clauses
from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash, listing_hash
from orchestration.policy_check import check_policy
from orchestration.settings import POLICY_DIR, SEEDS_DIR
from orchestration.state import OWNER_DIR, StateFolder, replace_folder

SEED_SUFFIXES = frozenset({".csv", ".yml", ".yaml"})


def check_policy_folder(folder: Path, *, shipped: Path = POLICY_DIR) -> None:
    """Check that `folder` has the form of the shipped policy: the same CSV files, each with at least its
    columns.

    Raises ConfigurationError naming the folder, the file and what it lacks, or every row that is not sound.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            path=folder,
            problem="there is no such policy folder",
            remedy="Name a folder with --policy, or leave it out",
        )
    known = {path.name for path in shipped.glob("*.csv")}
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            raise ConfigurationError(
                path=path,
                problem="the policy has no such file",
                remedy=f"Remove it, or name it like one of the shipped policy ({shipped})",
            )
    for path in sorted(shipped.glob("*.csv")):
        other = folder / path.name
        if not other.is_file():
            raise ConfigurationError(
                path=other,
                problem="the policy folder lacks this file",
                remedy=f"Copy it from the shipped policy ({path}) and edit the copy",
            )
        missing = [column for column in _header(path) if column not in _header(other)]
        if missing:
            raise ConfigurationError(
                path=other,
                row=1,
                problem=f"the header lacks {', '.join(missing)}",
                remedy=f"Give the file the columns of the shipped policy ({path})",
            )
    check_policy(folder, clauses=clauses())


def install_policy(state: StateFolder, folder: Path, *, shipped: Path = SEEDS_DIR) -> str:
    """Copy the policy of `folder` and the shipped reference tables into the state's seeds; returns their
    hash.

    Only CSV files come from `folder`; the YAML beside them is the project's. Modification times are kept, so
    that dbt parses again only what changed.
    """
    check_policy_folder(folder)
    draft = state.root / ".seeds.new"
    shutil.rmtree(draft, ignore_errors=True)
    for part in ("policy", "reference"):
        (draft / part).mkdir(parents=True)
        for path in sorted((shipped / part).glob("*")):
            if path.suffix in SEED_SUFFIXES and path.is_file():
                from_site = part == "policy" and path.suffix == ".csv"
                shutil.copy2(folder / path.name if from_site else path, draft / part / path.name)
    replace_folder(draft, state.seeds)
    state.seeds.chmod(OWNER_DIR)
    return policy_hash(state)


def policy_hash(state: StateFolder) -> str:
    """SHA-256 over the policy files in force for the state's run."""
    return listing_hash(policy_files(state))


def policy_files(state: StateFolder) -> dict[str, str]:
    """SHA-256 of each policy file in force for the state's run, by its path below the seeds."""
    return {
        path.relative_to(state.seeds).as_posix(): file_hash(path)
        for path in sorted(state.seeds.rglob("*.csv"))
    }


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            path=path, problem="is not UTF-8", remedy="Save the file as CSV UTF-8"
        ) from error
