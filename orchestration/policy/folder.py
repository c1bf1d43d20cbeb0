"""The policy in force for a run: a folder of CSV files, copied into the state so that a run is replayable
from its state alone.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash, listing_hash
from orchestration.ingest.contract import load_contract
from orchestration.policy.cases import plans_without_cases
from orchestration.policy.check import check_policy, policy_tables, reference_folders, row_folders
from orchestration.policy.clauses import clauses
from orchestration.policy.installed import install_site
from orchestration.policy.kpi_models import calculated_kpis, own_kpis
from orchestration.policy.own_kpis import add_rows, check_own_kpis
from orchestration.policy.site import CASES, CATALOGUE, SHIPPED, Site
from orchestration.policy.words import KnownWords
from orchestration.settings import CONTRACT_DIR, POLICY_DIR, REFERENCE_DIR
from orchestration.state.folder import OWNER_DIR, OWNER_FILE, StateFolder, replace_folder


def known_words(site: Site = SHIPPED) -> KnownWords:
    """Words that stand outside the policy: rules, documents, exports and their closed lists, KPIs."""
    rules = clauses(site.clauses)
    exports, lists = _words_of_exports()
    return KnownWords(
        clauses=frozenset(rules),
        documents=frozenset(clause.document.letter for clause in rules.values() if clause.document),
        exports=exports,
        contract=lists,
        kpis=calculated_kpis() | frozenset(own_kpis(site.kpi)),
    )


@cache
def _words_of_exports() -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    tables = load_contract(CONTRACT_DIR).export_tables
    lists = {
        f"{table.full_name}.{column.name}": frozenset(column.values)
        for table in tables
        for column in table.columns
    }
    return frozenset(table.full_name for table in tables), lists


def check_policy_folder(folder: Path, *, site: Site = SHIPPED) -> None:
    """Check that `folder` has the form of the shipped policy: the same CSV files, each with at least its
    columns, and in `reference/` any of the shipped calendar and business hours. The site's own may lack
    files, which then are as shipped. With it the site's rules and KPIs are checked.

    Raises ConfigurationError naming the folder, the file and what it lacks, or every row that is not sound.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            path=folder,
            problem="there is no such policy folder",
            remedy="Name a folder with --policy, or leave it out",
        )
    _check_form(folder, POLICY_DIR)
    if folder != site.policy:
        _check_whole(folder)
    for reference in reference_folders(folder, site):
        _check_form(reference, REFERENCE_DIR)
    check_own_kpis(site)
    check_policy(folder, known=known_words(site), site=site)


def _check_whole(folder: Path) -> None:
    for path in sorted(POLICY_DIR.glob("*.csv")):
        if not (folder / path.name).is_file():
            raise ConfigurationError(
                path=folder / path.name,
                problem="the policy folder lacks this file",
                remedy=f"Copy it from the shipped policy ({path}) and edit the copy",
            )


def policy_notes(folder: Path, *, site: Site = SHIPPED) -> list[str]:
    """What is worth a word about a sound policy folder: plans that are not shipped and have no worked case in
    `folder/cases/<plan>/`.
    """
    tables, _ = policy_tables(folder, site=site)
    ours = policy_tables(POLICY_DIR)[0]["scheme"].words("scheme_id").get((), frozenset())
    return [str(fault) for fault in plans_without_cases(tables["scheme"], folder / CASES, worked=ours)]


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


def install_policy(state: StateFolder, folder: Path, *, site: Site = SHIPPED) -> str:
    """Copy what is in force into the state's seeds: the policy of `folder`, calendar and business hours, and
    of the site its rules and KPIs; returns the hash of the policy.
    """
    site.require_known()
    check_policy_folder(folder, site=site)
    draft = state.root / ".seeds.new"
    shutil.rmtree(draft, ignore_errors=True)
    lay_out_policy(folder, site, draft)
    install_site(site, draft)
    for path in (path for path in draft.rglob("*") if path.is_file()):
        path.chmod(OWNER_FILE)
    replace_folder(draft, state.seeds)
    state.seeds.chmod(OWNER_DIR)
    return policy_hash(state)


def lay_out_policy(folder: Path, site: Site, target: Path) -> None:
    """Write the policy in force whole, `policy/` and `reference/`, below `target`."""
    for shipped, places in (
        (POLICY_DIR, row_folders(folder, site)),
        (REFERENCE_DIR, reference_folders(folder, site)),
    ):
        part = target / shipped.name
        part.mkdir(parents=True)
        for path in sorted(shipped.glob("*.csv")):
            own = next((place / path.name for place in places if (place / path.name).is_file()), path)
            shutil.copy2(own, part / path.name)
            # The product may be installed for reading only.
            (part / path.name).chmod(OWNER_FILE)
    if site.catalogue:
        add_rows(target / POLICY_DIR.name / CATALOGUE, site.catalogue)


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
