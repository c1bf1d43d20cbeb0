"""The synthetic centre: its numbers (`centre.yml`) and the SQL that they fill (`sql/`)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from orchestration.plain_yaml import load_yaml
from orchestration.sql import query

FOLDER = Path(__file__).parent


def _read() -> SimpleNamespace:
    numbers = load_yaml((FOLDER / "centre.yml").read_text(encoding="utf-8"))
    # The hours of a day, each listed as often as its weight says.
    hours = [hour for hour, weight in enumerate(numbers["hour_weights"]) for _ in range(weight)]
    return SimpleNamespace(**numbers, hours=hours, hour_count=len(hours))


CENTRE = _read()
PLANS: dict[str, list[str]] = CENTRE.plans
"""Roles that the agents of each plan cycle through."""

MINIMUM_AGENTS: int = CENTRE.minimum_agents


def statements(name: str, **more: object) -> str:
    """`sql/<name>.sql`, with `{c.name}` filled by the centre's numbers and `{name}` by those of `more`."""
    return query(__file__, name).format(c=CENTRE, **more)


def plan_seats(agents: int) -> tuple[int, ...]:
    """Seats per plan of `PLANS`: the first holds the largest share, the others split the rest evenly.

    Sums to `agents`; from 100 agents on no plan has fewer than 8.
    """
    largest = (agents * CENTRE.largest_plan_share_percent + 50) // 100
    largest = max(CENTRE.largest_plan_minimum_seats, largest)
    others = len(PLANS) - 1
    each, left = divmod(agents - largest, others)
    return (largest, *(each + (place < left) for place in range(others)))
