"""A plan as JSON: money as text with cents, everything that the other forms show and every line."""

from __future__ import annotations

import json
from typing import Any

from orchestration.plan.result import Group, Money, Plan
from orchestration.plan.show.labels import notes_of


def plan_json(plan: Plan) -> str:
    """The plan as JSON text; the same plan gives the same text."""
    return json.dumps(_document(plan), ensure_ascii=False, indent=1) + "\n"


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "publication": plan.publication,
        "as_of": plan.as_of,
        "content_hash": plan.content_hash,
        "code_hash": plan.code_hash,
        "is_other_code": plan.is_other_code,
        "policy_hash": plan.policy_hash,
        "policy_files": dict(plan.policy_files),
        "site_files": dict(plan.site_files),
        "inputs": list(plan.inputs),
        "settled": list(plan.settled_periods),
        "from_exports": list(plan.from_exports),
        "periods": list(plan.periods),
        "notes": [note.en for note in notes_of(plan)],
        "policy_changes": list(plan.rows_changed),
        "total": _money(plan.money),
        "corrections": _money(plan.corrections),
        **{
            f"by_{kind}": [_group(one) for one in plan.of(kind)]
            for kind in ("period", "plan", "team", "grade")
        },
        "agents": {
            "winners": len(plan.winners),
            "losers": len(plan.losers),
            "unchanged": plan.unchanged_count,
            "distribution": {f"p{place}": str(value) for place, value in plan.distribution},
            "each": [
                {"agent_id": one.agent_id, "agent_name": one.agent_name, **_money(one.money)}
                for one in plan.agents
            ],
        },
        "grades": [
            {"before": one.before or None, "after": one.after or None, "bonus_count": one.bonus_count}
            for one in plan.grades
        ],
        "settled_periods": [
            {
                "period_id": one.period_id,
                "paid_cny": str(one.paid),
                "computed_cny": str(one.computed.before),
                "would_have_been_cny": str(one.computed.after),
                "difference_cny": str(one.computed.difference),
                "line_count": one.line_count,
            }
            for one in plan.settled
        ],
        "lines": [
            {
                "bonus_line_id": line.bonus_line_id,
                "agent_id": line.agent_id,
                "period_id": line.period_id,
                "scheme_id": line.scheme_id,
                "label_en": line.label_en,
                "label_zh": line.label_zh,
                "before_cny": None if line.before is None else str(line.before),
                "after_cny": None if line.after is None else str(line.after),
                "difference_cny": str(line.difference),
                "corrects": line.corrects,
                "what": list(line.what),
                "numbers": [
                    {
                        "label_en": one.label,
                        "label_zh": one.label_zh,
                        "before": one.before,
                        "after": one.after,
                        "clause_id": one.clause_id,
                    }
                    for one in line.numbers
                ],
                "causes": [
                    {"kind": one.kind, "count": one.count, "examples": list(one.examples)}
                    for one in line.causes
                ],
            }
            for line in plan.lines
        ],
    }


def _money(money: Money) -> dict[str, str]:
    return {
        "before_cny": str(money.before),
        "after_cny": str(money.after),
        "difference_cny": str(money.difference),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name_en": group.name_en,
        "name_zh": group.name_zh,
        "bonus_count": group.bonus_count,
        **_money(group.money),
    }
