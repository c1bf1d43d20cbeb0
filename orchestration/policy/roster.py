"""Is every agent on a plan that the policy has? Asked of the roster as taken in, before the build."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import duckdb

from orchestration.errors import PublicationRefused
from orchestration.policy.check import row_folders
from orchestration.policy.site import SHIPPED, Site

SHOWN_AGENTS = 5


def require_known_plans(raw: Path, policy: Path, on: date) -> None:
    """Raise PublicationRefused where the roster in `raw` has an agent on `on` whose plan the policy lacks:
    before the build what would be refused after it.
    """
    plans = plans_of(policy)
    found = unknown_plans(raw, plans, on)
    if found:
        problem, remedy = said_of(found, plans)
        raise PublicationRefused(
            path="workforce/agent", problem=problem, remedy=f"The last publication stays. {remedy}"
        )


def plans_of(policy: Path, *, site: Site = SHIPPED) -> frozenset[str]:
    """Names of the plans of a policy folder."""
    places = [folder / "scheme.csv" for folder in row_folders(policy, site)]
    path = next((path for path in places if path.is_file()), places[-1])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return frozenset(row["scheme_id"] for row in csv.DictReader(stream) if row.get("scheme_id"))


def unknown_plans(raw: Path, plans: frozenset[str], on: date) -> dict[str, list[str]]:
    """Agents in service in the month of `on` whose job history then names a plan that is none of `plans`, by
    what it names.

    `raw` is a state's raw folder. Of repeated rows the newest counts, as in the models; an agent without a
    plan is paid by none, which is no fault.
    """
    folder = raw / "workforce" / "agent"
    if not any(folder.glob("*.parquet")):
        return {}
    with duckdb.connect() as database:
        return unknown_of(
            database,
            """
            select agent_id, scheme_id, left_on
            from read_parquet($files, union_by_name = true)
            where effective_from <= $on
            qualify row_number() over (
                partition by agent_id
                order by effective_from desc, _load_seq desc, _file desc, _row_number desc
            ) = 1
            """,
            files=f"{folder}/*.parquet",
            on=on.isoformat(),
            plans=plans,
        )


def unknown_of(
    database: duckdb.DuckDBPyConnection, newest: str, *, files: str, on: str, plans: frozenset[str]
) -> dict[str, list[str]]:
    """The same of any roster: `newest` is SQL over `$files` of agent_id, scheme_id and left_on as they are
    `$on` a day, one row an agent.
    """
    rows = database.execute(
        f"""
        select scheme_id, list(agent_id order by agent_id)
        from ({newest})
        where (left_on is null or left_on >= date_trunc('month', cast($on as date)))
            and scheme_id is not null and scheme_id not in (select unnest($plans))
        group by scheme_id
        order by scheme_id
        """,
        {"files": files, "on": on, "plans": sorted(plans)},
    ).fetchall()
    return {str(plan): [str(agent) for agent in agents] for plan, agents in rows}


def said_of(found: Mapping[str, Sequence[str]], plans: frozenset[str]) -> tuple[str, str]:
    """Problem and remedy of what `unknown_plans` found: values, agents, the nearest plan."""
    parts = []
    for plan, agents in found.items():
        more = f" and {len(agents) - SHOWN_AGENTS} more" if len(agents) > SHOWN_AGENTS else ""
        near = get_close_matches(plan, sorted(plans), n=1)
        hint = f", nearest is {near[0]}" if near else ""
        parts.append(f"{plan!r} of {', '.join(agents[:SHOWN_AGENTS])}{more}{hint}")
    return (
        f"the roster names plans that the policy does not have: {'; '.join(parts)}",
        f"Correct scheme_id in the roster, or add the plan; there are {', '.join(sorted(plans))}",
    )
