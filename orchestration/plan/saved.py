"""Plans that were kept, `<state>/plans/<name>/`: what they said, and every planned line, for the night that
applies the policy to be held against.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.plan.build import Built
from orchestration.plan.folder import plans_folder
from orchestration.plan.published import inputs_of, settled_of
from orchestration.plan.result import Plan
from orchestration.publish.chain import manifests_before
from orchestration.publish.publication import Publication
from orchestration.sql import literal, query
from orchestration.state.folder import OWNER_DIR, OWNER_FILE, StateFolder, auditor_parquet, replace_folder
from orchestration.state.memory import connect

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RECORD, LINES = "plan.json", "lines.parquet"
DRAFT = ".draft"
HASH_LETTERS = 12


@dataclass(frozen=True)
class SavedPlan:
    """A kept plan: its folder and what its record says."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name it was saved under."""
        return self.folder.name


@dataclass(frozen=True)
class Agreement:
    """Lines of a publication held against those of a plan: how many are the same to the cent, how many are
    not, what these come to (published − planned), and what else differs between the two.
    """

    plan: str
    same: int
    other: int
    difference: Decimal
    reasons: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every line agrees."""
        return self.other == 0

    def __str__(self) -> str:
        if self.is_whole:
            return f"{self.plan}: every one of {self.same:,} lines agrees with the plan to the cent"
        why = f"; since the plan {', '.join(self.reasons)}" if self.reasons else ""
        return (
            f"{self.plan}: {self.same:,} lines agree with the plan to the cent, {self.other:,} do not, "
            f"{self.difference:+,.2f} CNY in sum{why}"
        )


def require_name(name: str) -> None:
    """Raise ConfigurationError for what is no name of a folder."""
    if name and not NAME.fullmatch(name):
        raise ConfigurationError(
            path=f"--save {name}",
            problem="is no name of a plan",
            remedy="Use up to 64 letters, digits, points, dashes, underscores, the first a letter or digit",
        )


class Keeper:
    """Keeps a plan in two steps: its lines while the scratch warehouse is there, then its record."""

    def __init__(self, state: StateFolder, name: str = "") -> None:
        require_name(name)
        self._plans, self._name = plans_folder(state), name
        self._draft = self._plans / DRAFT

    def take(self, built: Built) -> None:
        """Every planned line, whatever periods were asked for."""
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(OWNER_DIR)
        with connect() as database:
            database.execute(f"attach {literal(built.warehouse)} as warehouse (read_only)")
            database.execute(
                "copy (select bonus_line_id, amount_cny from warehouse.bonus.bonus_line order by 1) "
                f"to {literal(self._draft / LINES)} (format parquet, compression zstd)"
            )
        (self._draft / LINES).chmod(OWNER_FILE)

    def finish(self, plan: Plan, document: str) -> SavedPlan:
        """Write the record and have the plan stand under its name, in place of an earlier one."""
        name = self._name or f"{plan.publication}-{plan.policy_hash[:HASH_LETTERS]}"
        path = self._draft / RECORD
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_FILE), "w") as stream:
            stream.write(document)
        target = self._plans / name
        replace_folder(self._draft, target)
        return SavedPlan(target, json.loads(document))


def saved_plans(state: StateFolder) -> Iterator[SavedPlan]:
    """The plans that are kept, by name; what does not read is none."""
    for path in sorted(plans_folder(state).glob(f"*/{RECORD}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and NAME.fullmatch(path.parent.name) and (path.parent / LINES).is_file():
            yield SavedPlan(path.parent, record)


def applied_plans(state: StateFolder, manifest: Mapping[str, Any]) -> list[SavedPlan]:
    """Kept plans of the policy, and the site's files, that a publication was made by."""
    site = dict((manifest.get("site") or {}).get("files", {}))
    return [
        plan
        for plan in saved_plans(state)
        if plan.record.get("policy_hash") == manifest["policy_hash"]
        and plan.record.get("site_files", {}) == site
    ]


def agreements(state: StateFolder, publication: Publication) -> list[str]:
    """What a publication that applies another policy than the one before says of the plans kept for it."""
    before = next(manifests_before(state, publication.manifest), None)
    if before is not None and before["policy_hash"] == publication.manifest["policy_hash"]:
        return []
    return [str(agreement(plan, publication)) for plan in applied_plans(state, publication.manifest)]


def agreement(plan: SavedPlan, publication: Publication) -> Agreement:
    """The lines of a publication held against those of a plan."""
    with connect() as database:
        row = database.execute(
            query(__file__, "agreement"),
            {
                "planned": str(plan.folder / LINES),
                "published": str(auditor_parquet(publication.folder, "bonus.bonus_line")),
            },
        ).fetchone()
    assert row is not None
    same, other, apart = row
    return Agreement(plan.name, int(same), int(other), apart, tuple(_reasons(plan, publication)))


def _reasons(plan: SavedPlan, publication: Publication) -> Iterator[str]:
    manifest = publication.manifest
    if plan.record.get("as_of") != manifest["as_of"]:
        yield f"the business date moved from {plan.record.get('as_of')} to {manifest['as_of']}"
    if plan.record.get("inputs") != list(inputs_of(manifest)):
        yield "other exports were taken in"
    if plan.record.get("settled") != list(settled_of(publication.folder)):
        yield "periods were settled"
    if plan.record.get("code_hash") != manifest["code_hash"]:
        yield "the code is another"
