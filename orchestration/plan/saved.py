"""Plans that were kept, `<state>/plans/<name>/`: what they said, and every planned line, for the night that
applies the policy to be held against.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.diff import attach
from orchestration.errors import ConfigurationError, MeritlineError, expected_error
from orchestration.plan.build import Built
from orchestration.plan.folder import plans_folder
from orchestration.plan.published import inputs_of, settled_of
from orchestration.plan.result import Plan
from orchestration.plan.show.document import plan_json
from orchestration.publish.chain import manifests_before
from orchestration.publish.publication import Publication
from orchestration.sql import literal, query
from orchestration.state.folder import OWNER_DIR, OWNER_FILE, StateFolder, auditor_parquet, replace_folder
from orchestration.state.memory import connect

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RECORD, LINES = "plan.json", "lines.parquet"
DRAFT = "draft"
"""Within the scratch folder, so that no half a plan outlives the making of it."""
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
    not, and what else differs between the two. No amount is among it: one line is one person's pay, and
    a night's words go into a log.
    """

    plan: str
    same: int
    other: int
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
            f"{self.plan}: {self.same:,} lines agree with the plan to the cent, {self.other:,} do not{why}; "
            "meritline diff with the publication before says what moved each"
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
    """Keeps a plan under a name; without one under its publication and policy hash."""

    def __init__(self, state: StateFolder, name: str = "") -> None:
        require_name(name)
        self._plans, self._name = plans_folder(state), name

    def name_of(self, plan: Plan) -> str:
        """The name that a plan is kept under."""
        return self._name or f"{plan.publication}-{plan.policy_hash[:HASH_LETTERS]}"

    def keep(self, plan: Plan, built: Built, work: StateFolder) -> None:
        """Keep the record and every planned line, whatever periods were asked for, in place of an earlier
        plan of the name. While the scratch folder `work` is there and nobody else plans: the plan stands as a
        whole or not at all.
        """
        draft = work.root / DRAFT
        draft.mkdir(OWNER_DIR)
        with connect() as database:
            attach(database, built.side, "planned")
            database.execute(
                "copy (select bonus_line_id, amount_cny from planned.bonus.bonus_line order by 1) "
                f"to {literal(draft / LINES)} (format parquet, compression zstd)"
            )
        (draft / LINES).chmod(OWNER_FILE)
        path = draft / RECORD
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_FILE), "w") as stream:
            stream.write(plan_json(plan))
        replace_folder(draft, self._plans / self.name_of(plan))


def saved_plans(state: StateFolder) -> Iterator[SavedPlan]:
    """The plans that are kept, by name; what does not read is none."""
    for path in sorted(plans_folder(state).glob(f"*/{RECORD}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and NAME.fullmatch(path.parent.name):
            yield SavedPlan(path.parent, record)


def applied_plans(state: StateFolder, manifest: Mapping[str, Any]) -> list[SavedPlan]:
    """Kept plans of the policy, and the site's files, that a publication was made by."""
    return [
        plan
        for plan in saved_plans(state)
        if (plan.record.get("policy_hash"), plan.record.get("site_files", {})) == _made_by(manifest)
    ]


def _made_by(manifest: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Policy and site's files that a publication was made by."""
    return manifest["policy_hash"], dict((manifest.get("site") or {}).get("files", {}))


def agreements(state: StateFolder, publication: Publication) -> list[str]:
    """What a publication that applies another policy, or other files of the site, than the one before says of
    the plans kept for it. A kept plan that does not read is told, and is no fault of the night.
    """
    before = next(manifests_before(state, publication.manifest), None)
    if before is not None and _made_by(before) == _made_by(publication.manifest):
        return []
    return [_said(plan, publication) for plan in applied_plans(state, publication.manifest)]


def _said(plan: SavedPlan, publication: Publication) -> str:
    try:
        return str(agreement(plan, publication))
    except MeritlineError as error:
        return f"{plan.name}: {error.problem}; {error.remedy}"


def agreement(plan: SavedPlan, publication: Publication) -> Agreement:
    """The lines of a publication held against those of a plan. Raises MeritlineError for a plan that does not
    read.
    """
    with connect() as database:
        try:
            database.execute(query(__file__, "kept"), {"lines": str(plan.folder / LINES)})
        except duckdb.Error as error:
            if (known := expected_error(error)) is not None:
                raise known from error
            # The kind alone: the rest of DuckDB's words may quote what it read.
            raise MeritlineError(
                path=plan.name,
                problem=f"its lines do not read ({str(error).split(':')[0]})",
                remedy=f"remove {plan.folder}",
            ) from error
        row = database.execute(
            query(__file__, "agreement"),
            {"published": str(auditor_parquet(publication.folder, "bonus.bonus_line"))},
        ).fetchone()
    assert row is not None
    same, other = row
    return Agreement(plan.name, int(same), int(other), tuple(_reasons(plan, publication)))


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
