"""What `sensitivity` names, done to a copy of the exports: rulings written and withdrawn, numbers changed."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.audit.relations import AuditFile
from orchestration.audit.sensitivity.change import (
    BETTER,
    COUNT_AGAIN,
    SECONDS,
    SET_ASIDE,
    Change,
    Finding,
    Placed,
)

RULING = (
    *("ruling_id", "entity", "entity_id", "kpi_id", "reason", "requested_by", "requested_at"),
    *("reviewer_id", "decision", "decided_at", "note"),
)


@dataclass(frozen=True)
class Certificate:
    """One change, of whose grade, in which period."""

    agent_id: str
    period_id: str
    scheme_id: str
    grade: str
    change: Change

    def holds(
        self, after: str | None, bands: Mapping[tuple[str, str, str | None], int], *, is_whole: bool
    ) -> bool:
        """Whether the grade that a night gave is the one named. The next smaller change leaves the grade as
        it is; fewer rows may also move it the other way, and just do not do what the whole change does.
        """
        if is_whole:
            return after == self.change.grade
        if self.change.row_count < 2 or after is None:
            return after == self.grade
        better = bands[self._band(self.grade)] - bands[self._band(after)]
        return better <= 0 if self.change.direction == BETTER else better >= 0

    def _band(self, grade: str) -> tuple[str, str, str]:
        return self.period_id, self.scheme_id, grade


def certificates(findings: Iterable[Finding]) -> list[Certificate]:
    """Every change that was found."""
    return [
        Certificate(one.agent_id, one.period_id, one.scheme_id, one.grade or "", change)
        for one in findings
        for change in one.changes
    ]


def apart(folder: Path, found: Iterable[Certificate], most: int) -> list[Certificate]:
    """Of the certificates some that can be tried in one night, in turn of each kind: where one moves an
    agent, no other reads that agent in any of the months.
    """
    with AuditFile(folder) as audit:
        months: dict[str, set[str]] = {}
        for row in audit.select("facts.dim_period_month"):
            months.setdefault(row["period_id"], set()).add(row["month_id"])
        groups: dict[tuple[str, str], set[str]] = {}
        grades = audit.select("grade.grade")
        members: dict[str, set[str]] = {}
        for row in grades:
            members.setdefault(row["cohort_id"], set()).add(row["agent_id"])
        for row in grades:
            own = members[row["cohort_id"]] if row["method"] == "forced" else {row["agent_id"]}
            groups[row["agent_id"], row["period_id"]] = own
        sharing: dict[tuple[str, str], set[str]] = {}
        for row in audit.query(
            "select kpi_id, evidence_key, list(distinct agent_id) as agents from kpi.kpi_evidence "
            "where agent_id is not null group by all having count(distinct agent_id) > 1"
        ):
            sharing[row["kpi_id"], row["evidence_key"]] = set(row["agents"])
        # A rating set aside lets an older one of the same thing count again, in a month of its own.
        older: dict[str, set[tuple[str, str]]] = {}
        for row in audit.query(
            "select distinct newer.survey_id, evidence.agent_id, evidence.month_id "
            "from kpi.kpi_evidence as evidence "
            "inner join facts.fct_survey as superseded on evidence.evidence_key = superseded.survey_id "
            "inner join facts.fct_survey as newer using (parent_entity, parent_entity_id) "
            "where evidence.evidence_model = 'fct_survey' and exclusion_reason = 'superseded_rating' "
            "and evidence.agent_id is not null"
        ):
            older.setdefault(row["survey_id"], set()).add((row["agent_id"], row["month_id"]))
    kept: list[Certificate] = []
    moved: set[tuple[str, str]] = set()
    read: set[tuple[str, str]] = set()
    for one in _in_turn(found):
        keys = [(one.change.name, row.key) for row in one.change.rows]
        agents = {one.agent_id}.union(*(sharing.get(key, set()) for key in keys))
        moves = {(agent, month) for agent in agents for month in months[one.period_id]}
        moves.update(*(older.get(row.key, set()) for row in one.change.rows))
        reads = {
            (agent, month) for agent in groups[one.agent_id, one.period_id] for month in months[one.period_id]
        }
        if len(kept) < most and not (moves & read) and not (reads & moved):
            kept.append(one)
            moved |= moves
            read |= reads | moves
    return kept


def _in_turn(found: Iterable[Certificate]) -> list[Certificate]:
    """Kinds and directions in turn, so that none is left out."""
    piles: dict[tuple[str, str, bool], list[Certificate]] = {}
    for one in found:
        place = one.change.kind, one.change.direction, one.change.row_count > 1
        piles.setdefault(place, []).append(one)
    longest = max(map(len, piles.values()), default=0)
    return [pile[place] for place in range(longest) for _, pile in sorted(piles.items()) if place < len(pile)]


def apply_changes(landing: Path, out: Path, tried: Iterable[tuple[Certificate, bool]], as_of: str) -> Path:
    """A copy of the landing folder with each change made: whole, or the smaller one that changes nothing."""
    shutil.copytree(landing, out)
    rulings: list[Sequence[str]] = []
    withdrawn: set[str] = set()
    numbers: dict[str, dict[int, tuple[Placed, Change, Decimal]]] = {}
    for one, is_whole in tried:
        change = one.change
        if change.kind == SET_ASIDE:
            for row in change.rows if is_whole else change.rows[: len(change.rows) - 1]:
                ruling = {
                    "ruling_id": f"TRIED{len(rulings):05}",
                    "entity": row.entity,
                    "entity_id": row.key,
                    "kpi_id": change.name,
                    "reason": "appeal",
                    "requested_by": one.agent_id,
                    "requested_at": f"{as_of}T01:00:00Z",
                    "reviewer_id": "M01",
                    "decision": "approved",
                    "decided_at": f"{as_of}T02:00:00Z",
                }
                rulings.append([ruling.get(name, "") for name in RULING])
        elif change.kind == COUNT_AGAIN:
            withdrawn |= {row.ruling_id or "" for row in change.rows} if is_whole else set()
        else:
            [row] = change.rows
            assert row.file is not None and row.row_number is not None
            value = change.after if is_whole else change.smaller
            assert value is not None
            numbers.setdefault(row.file, {})[row.row_number] = (row, change, value)
    _write_rulings(out, rulings, withdrawn)
    for file, rows in numbers.items():
        _write_numbers(out / file, rows)
    return out


def _write_rulings(landing: Path, rulings: Sequence[Sequence[str]], withdrawn: set[str]) -> None:
    folder = landing / "governance"
    folder.mkdir(exist_ok=True)
    for path in sorted(folder.glob("ruling*.csv")):
        head, rows = _read(path)
        kept = [row for row in rows if row[head.index("ruling_id")] not in withdrawn]
        if len(kept) < len(rows):
            _write(path, head, kept)
    if rulings:
        _write(folder / "ruling_tried.csv", RULING, rulings)


def _write_numbers(path: Path, changes: Mapping[int, tuple[Placed, Change, Decimal]]) -> None:
    head, rows = _read(path)
    for row_number, (placed, change, value) in changes.items():
        row = rows[row_number - 2]
        assert placed.key in row, f"{path.name} row {row_number} is another"
        place = head.index(change.column)
        assert change.before is not None
        if change.kind == SECONDS:
            at = dt.datetime.fromisoformat(row[place])
            row[place] = (at + dt.timedelta(seconds=int(value - change.before))).isoformat()
        else:
            assert Decimal(row[place]) == change.before, f"{path.name} row {row_number} has another number"
            row[place] = str(value)
    _write(path, head, rows)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as stream:
        head, *rows = csv.reader(stream)
    return head, rows


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([head, *rows])


def bands(folder: Path) -> dict[tuple[str, str, str | None], int]:
    """The place of each grade of a plan in a period, the best first."""
    with AuditFile(folder) as audit:
        return {
            (row["period_id"], row["scheme_id"], row["grade"]): row["band_no"]
            for row in audit.select("policy.policy_grade_band")
        }


def grades(folder: Path) -> dict[tuple[str, str], str | None]:
    """The grades of a publication by agent and period."""
    with AuditFile(folder) as audit:
        return {(row["agent_id"], row["period_id"]): row["grade"] for row in audit.select("grade.grade")}
