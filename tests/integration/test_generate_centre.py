"""A generated centre of 60 agents and 6,000 tickets holds every situation that the pay plans ask about."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError
from orchestration.generate import MINIMUM_AGENTS, GenerateReport, generate
from orchestration.generate.run import MARKER
from orchestration.ingest.contract import Contract, ContractTable, load_contract
from orchestration.settings import POLICY_DIR

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"agents": 60, "months": 3, "tickets": 6000}
FIRST, LAST = date(2026, 8, 1), date(2026, 10, 31)
SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(ROOT / "dbt_project" / "models" / "staging")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> GenerateReport:
    return generate(out=tmp_path_factory.mktemp("centre"), seed=7, **SIZE)


@pytest.fixture(scope="module")
def centre(report: GenerateReport, contract: Contract) -> Iterator[duckdb.DuckDBPyConnection]:
    """A table per contract table: local times, `_file` of each row; `<table>_now` holds newest versions."""
    connection = duckdb.connect(":memory:")
    connection.execute("set timezone = 'Asia/Shanghai'")
    for table in contract.export_tables:
        columns = ", ".join(_typed(column.name, column.data_type) for column in table.export_columns)
        connection.execute(
            f"""
            create table "{table.name}" as
            select {columns}, parse_filename(filename) as _file
            from read_csv('{report.out}/{table.source}/{table.name}*.csv', all_varchar = true,
                filename = true)
            """
        )
    for name, key in (("ticket", "ticket_id"), ("order", "order_id")):
        connection.execute(
            f"""
            create table {name}_now as
            select * exclude (place) from (
                select *, row_number() over (partition by {key} order by updated_at desc, _file) as place
                from "{name}"
            ) where place = 1
            """
        )
    yield connection
    connection.close()


def _typed(name: str, data_type: str) -> str:
    if data_type != "timestamp":
        return f'"{name}"::{data_type} as "{name}"'
    offset = f"regexp_matches(\"{name}\", '(Z|[+-][0-9][0-9]:[0-9][0-9])$')"
    return (
        f'case when {offset} then "{name}"::timestamptz::timestamp else "{name}"::timestamp end as "{name}"'
    )


def count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(f"select count(*) from ({sql})").fetchone()
    assert row is not None
    return int(row[0])


def values(connection: duckdb.DuckDBPyConnection, sql: str) -> set[object]:
    return {row[0] for row in connection.execute(sql).fetchall()}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.csv"))
    }


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


# The contract


def test_every_table_and_column_of_the_contract_is_written_and_no_other(
    report: GenerateReport, contract: Contract
) -> None:
    written: dict[str, set[tuple[str, ...]]] = {}
    for path in report.files:
        table = next(
            table
            for table in contract.export_tables
            if path.parts[0] == table.source and (path.stem + "_").startswith(table.name + "_")
        )
        written.setdefault(table.full_name, set()).add(tuple(rows_of(report.out / path)[0]))
    assert written == {
        table.full_name: {tuple(column.name for column in table.export_columns)}
        for table in contract.export_tables
    }
    assert set(report.rows) == set(written)
    assert min(report.rows.values()) > 0


def test_no_clean_row_gives_ingestion_a_reason_to_reject_it(
    report: GenerateReport, contract: Contract
) -> None:
    for path in report.files:
        table = _table_of(path, contract)
        header, *rows = rows_of(report.out / path)
        assert rows, path
        for row in rows:
            assert _faults(table, header, row) == [], (path, row)


def test_business_keys_repeat_only_in_re_exports(
    report: GenerateReport, contract: Contract, centre: duckdb.DuckDBPyConnection
) -> None:
    for table in contract.export_tables:
        key = ", ".join(table.key)
        assert (
            count(
                centre,
                f"select {key} from \"{table.name}\" where not contains(_file, 'reexport') "
                f"group by {key} having count(*) > 1",
            )
            == 0
        ), table.full_name
    assert report.row_count == sum(report.rows.values())


def test_times_come_naive_with_offset_and_in_utc(report: GenerateReport) -> None:
    def first_time(table: str, column: str) -> str:
        header, row, *_ = rows_of(report.out / table)
        return row[header.index(column)]

    assert first_time("ticket/ticket_2026-08.csv", "created_at").endswith("+08:00")
    assert first_time("ticket/survey_2026-08.csv", "responded_at").endswith("Z")
    assert len(first_time("ticket/contact_2026-08.csv", "started_at")) == len("2026-08-01T00:00:00")


# Reproducibility


def test_the_same_seed_writes_the_same_bytes_on_one_thread_or_four(
    tmp_path: Path, report: GenerateReport
) -> None:
    one = generate(out=tmp_path / "one", seed=7, threads=1, **SIZE)
    four = generate(out=tmp_path / "four", seed=7, threads=4, **SIZE)
    assert digests(one.out) == digests(four.out) == digests(report.out)
    assert one.rows == four.rows


def test_another_seed_writes_other_events_of_the_same_size(tmp_path: Path, report: GenerateReport) -> None:
    other = generate(out=tmp_path, seed=8, **SIZE)
    ours, theirs = digests(report.out), digests(other.out)
    assert {name for name in ours if ours[name] == theirs.get(name)} <= {
        "governance/sign_off.csv",
        "governance/outage.csv",
    }
    assert _ticket_count(other.out) == _ticket_count(report.out) == SIZE["tickets"]


def _ticket_count(folder: Path) -> int:
    return len({row[0] for path in folder.glob("ticket/ticket_20*.csv") for row in rows_of(path)[1:]})


# Size and calendar


def test_contacts_and_surveys_keep_their_proportion_to_tickets(report: GenerateReport) -> None:
    assert 1.1 < report.rows["ticket.contact"] / SIZE["tickets"] < 1.3
    assert 0.25 < report.rows["ticket.survey"] / SIZE["tickets"] < 0.4


def test_the_history_ends_on_the_last_day_and_only_mistyped_years_lie_beyond(
    report: GenerateReport, contract: Contract, centre: duckdb.DuckDBPyConnection
) -> None:
    assert (report.first_day, report.last_day) == (FIRST, LAST)
    newest = []
    for table in contract.export_tables:
        for column in table.export_columns:
            if column.data_type not in ("timestamp", "date") or column.name == "due_at":
                continue
            sql = (
                f'select max("{column.name}"::date) from "{table.name}" '
                f"where \"{column.name}\" < date '2040-01-01'"
            )
            newest.append(centre.execute(sql).fetchone()[0])  # type: ignore[index]
    assert max(day for day in newest if day is not None) == LAST
    assert 1 <= count(centre, "from ticket_now where created_at >= '2040-01-01'") <= 20
    assert 1 <= count(centre, "from contact where started_at >= '2040-01-01'") <= 20


def test_load_follows_hours_and_weekdays(centre: duckdb.DuckDBPyConnection) -> None:
    assert count(centre, "from ticket_now where hour(created_at) between 9 and 11") > 5 * count(
        centre, "from ticket_now where hour(created_at) between 1 and 3"
    )
    by_weekday = dict(
        centre.execute(
            """
            select isodow(created_at), count(*) / count(distinct created_at::date)
            from ticket_now where created_at < '2040-01-01' group by 1
            """
        ).fetchall()
    )
    assert by_weekday[1] > 1.2 * by_weekday[7]


# People


def test_all_plans_roles_groups_levels_and_kinds_of_employment_are_there(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    table = contract.table("workforce.agent")
    for name in ("role", "customer_group", "level", "employment", "education"):
        assert values(centre, f"select distinct {name} from agent") == set(table.column(name).values), name
    plans = dict(
        centre.execute("select scheme_id, count(distinct agent_id) from agent group by 1").fetchall()
    )
    assert set(plans) == {
        "centre_grade",
        "points_2017",
        "sales_service",
        "part_time",
        "level_ladder",
        "complaint_desk",
        "platform_mix",
        "balanced_scorecard",
    }
    assert plans["centre_grade"] == max(plans.values())
    assert values(centre, "select distinct customer_group from agent where scheme_id = 'points_2017'") == {
        "regular",
        "vip",
    }


def test_small_and_large_teams_have_leads_among_their_members(centre: duckdb.DuckDBPyConnection) -> None:
    centre.execute(
        """
        create or replace temp view home as
        select agent_id, arg_min(team_id, effective_from) as team_id from agent group by agent_id
        """
    )
    sizes = dict(centre.execute("select team_id, count(*) from home group by team_id").fetchall())
    assert sum(size < 5 for size in sizes.values()) >= 2
    assert sum(size >= 5 for size in sizes.values()) > len(sizes) / 2
    assert set(sizes) == values(centre, "select team_id from team")
    assert count(
        centre, "from team join home on agent_id = lead_agent_id and home.team_id = team.team_id"
    ) == len(sizes)


def test_people_join_leave_and_move_in_the_middle_of_a_month(centre: duckdb.DuckDBPyConnection) -> None:
    inside = f"between date '{FIRST}' and date '{LAST}'"
    assert (
        count(centre, f"select distinct agent_id from agent where hired_on {inside} and day(hired_on) > 1")
        >= 2
    )
    assert count(centre, f"select distinct agent_id from agent where left_on {inside}") >= 2
    for attribute in ("team_id", "role", "scheme_id", "level", "base_salary"):
        moves = count(
            centre,
            f"""
            from (
                select *, lag({attribute}) over (partition by agent_id order by effective_from) as before
                from agent
            )
            where before is distinct from {attribute} and before is not null
                and effective_from {inside} and day(effective_from) > 1
            """,
        )
        assert moves >= 1, attribute
    assert count(centre, "from agent where effective_from < hired_on or effective_from > left_on") == 0


def test_a_long_history_moves_people_between_plans_again_and_again(tmp_path: Path) -> None:
    long = generate(out=tmp_path, agents=26, months=28, tickets=100, seed=7)
    with (long.out / "workforce" / "agent.csv").open(encoding="utf-8", newline="") as handle:
        jobs = list(csv.DictReader(handle))
    moves: Counter[str] = Counter()
    for before, after in pairwise(sorted(jobs, key=lambda job: (job["agent_id"], job["effective_from"]))):
        if before["agent_id"] == after["agent_id"]:
            moves.update(name for name in after if name != "effective_from" and before[name] != after[name])
            moves["on the first" if after["effective_from"].endswith("-01") else "inside a month"] += 1
    for name in ("scheme_id", "role", "level", "base_salary", "team_id", "employment", "on the first"):
        assert moves[name] >= 2, (name, moves)
    assert moves["inside a month"] >= 20
    assert all((job["employment"] == "part_time") == (job["scheme_id"] == "part_time") for job in jobs)
    assert len({job["agent_id"] for job in jobs if job["hired_on"] >= long.first_day.isoformat()}) >= 2
    assert len({job["agent_id"] for job in jobs if job["left_on"]}) >= 2


def test_an_agent_leaves_a_plan_and_comes_back(centre: duckdb.DuckDBPyConnection) -> None:
    back = """
        select agent_id from agent group by agent_id
        having arg_min(scheme_id, effective_from) = arg_max(scheme_id, effective_from)
            and count(distinct scheme_id) = 2
    """
    assert count(centre, back) >= 1


def test_attendance_covers_service_with_every_status_and_both_shifts(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    statuses = set(contract.table("workforce.attendance").column("status").values)
    assert values(centre, "select distinct status from attendance") == statuses
    assert values(centre, "select distinct shift from attendance where shift is not null") == {"day", "night"}
    flawless = """
        select agent_id, month(work_date) from attendance group by all
        having count_if(status not in ('present', 'rest')) = 0
    """
    assert 10 < count(centre, flawless) < 170
    assert (
        count(
            centre,
            """
            from attendance as d join (select agent_id, min(hired_on) as hired_on, max(left_on) as left_on
                from agent group by all) as a using (agent_id)
            where work_date < hired_on or work_date > left_on
            """,
        )
        == 0
    )


def test_a_small_centre_still_ranks_a_role_of_centre_grade(tmp_path: Path) -> None:
    small = generate(out=tmp_path, agents=MINIMUM_AGENTS, months=1, tickets=200, seed=1)
    rows = duckdb.execute(
        f"""
        select role, count(*) from (
            select agent_id, arg_max(role, effective_from) as role,
                arg_max(scheme_id, effective_from) as scheme_id,
                max(left_on) as left_on
            from read_csv('{small.out}/workforce/agent.csv') group by agent_id
        )
        where scheme_id = 'centre_grade' and left_on is null group by role
        """
    ).fetchall()
    assert max(members for _, members in rows) >= 6


def test_from_a_hundred_agents_on_every_plan_has_eight(tmp_path: Path) -> None:
    large = generate(out=tmp_path, agents=100, months=1, tickets=100, seed=1)
    rows = duckdb.execute(
        f"""
        select scheme_id, count(distinct agent_id) from read_csv('{large.out}/workforce/agent.csv') group by 1
        """
    ).fetchall()
    assert len(rows) == 8
    assert min(members for _, members in rows) >= 8


# Service


TICKET_SITUATIONS = {
    "spam": "is_spam",
    "merged": "merged_into is not null",
    "deleted": "status = 'deleted'",
    "void": "status = 'void'",
    "closed without being solved": """
        status = 'closed' and solved_at is null and not is_spam and merged_into is null
    """,
    "pending": "status = 'pending'",
    "reopened": "reopen_count > 0",
    "solved, then reopened and open again": "reopen_count > 0 and solved_at is not null and status = 'open'",
    "handed on": "first_responder_id <> solver_id and assignee_id = solver_id",
    "unassigned": "assignee_id is null and created_at < '2040-01-01'",
    "solver unknown": "solver_id is null and solved_at is not null",
    "opened by an agent": "created_by is not null",
    "no reply": "first_reply_at is null and solved_at is not null",
    "complaint about an agent": "ticket_type = 'complaint' and about_agent_id is not null",
    "escalated": "ticket_type = 'complaint' and escalated_at is not null",
    "recovered": "ticket_type = 'complaint' and is_recovered",
    "not recovered": "ticket_type = 'complaint' and not is_recovered",
    "disputed return": "ticket_type = 'return' and is_disputed",
    "wrong record": "is_wrong_record",
    "no due time but a flag": "due_at is null and is_on_time is not null",
    "late": "solved_at > due_at",
    "on time": "solved_at <= due_at",
    "solved before created": "solved_at < created_at",
    "replied before created": "first_reply_at < created_at",
    "unknown agent": "assignee_id = 'A9999'",
    "solved in a later month": "date_trunc('month', solved_at) > date_trunc('month', created_at)",
}


@pytest.mark.parametrize("situation", TICKET_SITUATIONS)
def test_tickets_include(centre: duckdb.DuckDBPyConnection, situation: str) -> None:
    assert count(centre, f"from ticket_now where {TICKET_SITUATIONS[situation]}") >= 1


def test_a_ticket_goes_there_and_back_again(centre: duckdb.DuckDBPyConnection) -> None:
    back = """
        from ticket_now
        where first_responder_id <> assignee_id and assignee_id = solver_id and created_by = assignee_id
    """
    assert count(centre, back) >= 1


def test_nonsense_stays_rare(centre: duckdb.DuckDBPyConnection) -> None:
    nonsense = """
        solved_at < created_at or first_reply_at < created_at or assignee_id = 'A9999'
        or created_at > '2040-01-01'
    """
    assert count(centre, f"from ticket_now where {nonsense}") < 0.01 * SIZE["tickets"]


def test_re_exports_carry_newer_versions_and_a_few_exact_repeats(centre: duckdb.DuckDBPyConnection) -> None:
    pairs = """
        from ticket as first join ticket as later using (ticket_id)
        where not contains(first._file, 'reexport') and contains(later._file, 'reexport')
    """
    newer = count(centre, f"{pairs} and later.updated_at > first.updated_at")
    repeated = count(centre, f"{pairs} and later.updated_at = first.updated_at")
    assert newer > 100 and 1 <= repeated < newer
    assert count(centre, f"{pairs} and later.updated_at < first.updated_at") == 0
    assert count(centre, f"{pairs} and first.solved_at is null and later.solved_at is not null") > 10
    assert count(centre, f"{pairs} and first.reopen_count = 0 and later.reopen_count > 0") >= 1
    exact = "select * exclude (_file) from ticket group by all having count(*) > 1"
    assert count(centre, exact) == repeated
    orders = "from \"order\" where contains(_file, 'reexport')"
    assert count(centre, orders) >= 5


def test_what_a_monthly_export_says_had_happened_by_then(centre: duckdb.DuckDBPyConnection) -> None:
    for column in ("first_reply_at", "solved_at", "closed_at", "escalated_at", "updated_at"):
        early = f"""
            from ticket where not contains(_file, 'reexport') and created_at < '2040-01-01'
                and {column} >= date_trunc('month', created_at) + interval 1 month
        """
        assert count(centre, early) == 0, column


def test_customers_come_back_with_the_same_matter_and_complain_again(
    centre: duckdb.DuckDBPyConnection,
) -> None:
    again = """
        from ticket_now as solved where solved_at > created_at {only} and exists (
            from ticket_now as next
            where next.customer_id = solved.customer_id and next.category = solved.category
                and next.created_at > solved.solved_at
                and next.created_at <= solved.solved_at + interval {days} day)
    """
    solved = count(centre, "from ticket_now where solved_at > created_at")
    assert 0.02 < count(centre, again.format(only="", days=7)) / solved < 0.2
    assert count(centre, again.format(only="and ticket_type = 'complaint'", days=30)) >= 5


CONTACT_SITUATIONS = {
    "chat": "channel = 'chat'",
    "VIP chat": "channel = 'vip_chat'",
    "phone": "channel = 'phone'",
    "email": "channel = 'email'",
    "unanswered": "not is_answered and agent_id is not null",
    "abandoned in the queue": "not is_answered and agent_id is null and not is_bot",
    "bot only": "is_bot",
    "nuisance": "is_invalid",
    "without a ticket": "ticket_id is null",
    "after the ticket was opened": """
        ticket_id in (select ticket_id from ticket_now where created_at < started_at)
    """,
    "responded before started": "first_response_at < started_at",
    "unknown agent": "agent_id = 'A9999'",
}


@pytest.mark.parametrize("situation", CONTACT_SITUATIONS)
def test_contacts_include(centre: duckdb.DuckDBPyConnection, situation: str) -> None:
    assert count(centre, f"from contact where {CONTACT_SITUATIONS[situation]}") >= 1


SURVEY_SITUATIONS = {
    "csat of a contact": "kind = 'csat' and contact_id is not null",
    "csat of a ticket": "kind = 'csat' and contact_id is null and ticket_id is not null",
    "nps": "kind = 'nps' and scale_max = 10",
    "a scale of ten": "kind = 'csat' and scale_max = 10",
    "its own agent": "agent_id is not null",
    "no agent of its own": "agent_id is null",
    "out of scale": "score > scale_max",
    "full marks": "score = scale_max",
    "poor": "score * 5 <= scale_max * 2",
}


@pytest.mark.parametrize("situation", SURVEY_SITUATIONS)
def test_surveys_include(centre: duckdb.DuckDBPyConnection, situation: str) -> None:
    assert count(centre, f"from survey where {SURVEY_SITUATIONS[situation]}") >= 1


def test_surveys_come_late_and_twice_and_after_a_transfer(centre: duckdb.DuckDBPyConnection) -> None:
    late = """
        from survey join contact using (contact_id)
        where date_trunc('month', responded_at) > date_trunc('month', started_at)
    """
    assert count(centre, late) >= 5
    twice = "select contact_id from survey where contact_id is not null group by 1 having count(*) > 1"
    assert count(centre, twice) >= 3
    transferred = """
        from survey join ticket_now as t on t.ticket_id = survey.ticket_id
        where t.first_responder_id <> t.solver_id
    """
    assert count(centre, transferred) >= 3


def test_reviews_sample_five_dialogues_a_day_under_the_points_plan(centre: duckdb.DuckDBPyConnection) -> None:
    daily = dict(
        centre.execute(
            """
            with worked as (
                select d.agent_id, d.work_date, arg_max(a.scheme_id, a.effective_from) as scheme_id
                from attendance as d
                join agent as a on a.agent_id = d.agent_id and a.effective_from <= d.work_date
                where d.status in ('present', 'late') group by all
            )
            select scheme_id = 'points_2017', count(review_id) / count(distinct (w.agent_id, w.work_date))
            from worked as w
            left join quality_review as q on q.agent_id = w.agent_id and q.reviewed_at::date = w.work_date
            group by 1
            """
        ).fetchall()
    )
    assert 4.7 < daily[True] < 5 and 0.2 < daily[False] < 1
    assert count(centre, "from quality_review where contact_id is not null") > 100
    assert (
        count(
            centre,
            "from quality_review as q join contact as c using (contact_id) where c.agent_id <> q.agent_id",
        )
        == 0
    )
    assert count(centre, "from quality_review where not is_passed") > 10
    assert count(centre, "from violation") >= 3


# Skill


def test_a_good_agent_is_better_in_everything(centre: duckdb.DuckDBPyConnection) -> None:
    """Supervisors see skill; the half they rate higher must be faster, better liked and cleaner."""
    centre.execute(
        """
        create or replace temp view half as
        select agent_id, ntile(2) over (order by avg(score), agent_id) = 2 as is_good
        from rating where dimension = 'supervisor' group by agent_id
        """
    )

    def halves(sql: str) -> tuple[float, float]:
        found = dict(centre.execute(sql).fetchall())
        return found[True], found[False]

    good, bad = halves(
        """
        select is_good, avg(epoch(solved_at - created_at)) from ticket_now join half on agent_id = solver_id
        where solved_at > created_at and ticket_type = 'after_sales' and reopen_count = 0 group by 1
        """
    )
    assert good < 0.9 * bad
    good, bad = halves(
        """
        select is_good, avg(score / scale_max) from survey join contact using (contact_id)
        join half on half.agent_id = contact.agent_id where survey.score <= scale_max group by 1
        """
    )
    assert good > bad + 0.01
    good, bad = halves(
        "select is_good, avg(is_passed::int) from quality_review join half using (agent_id) group by 1"
    )
    assert good > bad
    good, bad = halves(
        "select is_good, count_if(stage = 'won') / count(*) from lead join half using (agent_id) group by 1"
    )
    assert good > bad + 0.02
    good, bad = halves(
        "select is_good, count(*) from ticket_now join half on agent_id = about_agent_id group by 1"
    )
    assert good < 0.8 * bad


# Appraisal


def test_ratings_of_every_dimension_miss_a_few_agents(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    dimensions = set(contract.table("workforce.rating").column("dimension").values)
    assert values(centre, "select distinct dimension from rating") == dimensions
    assert values(centre, "select distinct period_id from rating where dimension = 'supervisor'") == {
        "2026-08",
        "2026-09",
        "2026-Q3",
        "2026-10",
    }
    rated = count(centre, "select distinct agent_id from rating where dimension = 'supervisor'")
    assert 0.8 * SIZE["agents"] < rated < SIZE["agents"]
    assert count(centre, "from rating where dimension = 'execution' and score not between 0 and 300") == 0
    assert count(centre, "from rating where dimension <> 'execution' and score not between 0 and 100") == 0
    assert count(centre, "from rating where rater_id = agent_id") == 0


def test_collaboration_is_rated_by_the_lead_of_another_team(centre: duckdb.DuckDBPyConnection) -> None:
    assert count(centre, "from collaboration") > 20
    assert (
        count(
            centre,
            """
            from collaboration join team on team_id = supported_team_id
            where rater_id is distinct from lead_agent_id
            """,
        )
        == 0
    )
    assert count(centre, "select distinct agent_id from collaboration") < SIZE["agents"]


def test_recognitions_have_every_kind_in_every_status(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    table = contract.table("workforce.recognition")
    found = centre.execute("select distinct kind, status from recognition").fetchall()
    assert set(found) == {
        (kind, status) for kind in table.column("kind").values for status in table.column("status").values
    }
    assert count(centre, "from recognition where (points is not null) <> (kind = 'extra_points')") == 0


def test_exams_and_targets_are_there_and_some_targets_are_missing(centre: duckdb.DuckDBPyConnection) -> None:
    assert count(centre, "select distinct exam from exam") == 2
    assert count(centre, "from target where metric = 'sales_amount' and value <= 0") == 0
    sellers = """
        select distinct agent_id, strftime(created_at, '%Y-%m') as period_id
        from lead where agent_id is not null
    """
    missing = count(
        centre, f"({sellers}) except select agent_id, period_id from target where metric = 'sales_amount'"
    )
    assert 1 <= missing < 0.3 * count(centre, sellers)
    part_time = """
        from target join agent using (agent_id) where employment = 'part_time' and metric = 'contacts_served'
    """
    assert count(centre, part_time) >= 5


# Sales


def test_attainment_reaches_every_commission_tier(centre: duckdb.DuckDBPyConnection) -> None:
    tiers = values(
        centre,
        """
        with sold as (
            select agent_id, strftime(ordered_at, '%Y-%m') as period_id, sum(amount) as amount
            from order_now where status = 'paid' group by all
        )
        select case when amount < 0.8 * value then 0 when amount < value then 80
            when amount < 1.2 * value then 100 else 120 end
        from target join sold using (agent_id, period_id) where metric = 'sales_amount'
        """,
    )
    assert tiers == {0, 80, 100, 120}


def test_response_times_spread_over_the_curve_of_the_shipped_policy(
    centre: duckdb.DuckDBPyConnection,
) -> None:
    """Of agents and months some reach the target, some do not, and few fall to the floor."""
    with (POLICY_DIR / "score_kpi.csv").open(encoding="utf-8", newline="") as handle:
        curve = next(row for row in csv.DictReader(handle) if row["kpi_id"] == "first_response_seconds")
    shares = centre.execute(
        """
        with answered as (
            select agent_id, avg(epoch(first_response_at - started_at)) as seconds
            from contact where is_answered and not is_bot and not is_invalid
                and first_response_at >= started_at
            group by agent_id, date_trunc('month', started_at) having count(*) >= 5
        )
        select avg((seconds <= $target)::int), avg((seconds >= $floor)::int) from answered
        """,
        {"target": Decimal(curve["target_value"]), "floor": Decimal(curve["floor_value"])},
    ).fetchone()
    assert shares is not None
    assert 0.2 < shares[0] < 0.8
    assert shares[1] < 0.1


def test_leads_and_orders_cover_their_lists_and_windows(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    assert values(centre, "select distinct stage from lead") == set(
        contract.table("crm.lead").column("stage").values
    )
    assert values(centre, "select distinct status from order_now") == set(
        contract.table("crm.order").column("status").values
    )
    assert values(centre, "select distinct kind from order_now") == {"new", "repurchase"}
    assert count(centre, "from lead where stage = 'won' and closed_at > created_at + interval 30 day") >= 1
    assert count(centre, "from lead where completed_fields < required_fields") >= 10
    assert count(centre, "from lead where completed_fields > required_fields or completed_fields < 0") == 0
    assert count(centre, "from order_now where status = 'refunded' and refunded_amount is null") >= 1
    assert count(centre, "from order_now where status = 'refunded' and refunded_amount < amount") >= 1
    assert count(centre, "from order_now where refunded_amount > amount or amount <= 0") == 0
    repurchased = """
        from ticket_now as t where ticket_type = 'after_sales' and solved_at is not null and exists (
            from order_now as o where o.kind = 'repurchase' and o.status = 'paid'
                and o.customer_id = t.customer_id and o.agent_id = t.solver_id and o.ordered_at > t.solved_at
                and o.ordered_at <= t.solved_at + interval 30 day)
    """
    assert count(centre, repurchased) > 30


# Governance


def test_rulings_dispute_every_kind_of_row_with_every_decision(
    centre: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    table = contract.table("governance.ruling")
    for name in ("entity", "decision", "reason"):
        assert values(centre, f"select distinct {name} from ruling") == set(table.column(name).values), name
    assert count(centre, "from ruling where kpi_id is not null") >= 5
    assert count(centre, "from ruling where kpi_id is null") >= 5
    assert count(centre, "from ruling where decision = 'pending' and requested_at < '2026-10-01'") == 0
    assert count(centre, "from ruling where (decision = 'pending') <> (decided_at is null)") == 0
    keys = {
        "ticket": "ticket_id",
        "contact": "contact_id",
        "survey": "survey_id",
        "quality_review": "review_id",
        "violation": "violation_id",
        "order": "order_id",
        "lead": "lead_id",
    }
    unknown = sum(
        count(
            centre,
            f"from ruling where entity = '{entity}' and entity_id not in (select {key} from \"{entity}\")",
        )
        for entity, key in keys.items()
    )
    assert unknown == 1


def test_finished_months_are_signed_off_and_the_last_is_not(centre: duckdb.DuckDBPyConnection) -> None:
    assert values(centre, "select distinct period_id from sign_off") == {"2026-08", "2026-09", "2026-Q3"}


# Damage


def test_dirty_adds_the_reported_damaged_rows_and_changes_no_good_one(
    tmp_path: Path, report: GenerateReport, contract: Contract
) -> None:
    dirty = generate(out=tmp_path, seed=7, dirty=Decimal("0.02"), **SIZE)
    assert dirty.rows == report.rows
    assert dirty.files == report.files
    found: dict[str, int] = {}
    kinds: Counter[str] = Counter()
    for path in dirty.files:
        table = _table_of(path, contract)
        good = (report.out / path).read_text("utf-8").splitlines()
        header, *rows = rows_of(dirty.out / path)
        lines = (dirty.out / path).read_text("utf-8").splitlines()
        kept = []
        for line, row in zip(lines[1:], rows, strict=True):
            faults = _faults(table, header, row)
            if faults:
                found[table.full_name] = found.get(table.full_name, 0) + 1
                kinds.update(faults)
                assert len(faults) == 1, (path, line, faults)
            else:
                kept.append(line)
        assert kept == good[1:], path
    for name, rows_of_table in dirty.rows.items():
        assert found.get(name, 0) == int(Decimal(rows_of_table) * Decimal("0.02") + Decimal("0.5")), name
    reported: Counter[str] = Counter()
    for by_kind in dirty.damaged.values():
        reported.update(by_kind)
    assert kinds == reported
    assert set(kinds) == {"field_count", "time", "closed_list", "required"}
    assert dirty.damaged_count == sum(found.values())
    assert {name: sum(counts.values()) for name, counts in dirty.damaged.items()} == found


def test_a_clean_centre_reports_no_damage(report: GenerateReport) -> None:
    assert report.damaged == {}
    assert report.damaged_count == 0


def _table_of(path: Path, contract: Contract) -> ContractTable:
    return next(
        table
        for table in contract.export_tables
        if path.parts[0] == table.source and (path.stem + "_").startswith(table.name + "_")
    )


def _faults(table: ContractTable, header: list[str], row: list[str]) -> list[str]:
    """What is wrong with a row, judged by the contract alone."""
    if len(row) != len(header):
        return ["field_count"]
    faults = []
    for name, value in zip(header, row, strict=True):
        column = table.column(name)
        if not value:
            faults += ["required"] if column.is_required else []
        elif column.values and value not in column.values:
            faults.append("closed_list")
        elif column.data_type in ("timestamp", "date") and not _is_time(value):
            faults.append("time")
        elif column.data_type == "bigint":
            int(value)
        elif column.data_type.startswith("decimal"):
            Decimal(value)
        elif column.data_type == "boolean" and value not in ("true", "false"):
            faults.append("boolean")
    return faults


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


# Output folder and arguments


def test_a_rerun_replaces_its_own_files_and_leaves_nothing_behind(tmp_path: Path) -> None:
    generate(out=tmp_path, agents=20, months=3, tickets=300, seed=1)
    shorter = generate(out=tmp_path, agents=20, months=1, tickets=100, seed=2)
    present = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert present == {*shorter.files, Path(MARKER)}


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    generate(out=tmp_path, agents=20, months=1, tickets=100, seed=1)
    mine = tmp_path / "ticket" / "ticket_mine.csv"
    mine.write_text("ticket_id\nT1\n", encoding="utf-8")
    before = digests(tmp_path)
    with pytest.raises(ConfigurationError, match=r"ticket_mine\.csv"):
        generate(out=tmp_path, agents=20, months=1, tickets=100, seed=2)
    assert digests(tmp_path) == before


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "exports"
    target.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not a folder"):
        generate(out=target, agents=20, months=1, tickets=100, seed=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"agents": MINIMUM_AGENTS - 1},
        {"agents": 9001},
        {"months": 0},
        {"tickets": -1},
        {"dirty": Decimal(1)},
        {"dirty": Decimal("-0.1")},
        {"last_month": "2026"},
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    arguments: dict[str, object] = {"agents": 20, "months": 1, "tickets": 100, "seed": 1, **wrong}
    with pytest.raises(ConfigurationError) as caught:
        generate(out=tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert caught.value.exit_status == 2
    assert not (tmp_path / "out").exists()


def test_a_path_with_a_quote_and_a_centre_without_tickets_work(tmp_path: Path) -> None:
    empty = generate(out=tmp_path / "o'clock", agents=20, months=1, tickets=0, seed=1)
    assert empty.rows["ticket.ticket"] == 0
    assert (empty.out / "ticket" / "ticket.csv").read_text("utf-8").startswith("ticket_id,")
    assert empty.rows["workforce.attendance"] > 0


def test_progress_is_told_in_words(tmp_path: Path) -> None:
    told: list[str] = []
    generate(out=tmp_path, agents=20, months=1, tickets=50, seed=1, progress=told.append)
    assert "writing ticket.ticket" in told
