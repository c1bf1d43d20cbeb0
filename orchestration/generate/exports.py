"""The canonical export files: which relation becomes which file, with the contract's columns in its order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

TimeStyle = Literal["naive", "offset", "utc"]

_TIME_FORMAT: dict[TimeStyle, str] = {
    "naive": "%Y-%m-%dT%H:%M:%S",
    "offset": "%Y-%m-%dT%H:%M:%S+08:00",
    "utc": "%Y-%m-%dT%H:%M:%SZ",
}
_UTC_OFFSET_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Export:
    """One table of the contract as this package writes it.

    `query` yields the contract's columns and `file_part` (the file is `<table><file_part>.csv`); `t(s)` makes
    a timestamp of local seconds. `order_by` is unique within a file. `time_style` is how
    timestamps are written: naive local, local with offset, or UTC. `required`, `time` and `closed` name
    columns that damaged rows empty or falsify; `closed` is None where the table has no closed list, `time`
    where it has neither timestamp nor date.
    """

    source: str
    table: str
    columns: tuple[str, ...]
    query: str
    order_by: str
    required: str
    time: str | None
    closed: str | None
    time_style: TimeStyle = "naive"

    @property
    def full_name(self) -> str:
        """`source.table`, as the contract names it."""
        return f"{self.source}.{self.table}"


_TICKET_FINAL = """
    ticket_id, t(created_s) as created_at, customer_id, category, ticket_type, channel, priority,
    created_by, first_responder_id, assignee_id, solver_id, about_agent_id,
    t(reply_s) as first_reply_at, t(solved_s) as solved_at, t(closed_s) as closed_at,
    t(due_s) as due_at, status, reopen_count, t(escalated_s) as escalated_at, is_spam,
    merged_into, is_disputed, is_recovered, is_wrong_record, is_on_time, t(updated_s) as updated_at
