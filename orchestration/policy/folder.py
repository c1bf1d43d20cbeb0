"""The policy in force for a run: a folder of CSV files, copied into the state so that a run is replayable
from its state alone.
"""

from __future__ import annotations

import csv
import shutil
from functools import cache
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash, listing_hash
from orchestration.ingest.contract import load_contract
from orchestration.policy.cases import plans_without_cases
from orchestration.policy.check import check_policy, policy_tables
from orchestration.policy.clauses import clauses
from orchestration.policy.kpi_models import calculated_kpis
from orchestration.policy.words import KnownWords
from orchestration.settings import CONTRACT_DIR, POLICY_DIR, REFERENCE_DIR, SEEDS_DIR
from orchestration.state.folder import OWNER_DIR, OWNER_FILE, StateFolder, replace_folder


@cache
def known_words() -> KnownWords:
    """Words that stand outside the policy: rules, documents, exports and their closed lists, KPIs."""
    contract = load_contract(CONTRACT_DIR)
    rules = clauses()
    return KnownWords(
        clauses=frozenset(rules),
        documents=frozenset(clause.document.letter for clause in rules.values() if clause.document),
        exports=frozenset(table.full_name for table in contract.export_tables),
        contract={
            f"{table.full_name}.{column.name}": frozenset(column.values)
            for table in contract.export_tables
            for column in table.columns
        },
        kpis=calculated_kpis(),
    )


def check_policy_folder(folder: Path, *, shipped: Path = POLICY_DIR) -> None:
    """Check that `folder` has the form of the shipped policy: the same CSV files, each with at least its
    columns, and in `reference/` any of the shipped calendar and business hours.

    Raises ConfigurationError naming the folder, the file and what it lacks, or every row that is not sound.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            path=folder,
            problem="there is no such policy folder",
            remedy="Name a folder with --policy, or leave it out",
        )
    _check_form(folder, shipped)
    for path in sorted(shipped.glob("*.csv")):
        if not (folder / path.name).is_file():
            raise ConfigurationError(
                path=folder / path.name,
                problem="the policy folder lacks this file",
                remedy=f"Copy it from the shipped policy ({path}) and edit the copy",
            )
    _check_form(folder / REFERENCE_DIR.name, REFERENCE_DIR)
    check_policy(folder, known=known_words())


def policy_notes(folder: Path, *, shipped: Path = POLICY_DIR) -> list[str]:
    """What is worth a word about a sound policy folder: plans that are not shipped and have no worked case in
    `folder/cases/<plan>/`.
    """
    tables, _ = policy_tables(folder)
    ours = policy_tables(shipped)[0]["scheme"].words("scheme_id").get((), frozenset())
    return [str(fault) for fault in plans_without_cases(tables["scheme"], folder / "cases", worked=ours)]


def _check_form(folder: Path, shipped: Path) -> None:
    """Each CSV file of `folder` is one of `shipped` and has at least its columns."""
    for path in sorted(folder.glob("*.csv")):
        model = shipped / path.name
        if not model.is_file():
            raise ConfigurationError(
                path=path,
                problem="the policy has no such file",
                remedy=f"Remove it, or name it like one of the shipped policy ({shipped})",
            )
        missing = [column for column in _header(model) if column not in _header(path)]
        if missing:
            raise ConfigurationError(
                path=path,
                row=1,
                problem=f"the header lacks {', '.join(missing)}",
                remedy=f"Give the file the columns of the shipped policy ({model})",
            )


def install_policy(state: StateFolder, folder: Path, *, shipped: Path = SEEDS_DIR) -> str:
    """Copy the policy of `folder`, and calendar and business hours of `folder/reference` or as shipped, into
    the state's seeds; returns their hash.
    """
    check_policy_folder(folder)
    draft = state.root / ".seeds.new"
    shutil.rmtree(draft, ignore_errors=True)
    for part, site in (("policy", folder), (REFERENCE_DIR.name, folder / REFERENCE_DIR.name)):
        (draft / part).mkdir(parents=True)
        for path in sorted((shipped / part).glob("*.csv")):
            own = site / path.name
            shutil.copy2(own if own.is_file() else path, draft / part / path.name)
            (draft / part / path.name).chmod(OWNER_FILE)
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
