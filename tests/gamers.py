"""Agents who meet a paid KPI by displacing work, planted into the exports of a generated centre.

Each kind changes exports as such an agent would: what the service system writes down, nothing of the product.
Which rows is decided by their keys, so the same exports give the same planted ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

KINDS = ("set_aside", "late_return", "short_contact", "left_contact", "late_reopen", "unrated")
"""Signals that an agent can be planted for."""

FCR = ("after_sales", "technical", "complaint", "general")
ANY = (*FCR, "pre_sales")
PAID_BY: Mapping[str, Mapping[str, Sequence[str]]] = {
    "set_aside": {"centre_grade": FCR, "complaint_desk": ANY, "balanced_scorecard": ANY},
    "late_return": {"centre_grade": FCR, "balanced_scorecard": ANY, "platform_mix": ANY},
    "short_contact": {"points_2017": ANY, "platform_mix": ANY},
    "left_contact": {"centre_grade": ANY[1:], "level_ladder": ANY, "sales_service": ANY},
    "late_reopen": {"centre_grade": FCR, "complaint_desk": ANY, "balanced_scorecard": ANY},
    "unrated": {"centre_grade": ANY[1:], "level_ladder": ANY, "sales_service": ANY},
}
"""Plans, with their roles, that pay by what the kind serves."""
FEWEST_PEERS = 6
"""Agents of a queue in which somebody is planted: one of them is no peer of the others."""


@dataclass(frozen=True)
class Gamer:
    """An agent and the signal planted for them."""

    agent_id: str
    kind: str


def choose(landing: Path, *, each: int, least_tickets: int) -> tuple[Gamer, ...]:
    """`each` agents of every kind: always on one plan, role and group of customers, with at least
    `least_tickets` tickets in the exports, as evenly over the queues as there are such agents.
    """
    with duckdb.connect() as database:
        found = database.execute(
            f"""
            with queued as (
                select agent_id, max(scheme_id) as scheme_id, max(role) as role,
                    max(customer_group) as customer_group,
                    max(left_on) is null
                        and count(distinct scheme_id || role || customer_group) = 1 as is_settled
                from {_read(landing, "workforce/agent*.csv")}
                group by agent_id
            ),
            busy as (
                select coalesce(solver_id, assignee_id) as agent_id, count(distinct ticket_id) as ticket_count
                from {_read(landing, "ticket/ticket_20*.csv")} group by all
            )
            select agent_id, scheme_id, role, role || customer_group as queue
            from queued join busy using (agent_id)
            where is_settled and ticket_count >= {least_tickets} and role || customer_group in (
                select role || customer_group from queued group by all having count(*) >= {FEWEST_PEERS}
            )
            order by md5(agent_id)
            """
        ).fetchall()
    taken: dict[str, Gamer] = {}
    queues: Counter[str] = Counter()
    for kind in [kind for _ in range(each) for kind in KINDS]:
        fitting = [one for one in found if one[0] not in taken and one[2] in PAID_BY[kind].get(one[1], ())]
        agent_id, _, _, queue = min(fitting, key=lambda one: queues[one[3]])
        taken[agent_id] = Gamer(agent_id, kind)
        queues[queue] += 1
    return tuple(taken.values())


def plant(landing: Path, gamers: Sequence[Gamer]) -> None:
    """Rewrite the exports in `landing` so that each of `gamers` displaces work."""
    for kind, planter in PLANTERS.items():
        agents = ", ".join(f"'{one.agent_id}'" for one in gamers if one.kind == kind)
        if agents:
            planter(landing, agents)


def _set_aside(landing: Path, agents: str) -> None:
    """A fifth of the tickets is voided."""
    _rewrite(
        landing,
        "ticket/ticket*.csv",
        {
            "status": _if(
                f"coalesce(solver_id, assignee_id) in ({agents}) and hash(ticket_id) % 5 = 0", "'void'"
            )
        },
    )


def _late_return(landing: Path, agents: str) -> None:
    """Of a third of the solved tickets the customer is back seven days and five hours later."""
    returned = f"""
        select 'G' || ticket_id as contact_id, 'chat' as channel, back_at as started_at,
            assignee_id as agent_id, customer_id, null as ticket_id, category, 'true' as is_answered,
            back_at + interval 20 second as first_response_at, back_at + interval 320 second as ended_at,
            '300' as talk_seconds, 'false' as is_invalid, 'false' as is_bot,
            back_at + interval 330 second as updated_at
        from (
            select *, cast(solved_at as timestamp) + interval 7 day + interval 5 hour as back_at,
                row_number() over (partition by ticket_id order by updated_at desc) as version_no
            from {_read(landing, "ticket/ticket*.csv")}
        )
        where version_no = 1 and coalesce(solver_id, assignee_id) in ({agents}) and solved_at is not null
            and hash(ticket_id) % 3 = 0 and back_at < (
                select max(cast(started_at as timestamp)) from {_read(landing, "ticket/contact_20*.csv")}
                where started_at < '2030'
            )
    """
    with duckdb.connect() as database:
        database.execute(
            f"copy (with returned as ({returned}) select * replace ("
            + ", ".join(
                f"strftime({column}, '%Y-%m-%dT%H:%M:%S') as {column}"
                for column in ("started_at", "first_response_at", "ended_at", "updated_at")
            )
            + f") from returned order by contact_id) to '{landing}/ticket/contact_returns.csv' (header)"
        )


def _short_contact(landing: Path, agents: str) -> None:
    """Of the answered contacts six in ten last under a minute."""
    picked = f"agent_id in ({agents}) and is_answered = 'true' and hash(contact_id) % 10 < 6"
    _rewrite(
        landing,
        "ticket/contact*.csv",
        {"talk_seconds": _if(picked, "cast(20 + hash(contact_id) % 40 as varchar)", column="talk_seconds")},
    )


def _left_contact(landing: Path, agents: str) -> None:
    """More than half of the contacts are left unanswered."""
    left = f"agent_id in ({agents}) and hash(contact_id) % 100 < 55"
    _rewrite(
        landing,
        "ticket/contact*.csv",
        {
            "is_answered": _if(left, "'false'", column="is_answered"),
            "first_response_at": _if(left, "null", column="first_response_at"),
            "talk_seconds": _if(left, "null", column="talk_seconds"),
        },
    )


def _late_reopen(landing: Path, agents: str) -> None:
    """A quarter of the solved tickets is reopened on the third day of the next month."""
    month = "date_trunc('month', cast(solved_at as timestamp)) + interval 1 month"
    reopened = (
        f"coalesce(solver_id, assignee_id) in ({agents}) and solved_at is not null "
        f"and hash(ticket_id) % 4 = 0 and {month} < (select max(cast(created_at as timestamp)) "
        f"from {_read(landing, 'ticket/ticket_20*.csv')} where created_at < '2030')"
    )
    _rewrite(
        landing,
        "ticket/ticket*.csv",
        {
            "reopen_count": _if(reopened, "'1'", column="reopen_count"),
            "updated_at": _if(
                reopened, f"strftime({month} + interval 50 hour, '%Y-%m-%dT%H:%M:%S')", column="updated_at"
            ),
        },
    )


def _unrated(landing: Path, agents: str) -> None:
    """Of the ratings of contacts one in twenty is left: hardly anybody is asked."""
    asked = f"""
        hash(survey_id) % 20 = 0 or contact_id is null or contact_id not in (
            select contact_id from {_read(landing, "ticket/contact*.csv")} where agent_id in ({agents})
        )
    """
    _rewrite(landing, "ticket/survey*.csv", {}, where=asked)


PLANTERS: Mapping[str, Callable[[Path, str], None]] = {
    "set_aside": _set_aside,
    "late_return": _late_return,
    "short_contact": _short_contact,
    "left_contact": _left_contact,
    "late_reopen": _late_reopen,
    "unrated": _unrated,
}


def _if(condition: str, value: str, *, column: str = "status") -> str:
    return f"case when {condition} then {value} else {column} end"


def _read(landing: Path, files: str) -> str:
    return f"read_csv('{landing}/{files}', all_varchar = true, header = true, union_by_name = true)"


def _rewrite(landing: Path, files: str, columns: Mapping[str, str], *, where: str = "true") -> None:
    """Write the files again with some columns replaced and the rows of `where`; all are read before any is
    written.
    """
    replaced = ", ".join(f"{value} as {name}" for name, value in columns.items())
    chosen = f"* replace ({replaced})" if columns else "*"
    with duckdb.connect() as database:
        paths = sorted(landing.glob(files))
        for number, path in enumerate(paths):
            database.execute(
                f"create table file_{number} as select {chosen} "
                f"from read_csv('{path}', all_varchar = true, header = true) where {where}"
            )
        for number, path in enumerate(paths):
            database.execute(f"copy file_{number} to '{path}' (header)")
