"""Reads a landing folder of canonical CSV exports: `<source>/<table>*.csv`, UTF-8, loaded in order of paths.

Of several rows of one business key the newest wins: by `updated_at` where the table has one (none is oldest),
else, and among equals, the one loaded last.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from .instants import Zone
from .numbers import millionths

_TRUE = {"true", "1", "y", "是"}
_FALSE = {"false", "0", "n", "否"}


def flag(text: str) -> bool | None:
    """A boolean of the contract; empty is None."""
    if not text:
        return None
    low = text.lower()
    if low in _TRUE:
        return True
    if low in _FALSE:
        return False
    raise ValueError(f"not a boolean: {text}")


class Ticket(NamedTuple):
    ticket_id: str
    created_at: int
    customer_id: str
    category: str
    ticket_type: str
    channel: str
    created_by: str
    first_responder_id: str
    assignee_id: str
    solver_id: str
    about_agent_id: str
    first_reply_at: int | None
    solved_at: int | None
    closed_at: int | None
    due_at: int | None
    status: str
    reopen_count: int
    escalated_at: int | None
    is_spam: bool | None
    merged_into: str
    is_disputed: bool | None
    is_recovered: bool | None
    is_wrong_record: bool | None
    is_on_time: bool | None


class Contact(NamedTuple):
    contact_id: str
    channel: str
    started_at: int
    agent_id: str
    customer_id: str
    category: str
    is_answered: bool | None
    first_response_at: int | None
    is_invalid: bool | None
    is_bot: bool | None


class Survey(NamedTuple):
    survey_id: str
    kind: str
    responded_at: int
    score: int
    scale_max: int
    contact_id: str
    ticket_id: str
    agent_id: str


class Review(NamedTuple):
    review_id: str
    agent_id: str
    reviewed_at: int
    score: int | None
    is_passed: bool | None
    deduction: int | None
    dimension: str


class Violation(NamedTuple):
    violation_id: str
    agent_id: str
    occurred_at: int


class Lead(NamedTuple):
    lead_id: str
    created_at: int
    agent_id: str
    stage: str
    closed_at: int | None
    required_fields: int | None
    completed_fields: int | None


class Order(NamedTuple):
    order_id: str
    ordered_at: int
    agent_id: str
    customer_id: str
    amount: int
    refunded_amount: int | None
    kind: str
    status: str


class Job(NamedTuple):
    """A row of the job history. Days are ordinals; base_salary in millionths."""

    agent_id: str
    effective_from: int
    team_id: str
    department: str
    role: str
    customer_group: str
    level: str
    employment: str
    education: str
    hired_on: int | None
    left_on: int | None
    base_salary: int | None
    scheme_id: str


class Team(NamedTuple):
    team_id: str
    department: str


class Attendance(NamedTuple):
    agent_id: str
    work_date: int
    status: str
    shift: str


class Rating(NamedTuple):
    rating_id: str
    agent_id: str
    period_id: str
    dimension: str
    score: int


class Collaboration(NamedTuple):
    collaboration_id: str
    agent_id: str
    occurred_at: int
    rating: int


class Recognition(NamedTuple):
    recognition_id: str
    agent_id: str
    kind: str
    occurred_on: int
    points: int | None
    status: str


class Exam(NamedTuple):
    agent_id: str
    exam: str
    taken_on: int
    score: int


class Target(NamedTuple):
    agent_id: str
    period_id: str
    metric: str
    value: int


class Ruling(NamedTuple):
    ruling_id: str
    entity: str
    entity_id: str
    kpi_id: str
    requested_at: int | None
    decision: str
    decided_at: int | None


class SignOff(NamedTuple):
    period_id: str
    reviewer_id: str


_INSTANTS = {
    "created_at",
    "first_reply_at",
    "solved_at",
    "due_at",
    "escalated_at",
    "started_at",
    "first_response_at",
    "responded_at",
    "reviewed_at",
    "occurred_at",
    "closed_at",
    "ordered_at",
    "requested_at",
    "decided_at",
}
_DAYS = {"effective_from", "hired_on", "left_on", "work_date", "occurred_on", "taken_on"}
_FLAGS = {
    "is_spam",
    "is_disputed",
    "is_recovered",
    "is_wrong_record",
    "is_on_time",
    "is_answered",
    "is_invalid",
    "is_bot",
    "is_passed",
}
_DECIMALS = {
    "score",
    "scale_max",
    "deduction",
    "amount",
    "refunded_amount",
    "base_salary",
    "rating",
    "points",
    "value",
}
_COUNTS = {"required_fields", "completed_fields"}


def _day(text: str) -> int | None:
    return date.fromisoformat(text[:10]).toordinal() if text else None


def _count(text: str) -> int | None:
    return int(text) if text else None


def _zero_count(text: str) -> int:
    return int(text) if text else 0


def _text(text: str) -> str:
    return text


_VERSIONED = (Ticket, Contact, Order)


class Landing:
    """The tables of one landing folder, deduplicated. Unused columns are not read."""

    def __init__(self, folder: Path, zone: Zone) -> None:
        self._folder = folder
        self._zone = zone
        self._tables: dict[str, list[Any]] = {}
        self.carries_solved_at = False
        """Whether any version of any ticket has a `solved_at`; known once the tickets are read."""

    def delivers(self, table: str) -> bool:
        """Whether an export of the table (`ticket/contact`) was ever taken in; a header alone is one."""
        return bool(self._files(table))

    def tickets(self) -> list[Ticket]:
        return self._table("ticket/ticket", Ticket, ("ticket_id",))

    def contacts(self) -> list[Contact]:
        return self._table("ticket/contact", Contact, ("contact_id",))

    def surveys(self) -> list[Survey]:
        return self._table("ticket/survey", Survey, ("survey_id",))

    def reviews(self) -> list[Review]:
        return self._table("ticket/quality_review", Review, ("review_id",))

    def violations(self) -> list[Violation]:
        return self._table("ticket/violation", Violation, ("violation_id",))

    def leads(self) -> list[Lead]:
        return self._table("crm/lead", Lead, ("lead_id",))

    def orders(self) -> list[Order]:
        return self._table("crm/order", Order, ("order_id",))

    def jobs(self) -> list[Job]:
        return self._table("workforce/agent", Job, ("agent_id", "effective_from"))

    def teams(self) -> list[Team]:
        return self._table("workforce/team", Team, ("team_id",))

    def attendance(self) -> list[Attendance]:
        return self._table("workforce/attendance", Attendance, ("agent_id", "work_date"))

    def ratings(self) -> list[Rating]:
        return self._table("workforce/rating", Rating, ("rating_id",))

    def collaborations(self) -> list[Collaboration]:
        return self._table("workforce/collaboration", Collaboration, ("collaboration_id",))

    def recognitions(self) -> list[Recognition]:
        return self._table("workforce/recognition", Recognition, ("recognition_id",))

    def exams(self) -> list[Exam]:
        return self._table("workforce/exam", Exam, ("agent_id", "exam", "taken_on"))

    def targets(self) -> list[Target]:
        return self._table("workforce/target", Target, ("agent_id", "period_id", "metric"))

    def rulings(self) -> list[Ruling]:
        return self._table("governance/ruling", Ruling, ("ruling_id",))

    def sign_offs(self) -> list[SignOff]:
        return self._table("governance/sign_off", SignOff, ("period_id", "reviewer_id"))

    def _table(self, name: str, shape: Any, key: tuple[str, ...]) -> list[Any]:
        if name not in self._tables:
            self._tables[name] = self._newest(name, shape, key)
        return self._tables[name]

    def _newest(self, name: str, shape: Any, key: tuple[str, ...]) -> list[Any]:
        key_places = [shape._fields.index(column) for column in key]
        newest: dict[tuple[Any, ...], tuple[int, Any]] = {}
        for path in self._files(name):
            for version, row in self._rows(path, shape):
                if shape is Ticket and row.solved_at is not None:
                    self.carries_solved_at = True
                row_key = tuple(row[place] for place in key_places)
                seen = newest.get(row_key)
                if seen is None or version >= seen[0]:
                    newest[row_key] = (version, row)
        return [row for _, row in newest.values()]

    def _files(self, name: str) -> list[Path]:
        source, table = name.split("/")
        return [
            path
            for path in sorted((self._folder / source).glob(f"{table}*.csv"))
            if re.fullmatch(rf"{table}(_.*)?", path.stem)
        ]

    def _rows(self, path: Path, shape: Any) -> Iterator[tuple[int, Any]]:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            places = {column: place for place, column in enumerate(header)}
            readers = [(places.get(column), self._reader(column)) for column in shape._fields]
            version_place = places.get("updated_at") if shape in _VERSIONED else None
            width = len(header)
            for record in reader:
                if not record:
                    continue
                if len(record) != width:
                    raise ValueError(f"{path}: line {reader.line_num} has {len(record)} fields, not {width}")
                version = self._zone.instant(record[version_place]) if version_place is not None else 0
                values = [read("" if place is None else record[place]) for place, read in readers]
                yield (-(2**62) if version is None else version), shape._make(values)

    def _reader(self, column: str) -> Callable[[str], Any]:
        if column in _INSTANTS:
            return self._zone.instant
        if column in _DAYS:
            return _day
        if column in _FLAGS:
            return flag
        if column in _DECIMALS:
            return millionths
        if column in _COUNTS:
            return _count
        if column == "reopen_count":
            return _zero_count
        return _text
