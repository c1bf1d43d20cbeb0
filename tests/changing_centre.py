"""A small centre whose exports come in night by night, late, again and changed: for tests of what a night
does that goes on from the night before.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.generate import generate
from orchestration.settings import POLICY_DIR
from tests.conftest import LAST_MONTH

Row = dict[str, str]
DAYS = (
    "updated_at",
    "responded_at",
    "reviewed_at",
    "occurred_at",
    "occurred_on",
    "work_date",
    "requested_at",
    "starts_at",
    "taken_on",
    "created_at",
)
"""Columns that say on which day a row was exported, the first that a table has."""
LATEST = "2026-10-31"
KINDS = ("ticket", "contact", "survey", "order", "lead", "quality_review")
RULED_KPIS = (
    "",
    "",
    "fcr",
    "csat",
    "repurchase_rate",
    "repeat_complaint_rate",
    "conversion_rate",
    "qa_score",
)
KEYS = {
    "ticket": "ticket_id",
    "contact": "contact_id",
    "survey": "survey_id",
    "order": "order_id",
    "lead": "lead_id",
    "quality_review": "review_id",
}


@dataclass
class ChangingCentre:
    """Exports of a centre, each row on its day or late; `night` writes those of one night and says what else
    happened.
    """

    base: Path
    seed: int
    agents: int = 16
    months: int = 3
    tickets: int = 600
    as_of: dt.date = dt.date(2026, 9, 12)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    nights: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.landing, self.policy = self.base / "landing", self.base / "policy"
        whole = self.base / "whole"
        sizes = {"agents": self.agents, "months": self.months, "tickets": self.tickets}
        generate(out=whole, seed=self.seed, last_month=LAST_MONTH, **sizes)
        shutil.copytree(POLICY_DIR, self.policy)
        self._waiting: list[tuple[dt.date, str, Row]] = []
        for path in sorted(whole.rglob("*.csv")):
            table = f"{path.parent.name}/{path.stem.split('_2026')[0].removesuffix('_reexport')}"
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    self._waiting.append((self._day(row), table, row))
        self._waiting.sort(key=lambda one: (one[0], one[1], sorted(one[2].items())))

    def night(self) -> list[str]:
        """Go on by some days, write what has come by then, and say what happened beside it."""
        self.nights += 1
        said = []
        if self.nights > 1:
            self.as_of += dt.timedelta(days=self.dice.choice((1, 1, 1, 2, 7, 20)))
            happenings = self.dice.sample(self._happenings(), k=self.dice.randint(0, 4))
            said = [happening.__name__.strip("_") for happening in happenings]
        new: dict[str, list[Row]] = {}
        came = [one for one in self._waiting if one[0] <= self.as_of]
        self._waiting = [one for one in self._waiting if one[0] > self.as_of]
        for _, table, row in came:
            new.setdefault(table, []).append(row)
        if self.nights > 1:
            for happening in happenings:
                happening(new)
        for table, rows in new.items():
            self.tables.setdefault(table, []).extend(rows)
            # The whole history in one file, replaced; or what is new in a file of its own.
            is_replaced = table in ("workforce/agent", "governance/ruling", "workforce/team")
            self._write(
                self.landing / (f"{table}.csv" if is_replaced else f"{table}_{self.nights:03d}.csv"),
                self.tables[table] if is_replaced else rows,
            )
        return said

    def _day(self, row: Row) -> dt.date:
        said = next((row[name] for name in DAYS if row.get(name)), "")
        try:
            day = dt.date.fromisoformat(said[:10].replace("/", "-"))
        except ValueError:
            return dt.date.min
        if day.isoformat() > LATEST:
            return dt.date.min
        late = self.dice.choice((1, 3, 30)) if self.dice.random() < 0.05 else 0
        return day + dt.timedelta(days=late)

    @staticmethod
    def _write(path: Path, rows: list[Row]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def _happenings(self) -> list[Callable[[dict[str, list[Row]]], None]]:
        return [
            self._tickets_change,
            self._contacts_change,
            self._ratings_change,
            self._orders_change,
            self._leads_close,
            self._rulings_are_made,
            self._rulings_are_made,
            self._agent_moves,
            self._policy_changes,
            self._business_date_goes_back,
            self._nothing_comes,
            self._recognitions_come,
        ]

    def _some(self, table: str, count: int) -> Iterator[Row]:
        known = self.tables.get(table, [])
        for row in self.dice.sample(known, k=min(count, len(known))):
            yield dict(row)

    def _moved(self, instant: str, days: int) -> str:
        """The same time of day on another day."""
        try:
            day = dt.date.fromisoformat(instant[:10])
        except ValueError:
            return instant
        return (day + dt.timedelta(days=days)).isoformat() + instant[10:]

    def _now(self) -> str:
        return f"{self.as_of.isoformat()} {self.dice.randrange(24):02d}:{self.dice.randrange(60):02d}:00"

    def _tickets_change(self, new: dict[str, list[Row]]) -> None:
        for row in self._some("ticket/ticket", 8):
            name, value = self.dice.choice(
                [
                    ("status", self.dice.choice(("void", "solved", "open", "closed"))),
                    ("solved_at", self._moved(row["solved_at"], self.dice.randint(-40, 40))),
                    ("solved_at", ""),
                    ("created_at", self._moved(row["created_at"], self.dice.randint(-50, 20))),
                    ("due_at", self._moved(row["due_at"] or row["created_at"], self.dice.randint(0, 60))),
                    ("is_spam", "true"),
                    ("category", "another"),
                    ("customer_id", next(self._some("ticket/ticket", 1))["customer_id"]),
                    ("assignee_id", next(self._some("ticket/ticket", 1))["assignee_id"]),
                    ("reopen_count", "1"),
                ]
            )
            new.setdefault("ticket/ticket", []).append({**row, name: value, "updated_at": self._now()})

    def _contacts_change(self, new: dict[str, list[Row]]) -> None:
        for row in self._some("ticket/contact", 6):
            name, value = self.dice.choice(
                [
                    ("is_bot", "true"),
                    ("started_at", self._moved(row["started_at"], self.dice.randint(-40, 10))),
                    ("first_response_at", self._moved(row["first_response_at"], self.dice.randint(0, 20))),
                    ("customer_id", next(self._some("ticket/contact", 1))["customer_id"]),
                ]
            )
            new.setdefault("ticket/contact", []).append({**row, name: value, "updated_at": self._now()})

    def _ratings_change(self, new: dict[str, list[Row]]) -> None:
        for number, row in enumerate(self._some("ticket/survey", 6)):
            name, value = self.dice.choice(
                [
                    ("score", "1"),
                    ("responded_at", self._moved(row["responded_at"], self.dice.randint(-40, 20))),
                    ("survey_id", f"again-{self.nights}-{number}"),
                ]
            )
            moved = {} if name != "survey_id" else {"responded_at": self._now()}
            new.setdefault("ticket/survey", []).append({**row, name: value, **moved})

    def _orders_change(self, new: dict[str, list[Row]]) -> None:
        for row in self._some("crm/order", 5):
            changed = {**row, "status": self.dice.choice(("refunded", "paid")), "updated_at": self._now()}
            new.setdefault("crm/order", []).append(changed)

    def _leads_close(self, new: dict[str, list[Row]]) -> None:
        for row in self._some("crm/lead", 5):
            new.setdefault("crm/lead", []).append({**row, "stage": "won", "closed_at": self._now()})

    def _rulings_are_made(self, new: dict[str, list[Row]]) -> None:
        kind = self.dice.choice(KINDS)
        source = "crm" if kind in ("order", "lead") else "ticket"
        for number, row in enumerate(self._some(f"{source}/{kind}", 4)):
            ruling = next(self._some("governance/ruling", 1), None)
            if ruling is None:
                return
            decided = self._moved(self._now(), self.dice.choice((-1, 0, 3)))
            new.setdefault("governance/ruling", []).append(
                {
                    **ruling,
                    "ruling_id": f"own-{self.nights}-{kind}-{number}",
                    "entity": kind,
                    "entity_id": row[KEYS[kind]],
                    "kpi_id": self.dice.choice(RULED_KPIS),
                    "requested_at": self._moved(decided, -2),
                    "decision": self.dice.choice(("approved", "approved", "pending", "rejected")),
                    "decided_at": decided,
                }
            )

    def _agent_moves(self, new: dict[str, list[Row]]) -> None:
        teams = sorted({row["team_id"] for row in self.tables["workforce/agent"]})
        for row in self._some("workforce/agent", 1):
            since = (self.as_of - dt.timedelta(days=self.dice.randint(0, 60))).isoformat()
            moved = {**row, "effective_from": since, "team_id": self.dice.choice(teams), "left_on": ""}
            new.setdefault("workforce/agent", []).append(moved)

    def _recognitions_come(self, new: dict[str, list[Row]]) -> None:
        for number, row in enumerate(self._some("workforce/recognition", 3)):
            changed = {**row, "recognition_id": f"own-{self.nights}-{number}", "status": "accepted"}
            new.setdefault("workforce/recognition", []).append(changed)

    def _policy_changes(self, new: dict[str, list[Row]]) -> None:
        path = self.policy / "kpi.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["window_days"] and self.dice.random() < 0.5:
                row["window_days"] = str(self.dice.randint(2, 45))
        self._write(path, rows)

    def _business_date_goes_back(self, new: dict[str, list[Row]]) -> None:
        self.as_of -= dt.timedelta(days=self.dice.choice((1, 5, 15)))

    def _nothing_comes(self, new: dict[str, list[Row]]) -> None:
        self._waiting.extend((self.as_of, table, row) for table, rows in new.items() for row in rows)
        new.clear()