"""

_TICKET = f"""
with exported as (
    select
        *,
        updated_s >= first_export_s as is_late,
        case when fate = 'mistyped year' then day_s else created_s end as filed_s,
        row_no % {{repeat_modulus}} = 1 and not is_corrected
            and updated_s < first_export_s as is_repeated
    from ticket
),
-- What the export of the ticket's own month said: nothing that came later, nor a later correction.
first_seen as (
    select * replace (
        case when is_corrected then '待分类' else category end as category,
        case when reply_s < first_export_s then first_responder_id end as first_responder_id,
        case when solved_s < first_export_s then solver_id end as solver_id,
        case when reply_s < first_export_s then reply_s end as reply_s,
        case when solved_s < first_export_s then solved_s end as solved_s,
        case when closed_s < first_export_s then closed_s end as closed_s,
        case when escalated_s < first_export_s then escalated_s end as escalated_s,
        case when reopened_s < first_export_s then reopen_count else 0 end as reopen_count,
        case when solved_s < first_export_s then is_recovered end as is_recovered,
        case when solved_s < first_export_s then is_on_time end as is_on_time,
        case
            when not is_late or status in ('deleted', 'void') or is_spam then status
            when closed_s < first_export_s then 'closed'
            when solved_s < first_export_s then case when reopened_s < first_export_s then 'open'
                else 'solved' end
            when reply_s < first_export_s then 'open'
            else 'new'
        end as status,
        case when is_late then first_export_s - 1 - row_no % 1800
            when is_corrected then touched_s else updated_s end as updated_s
    )
    from exported
)
select {_TICKET_FINAL}, '_' || month_of(filed_s) as file_part, 0 as part_order, filed_s, row_no
from first_seen
union all
select {_TICKET_FINAL}, '_reexport_' || month_of(greatest(updated_s, filed_s)), 1, filed_s, row_no
from exported
where is_late or is_corrected or is_repeated
"""


def literal(path: Path) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


EXPORTS = (
    Export(
        source="workforce",
        table="agent",
        columns=(
            "agent_id",
            "effective_from",
            "agent_name",
            "team_id",
            "department",
            "role",
            "customer_group",
            "level",
            "employment",
            "education",
            "hired_on",
            "left_on",
            "base_salary",
            "scheme_id",
        ),
        query="""
            select agent_id, effective_from, agent_name, team_id, department, role, customer_group,
                level, employment, education, hired_on, left_on,
                base_salary::decimal(18, 2) as base_salary, scheme_id, '' as file_part
            from job
        """,
        order_by="agent_id, effective_from",
        required="agent_id",
        time="effective_from",
        closed="role",
    ),
    Export(
        source="workforce",
        table="team",
        columns=("team_id", "team_name", "department", "lead_agent_id"),
        query="select team_id, team_name, department, lead_agent_id, '' as file_part from team",
        order_by="team_id",
        required="team_id",
        time=None,
        closed=None,
    ),
    Export(
        source="workforce",
        table="attendance",
        columns=("agent_id", "work_date", "status", "shift"),
        query="""
            select agent_id, day as work_date, status,
                case when not is_working then null when is_night then 'night' else 'day' end as shift,
                '_' || strftime(day, '%Y-%m') as file_part
            from agent_day
            where status <> 'rest' or employment = 'full_time'
        """,
        order_by="work_date, agent_id",
        required="agent_id",
        time="work_date",
        closed="status",
    ),
    Export(
        source="workforce",
        table="rating",
        columns=("rating_id", "agent_id", "period_id", "dimension", "rater_id", "score"),
        query="select *, '' as file_part from rating",
        order_by="period_id, rating_id",
        required="rating_id",
        time=None,
        closed="dimension",
    ),
    Export(
        source="workforce",
        table="collaboration",
        columns=("collaboration_id", "agent_id", "occurred_at", "supported_team_id", "rater_id", "rating"),
        query="""
            select collaboration_id, agent_id, t(occurred_s) as occurred_at, supported_team_id,
                rater_id, rating, '' as file_part
            from collaboration
        """,
        order_by="occurred_at, collaboration_id",
        required="collaboration_id",
        time="occurred_at",
        closed=None,
    ),
    Export(
        source="workforce",
        table="recognition",
        columns=("recognition_id", "agent_id", "kind", "occurred_on", "points", "status"),
        query="select *, '' as file_part from recognition",
        order_by="occurred_on, recognition_id",
        required="recognition_id",
        time="occurred_on",
        closed="kind",
    ),
    Export(
        source="workforce",
        table="exam",
        columns=("agent_id", "exam", "taken_on", "score"),
        query="select *, '' as file_part from exam",
        order_by="taken_on, agent_id, exam",
        required="agent_id",
        time="taken_on",
        closed=None,
    ),
    Export(
        source="workforce",
        table="target",
        columns=("agent_id", "period_id", "metric", "value"),
        query="select *, '' as file_part from target",
        order_by="period_id, agent_id, metric",
        required="agent_id",
        time=None,
        closed=None,
    ),
    Export(
        source="ticket",
        table="ticket",
        columns=(
            "ticket_id",
            "created_at",
            "customer_id",
            "category",
            "ticket_type",
            "channel",
            "priority",
            "created_by",
            "first_responder_id",
            "assignee_id",
            "solver_id",
            "about_agent_id",
            "first_reply_at",
            "solved_at",
            "closed_at",
            "due_at",
            "status",
            "reopen_count",
            "escalated_at",
            "is_spam",
            "merged_into",
            "is_disputed",
            "is_recovered",
            "is_wrong_record",
            "is_on_time",
            "updated_at",
        ),
        query=_TICKET,
        order_by="filed_s, row_no",
        required="ticket_id",
        time="created_at",
        closed="status",
        time_style="offset",
    ),
    Export(
        source="ticket",
        table="contact",
        columns=(
            "contact_id",
            "channel",
            "started_at",
            "agent_id",
            "customer_id",
            "ticket_id",
            "category",
            "is_answered",
            "first_response_at",
            "ended_at",
            "talk_seconds",
            "is_invalid",
            "is_bot",
            "updated_at",
        ),
        query="""
            select contact_id, channel, t(started_s) as started_at, agent_id, customer_id,
                ticket_id, category, is_answered, t(response_s) as first_response_at,
                t(ended_s) as ended_at, talk_seconds, is_invalid, is_bot, t(updated_s) as updated_at,
                '_' || month_of(least(started_s, getvariable('end_s') - 1)) as file_part,
                started_s, contact_row
            from contact
        """,
        order_by="started_s, contact_row",
        required="contact_id",
        time="started_at",
        closed="channel",
    ),
    Export(
        source="ticket",
        table="survey",
        columns=(
            "survey_id",
            "kind",
            "responded_at",
            "score",
            "scale_max",
            "contact_id",
            "ticket_id",
            "agent_id",
            "customer_id",
        ),
        query="""
            select survey_id, kind, t(responded_s) as responded_at, score, scale_max, contact_id,
                ticket_id, agent_id,
                customer_id, '_' || month_of(responded_s) as file_part, responded_s, survey_no
            from survey
        """,
        order_by="responded_s, survey_no",
        required="survey_id",
        time="responded_at",
        closed="kind",
        time_style="utc",
    ),
    Export(
        source="ticket",
        table="quality_review",
        columns=(
            "review_id",
            "agent_id",
            "reviewed_at",
            "score",
            "is_passed",
            "deduction",
            "dimension",
            "contact_id",
            "reviewer_id",
        ),
        query="""
            select review_id, agent_id, t(reviewed_s) as reviewed_at, score, is_passed, deduction,
                dimension, contact_id,
                reviewer_id, '_' || month_of(reviewed_s) as file_part
            from quality_review
        """,
        order_by="reviewed_at, review_id",
        required="review_id",
        time="reviewed_at",
        closed=None,
    ),
    Export(
        source="ticket",
        table="violation",
        columns=("violation_id", "agent_id", "occurred_at", "kind", "severity"),
        query="""
            select violation_id, agent_id, t(occurred_s) as occurred_at, kind, severity,
                '' as file_part
            from violation
        """,
        order_by="occurred_at, violation_id",
        required="violation_id",
        time="occurred_at",
        closed=None,
    ),
    Export(
        source="crm",
        table="lead",
        columns=(
            "lead_id",
            "created_at",
            "agent_id",
            "customer_id",
            "stage",
            "closed_at",
            "amount",
            "required_fields",
            "completed_fields",
        ),
        query="""
            select lead_id, t(created_s) as created_at, agent_id, customer_id, stage,
                t(closed_s) as closed_at, amount,
                required_fields, completed_fields, '' as file_part
            from lead
        """,
        order_by="created_at, lead_id",
        required="lead_id",
        time="created_at",
        closed="stage",
        time_style="offset",
    ),
    Export(
        source="crm",
        table="order",
        columns=(
            "order_id",
            "ordered_at",
            "agent_id",
            "customer_id",
            "amount",
            "refunded_amount",
            "kind",
            "status",
            "updated_at",
        ),
        query="""
            select order_id, t(ordered_s) as ordered_at, agent_id, customer_id, amount,
                case when not is_reexported then refunded_amount end as refunded_amount, kind,
                case when is_reexported then 'paid' else status end as status,
                t(case when is_reexported then entered_s + 60 else updated_s end) as updated_at,
                '' as file_part
            from "order"
            union all
            select order_id, t(ordered_s), agent_id, customer_id, amount, refunded_amount, kind,
                status, t(updated_s), '_reexport'
            from "order"
            where is_reexported
        """,
        order_by="updated_at, order_id",
        required="order_id",
        time="ordered_at",
        closed="status",
    ),
    Export(
        source="governance",
        table="ruling",
        columns=(
            "ruling_id",
            "entity",
            "entity_id",
            "kpi_id",
            "reason",
            "requested_by",
            "requested_at",
            "reviewer_id",
            "decision",
            "decided_at",
            "note",
        ),
        query="""
            select ruling_id, entity, entity_id, kpi_id, reason, requested_by,
                t(requested_s) as requested_at, reviewer_id,
                decision, t(decided_s) as decided_at, note, '' as file_part
            from ruling
        """,
        order_by="ruling_id",
        required="ruling_id",
        time="requested_at",
        closed="decision",
        time_style="utc",
    ),
    Export(
        source="governance",
        table="outage",
        columns=("outage_id", "starts_at", "ends_at", "channel", "note"),
        query="select outage_id, t(starts_s) as starts_at, t(ends_s) as ends_at, null as channel, note,"
        " '' as file_part from outage",
        order_by="outage_id",
        required="outage_id",
        time="starts_at",
        closed=None,
        time_style="offset",
    ),
    Export(
        source="governance",
        table="sign_off",
        columns=("period_id", "reviewer_id", "signed_at"),
        query="select period_id, reviewer_id, t(signed_s) as signed_at, '' as file_part from sign_off",
        order_by="period_id, reviewer_id",
        required="period_id",
        time="signed_at",
        closed=None,
        time_style="offset",
    ),
)
"""Every table of the export contract. A test compares it with the contract, both ways."""


def write_export(
    connection: duckdb.DuckDBPyConnection, export: Export, *, folder: Path, repeat_modulus: int
) -> Iterator[tuple[Path, int]]:
    """Write `<folder>/<source>/<table><part>.csv` and yield each file with its data rows, by name.

    UTF-8, comma, header, LF, empty fields for NULL. A table without rows gets one file with its header.
    """
    shift = _UTC_OFFSET_SECONDS if export.time_style == "utc" else 0
    connection.execute(f"create or replace macro t(s) as make_timestamp((s - {shift}) * 1000000)")
    query = export.query.replace("{repeat_modulus}", str(repeat_modulus))
    view = f"export_{export.table}"
    connection.execute(f"create table {view} as {query}")
    counts = connection.execute(
        f"select file_part, count(*) from {view} group by file_part order by file_part"
    ).fetchall()
    target = folder / export.source
    target.mkdir(parents=True, exist_ok=True)
    for part, count in counts or [("", 0)]:
        path = target / f"{export.table}{part}.csv"
        connection.execute(
            f"""
            copy (
                select {", ".join(export.columns)} from {view}
                where file_part = '{part}' order by {export.order_by}
            ) to {literal(path)} (
                format csv, header, nullstr '', dateformat '%Y-%m-%d',
                timestampformat '{_TIME_FORMAT[export.time_style]}'
            )
            """
        )
        yield path, int(count)
    connection.execute(f"drop table {view}")
