"""Policies of a few rows for the oracle's tests, and what it calculates under them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from .kpi import Observer
from .landings import Rows, contact, deliver, write
from .pay import Pay
from .policy import Policy
from .scores import Scores

OPEN: dict[str, object] = {"effective_from": "1990-01-01", "effective_to": ""}
END_OF_MARCH = date(2026, 3, 31)

CURVES: Rows = [
    {
        "kpi_id": "answer_rate",
        "weight": "0.75",
        "floor_value": "0.5",
        "target_value": "0.9",
        "stretch_value": "1",
    },
    {
        "kpi_id": "violation_count",
        "weight": "0.25",
        "floor_value": "3",
        "target_value": "0",
        "stretch_value": "",
    },
]


def policy(folder: Path, **tables: Rows) -> Policy:
    """A policy of one plan, `centre_grade`: 75 % answer rate, 25 % violations, by month."""
    plan: dict[str, object] = {"scheme_id": "centre_grade", "period_kind": "month"}
    found: dict[str, Rows] = {
        "convention": [
            {"parameter": "curve_target_points", "value": 100},
            {"parameter": "curve_stretch_points", "value": 120},
        ],
        "kpi": [
            {"kpi_id": "answer_rate", "direction": "higher"},
            {"kpi_id": "sales_amount", "direction": "higher"},
            {"kpi_id": "first_response_seconds", "direction": "lower"},
        ],
        "scheme_rule": [],
        "score_block": [plan | {"role": "*", "block": "core", "weight": 1}],
        "score_kpi": [plan | {"role": "*", "block": "core", "min_sample": 0} | row for row in CURVES],
        "score_measure": [],
        "grade_band": [
            plan | {"method": "forced", "grade": grade, "band_no": number, "share": share, "min_score": ""}
            for number, (grade, share) in enumerate(
                [("S", "0.1"), ("A", "0.2"), ("B", "0.5"), ("C", "0.2")], 1
            )
        ]
        + [
            plan | {"method": "absolute", "grade": grade, "band_no": number, "share": "", "min_score": score}
            for number, (grade, score) in enumerate([("S", 100), ("A", 90), ("B", 70), ("C", "")], 1)
        ],
        "component": [],
        "component_rate": [],
        "component_parameter": [],
        "component_event": [],
    }
    found |= tables
    for name, rows in found.items():
        write(folder, {name: [OPEN | row for row in rows]})
    return Policy(folder)


def component(name: str, mechanism: str, **columns: object) -> dict[str, object]:
    row: dict[str, object] = {"component_id": name, "mechanism": mechanism, "scheme_id": "centre_grade"}
    return (
        row
        | {"period_kind": "month", "role": "*", "basis": "", "line_no": 1}
        | {
            "key_attribute": "",
            "band_attribute": "",
        }
        | columns
    )


def rate(
    name: str, key: str = "", low: object = 0, high: object = "", **columns: object
) -> dict[str, object]:
    row: dict[str, object] = {"component_id": name, "rate_key": key, "lower_bound": low, "upper_bound": high}
    return row | {"rate": "", "amount_cny": ""} | columns


def weight(name: str, kind: str, points: object) -> dict[str, object]:
    row: dict[str, object] = {"component_id": name, "use": "weight", "event_kind": kind, "weight": points}
    return row | {"comparison": "", "threshold_value": "", "if_missing": ""}


def gate(
    name: str, kind: str, comparison: str, threshold: object, if_missing: str = "met"
) -> dict[str, object]:
    row: dict[str, object] = {"component_id": name, "use": "gate", "event_kind": kind, "weight": ""}
    return row | {"comparison": comparison, "threshold_value": threshold, "if_missing": if_missing}


def contacts(who: str, answered: int, offered: int) -> Rows:
    return [
        contact(f"{who}{number}", agent_id=who, is_answered="Y" if number < answered else "N")
        for number in range(offered)
    ]


def scored(folder: Path, rules: Policy, tables: dict[str, Rows], as_of: date = END_OF_MARCH) -> Scores:
    """The scores of exports of all tables, those not given without rows."""
    return Scores(Observer(deliver(folder / "landing", tables), as_of), rules)


def paid(scores: Scores) -> dict[tuple[str, str, str], Decimal]:
    return {(line.period_id, line.agent_id, line.component_id): line.amount_cny for line in Pay(scores).lines}


def points_plan() -> dict[str, Rows]:
    """Contact points × coefficient, wrong records, no pay, floor: 0.5 a point."""
    item: dict[str, object] = {"mechanism": "points", "scheme_id": "points_2017", "basis": "item"}
    return {
        "component": [
            component("contact", "points", line_no=1, key_attribute="customer_group")
            | item
            | {"band_attribute": "deduction_points"},
            component("wrong", "points", line_no=2) | item,
            component("full", "points", line_no=3) | item,
            component("no_pay", "points", line_no=4) | item | {"basis": "no_pay"},
            component("floor", "points", line_no=5) | item | {"basis": "floor"},
        ],
        "component_parameter": [
            {"component_id": name, "parameter": "unit_value_cny", "value": "0.5", "text_value": ""}
            for name in ("contact", "wrong", "full")
        ],
        "component_event": [
            weight("contact", "contact_chat", 1),
            weight("contact", "contact_phone", 2),
            weight("wrong", "wrong_record", -10),
            weight("full", "month_in_service", 600),
            gate("full", "attendance_sick_leave", "at_most", 0),
            gate("full", "attendance_late", "at_most", 3),
        ],
        "component_rate": [
            rate("contact", group, low, high, rate=factor)
            for group, low, high, factor in (
                ("regular", 0, 20, "1.2"),
                ("regular", 20, 69, "0.6"),
                ("regular", 69, "", "0"),
                ("vip", 0, 15, "1.5"),
                ("vip", 15, "", "0"),
            )
        ],
    }
