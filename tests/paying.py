"""A small centre's pay by hand, as the warehouse would have it: rows of what payroll's files show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.warehouse.manifest import Relation

RELATIONS = (
    ("marts.mart_bonus_register", ("bonus_line_id",), ("payroll",)),
    ("marts.mart_payroll_person", ("period_id", "agent_id"), ("payroll",)),
    ("bonus.bonus_unpaid", ("agent_id", "period_id", "component_id", "segment_no"), ()),
)
LINE = {
    **{"period_kind": "varchar", "period_id": "varchar", "agent_id": "varchar", "agent_name": "varchar"},
    **{"scheme_id": "varchar", "scheme_en": "varchar", "scheme_zh": "varchar", "line_no": "bigint"},
    **{"bonus_line_id": "varchar", "bonus_id": "varchar", "component_id": "varchar"},
    **{"component_en": "varchar", "component_zh": "varchar", "mechanism": "varchar", "pay_kind": "varchar"},
    **{"line_label": "varchar", "line_label_zh": "varchar", "quantity": "decimal(18,6)"},
    **{"quantity_unit": "varchar", "counted_en": "varchar", "counted_zh": "varchar", "rate": "decimal(18,8)"},
    **{"day_count": "bigint", "period_day_count": "bigint", "amount_cny": "decimal(18,2)"},
    **{"clause_id": "varchar", "value_origin": "varchar", "adjusts_bonus_line_id": "varchar"},
    **{"bonus_amount_cny": "decimal(18,2)", "maturity": "varchar"},
}
"""Columns of `mart_bonus_register` and their types."""
PERSON = {
    **{"period_kind": "varchar", "period_id": "varchar", "starts_on": "date", "ends_on": "date"},
    **{"agent_id": "varchar", "agent_name": "varchar", "department": "varchar", "team_id": "varchar"},
    **{"team_name": "varchar", "role": "varchar", "level": "varchar", "scheme_id": "varchar"},
    **{"scheme_en": "varchar", "scheme_zh": "varchar", "grade": "varchar", "score_status": "varchar"},
    **{"line_count": "bigint", "component_cny": "decimal(18,2)", "adjustment_cny": "decimal(18,2)"},
    **{"amount_cny": "decimal(18,2)", "maturity": "varchar", "is_settled": "boolean"},
}
"""Columns of `mart_payroll_person` and their types."""
UNPAID = {
    **{"period_id": "varchar", "agent_id": "varchar", "component_id": "varchar", "segment_no": "bigint"},
    **{"reason": "varchar", "label_en": "varchar", "label_zh": "varchar", "reason_en": "varchar"},
    **{"reason_zh": "varchar", "not_paid_cny": "decimal(18,2)", "clause_id": "varchar"},
}
"""Columns of `bonus_unpaid` that are shown, and their types."""
LAST_DAY = {
    "2026-08": "2026-08-31",
    "2026-09": "2026-09-30",
    "2026-10": "2026-10-31",
    "2026-Q3": "2026-09-30",
}


def relations() -> list[Relation]:
    """The relations as dbt would have them."""
    return [
        Relation(
            *name.split("."), key, frozenset(audiences), f"model.meritline.{name.split('.')[1]}", part_by=""
        )
        for name, key, audiences in RELATIONS
    ]


def line(agent_id: str, amount: str, period_id: str = "2026-10", **more: Any) -> dict[str, Any]:
    """A line of a bonus: 100 × amount / 100 of the plan's basic bonus."""
    component = more.get("component_id", "cg_basic")
    return {
        "period_kind": "quarter" if "Q" in period_id else "month",
        "period_id": period_id,
        "agent_id": agent_id,
        "agent_name": f"name of {agent_id}",
        "scheme_id": "centre_grade",
        "scheme_en": "Service centre",
        "scheme_zh": "客服中心",
        "line_no": 1,
        "bonus_line_id": f"{period_id}:{agent_id}:{component}:1:",
        "bonus_id": f"{period_id}:{agent_id}",
        "component_id": component,
        "component_en": "Basic bonus",
        "component_zh": "基础奖金",
        "mechanism": "fixed",
        "pay_kind": "incentive",
        "line_label": "Basic bonus",
        "line_label_zh": "基础奖金",
        "quantity": amount,
        "quantity_unit": "cny",
        "counted_en": None,
        "counted_zh": None,
        "rate": "1",
        "day_count": 31,
        "period_day_count": 31,
        "amount_cny": amount,
        "clause_id": "CG-11",
        "value_origin": "site",
        "adjusts_bonus_line_id": None,
        "bonus_amount_cny": amount,
        "maturity": "final",
        **more,
    }


def person(agent_id: str, amount: str, period_id: str = "2026-10", **more: Any) -> dict[str, Any]:
    """Somebody whose lines come to an amount."""
    own = Decimal(amount) - Decimal(more.get("adjustment_cny", "0"))
    ends_on = LAST_DAY[period_id]
    return {
        "period_kind": "quarter" if "Q" in period_id else "month",
        "period_id": period_id,
        "starts_on": f"{ends_on[:7]}-01",
        "ends_on": ends_on,
        "agent_id": agent_id,
        "agent_name": f"name of {agent_id}",
        "department": "售后服务部",
        "team_id": "T1",
        "team_name": "售后1组",
        "role": "general",
        "level": "junior",
        "scheme_id": "centre_grade",
        "scheme_en": "Service centre",
        "scheme_zh": "客服中心",
        "grade": "A",
        "score_status": "scored",
        "line_count": 1,
        "component_cny": str(own),
        "adjustment_cny": "0",
        "amount_cny": amount,
        "maturity": "final",
        "is_settled": False,
        **more,
    }


def unpaid(agent_id: str, period_id: str = "2026-10", **more: Any) -> dict[str, Any]:
    """A component that was due and not paid."""
    return {
        "period_id": period_id,
        "agent_id": agent_id,
        "component_id": "cg_commission",
        "segment_no": 1,
        "reason": "below_threshold",
        "label_en": "Sales commission",
        "label_zh": "阶梯提成",
        "reason_en": "attainment 0.79 reaches no row of its table",
        "reason_zh": "达成率 0.79 未达任何一档",
        "not_paid_cny": None,
        "clause_id": "CG-13",
        **more,
    }


def tables(
    lines: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    reasons: Sequence[Mapping[str, Any]] = (),
) -> dict[str, str]:
    """The queries that make the relations, by their names."""
    made = zip(RELATIONS, (LINE, PERSON, UNPAID), (lines, people, reasons), strict=True)
    return {name: _query(columns, rows) for (name, _, _), columns, rows in made}


def _query(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns.items())
    values = ", ".join(
        "(" + ", ".join(_literal(row[name]) for name in columns) + ")"
        for row in rows or [dict.fromkeys(columns)]
    )
    where = "" if rows else " where false"
    return f"select {names} from (values {values}) as t({', '.join(columns)}){where}"


def _literal(value: Any) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"
