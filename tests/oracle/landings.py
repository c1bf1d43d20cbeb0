"""Writes tiny landing folders by hand for tests: a row is a dict, a missing column is left empty."""

from __future__ import annotations

import csv
from pathlib import Path

Rows = list[dict[str, object]]


def write(folder: Path, tables: dict[str, Rows]) -> Path:
    """Writes `{"ticket/ticket": [{...}, ...]}` as CSV files and returns the folder."""
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


EVENTS = {
    "ticket/ticket": "ticket_id",
    "ticket/contact": "contact_id",
    "ticket/survey": "survey_id",
    "ticket/quality_review": "review_id",
    "ticket/violation": "violation_id",
    "crm/lead": "lead_id",
    "crm/order": "order_id",
    "workforce/attendance": "agent_id",
    "workforce/rating": "rating_id",
    "workforce/collaboration": "collaboration_id",
    "workforce/recognition": "recognition_id",
}


def deliver(folder: Path, tables: dict[str, Rows]) -> Path:
    """Like `write`, and of every other table of events an export with a header alone: nothing happened."""
    for name, key in EVENTS.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{key}\n", encoding="utf-8")
    return write(folder, tables)


def agent(agent_id: str, **columns: object) -> dict[str, object]:
    """A job history row: in service since 2026-01-01 in team T1 of department D1, unless said otherwise."""
    row: dict[str, object] = {"agent_id": agent_id, "effective_from": "2026-01-01", "team_id": "T1"}
    return row | {"department": "D1", "role": "general", "scheme_id": "centre_grade"} | columns


def ticket(ticket_id: str, **columns: object) -> dict[str, object]:
    """A ticket of A and customer C1, created 2026-03-02 10:00, solved 11:00, unless said otherwise."""
    row: dict[str, object] = {"ticket_id": ticket_id, "created_at": "2026-03-02 10:00:00", "status": "solved"}
    row |= {"solved_at": "2026-03-02 11:00:00", "assignee_id": "A", "solver_id": "A", "customer_id": "C1"}
    return row | {"category": "login", "ticket_type": "inquiry"} | columns


def contact(contact_id: str, **columns: object) -> dict[str, object]:
    """An answered chat of agent A at 2026-03-02 10:00, first response after 30 s, unless said otherwise."""
    row: dict[str, object] = {
        "contact_id": contact_id,
        "channel": "chat",
        "started_at": "2026-03-02 10:00:00",
    }
    row |= {"agent_id": "A", "is_answered": "true", "first_response_at": "2026-03-02 10:00:30"}
    return row | columns


def survey(survey_id: str, **columns: object) -> dict[str, object]:
    """A csat rating of agent A, 4 of 5, given on 2026-03-03, unless said otherwise."""
    row: dict[str, object] = {"survey_id": survey_id, "kind": "csat", "responded_at": "2026-03-03 09:00:00"}
    return row | {"score": 4, "scale_max": 5, "agent_id": "A"} | columns
