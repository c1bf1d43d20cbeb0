"""What the calculation starts from and what it leaves: sums over evidence, what is due, copies of rows.

How a number follows from its operands the calculation states itself (`stated`); here are sums, rows that must
be there, and columns that stand in two places. No mechanism, plan or KPI is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.audit.verify.rows import Copied, Faults, Rows

OWN_EVENT = """
    select due.*, event.event_kind, event.is_standing, event.quantity, event.segment_no as held_segment_no
    from {bonus.bonus_due} as due
    inner join {bonus.bonus_event} as event
        on due.agent_id = event.agent_id and due.period_id = event.period_id
        and is_own(due.scheme_id, due.component_role, event.scheme_id, event.role)
"""
"""Events on the days of a due component's own plan and role (S-MOVE)."""


def _evidence_faults(relation: str, kind: str) -> str:
    return f"""
        select concat_ws(' ', evidence.{kind}, evidence.evidence_model, evidence.evidence_key) as key,
            case
                when is_counted <> (exclusion_reason is null)
                    then 'is_counted and exclusion_reason contradict each other'
                when is_counted and agent_id is null then 'is counted for nobody'
                when exclusion_reason = 'ruling' and ruling_id is null
                    then 'is set aside by a ruling that it does not name'
                when ruling_id not in (select ruling_id from {{facts.fct_ruling}})
                    then 'is set aside by a ruling that is not there'
                when month_id <> strftime(event_on, '%Y-%m')
                    or (month_id is null and (event_on is null or is_counted))
                    then 'stands in month ' || coalesce(month_id, 'none') || ' though its date is '
                        || coalesce(cast(event_on as varchar), 'missing')
                when source.evidence_key is null then 'leads to no export line'
                when file is null or row_hash is null or row_number is null
                    then 'leads to an export line without file, row or hash'
            end as problem
        from {{{relation}}} as evidence
        left join {{audit.source_row}} as source using (evidence_model, evidence_key)
        where problem is not null
    """


FAULTS: Sequence[Faults] = (
    Faults(
        "evidence rows are counted or set aside with a reason, and lead to an export line",
        "kpi.kpi_evidence",
        _evidence_faults("kpi.kpi_evidence", "kpi_id"),
    ),
    Faults(
        "counted events are counted or set aside with a reason, and lead to an export line",
        "bonus.bonus_evidence",
        _evidence_faults("bonus.bonus_evidence", "event_kind"),
    ),
    Faults(
        "evidence is credited to the job history of its day",
        "kpi.kpi_evidence",
        """
        select concat_ws(' ', kpi_id, evidence_model, evidence_key) as key,
            'is counted or credited otherwise than the job history of its day says' as problem
        from {kpi.kpi_evidence} as evidence
        left join {facts.dim_agent_segment} as segment on evidence.agent_id = segment.agent_id
            and event_on >= segment_from_on and event_on < segment_to_on
        where evidence.team_id is distinct from segment.team_id
            or evidence.department is distinct from segment.department
            or is_counted <> (is_counted_for_centre and segment.agent_id is not null)
        """,
    ),
    Faults(
        "counted events are of the fact that they lead to, and of the segment of its day",
        "bonus.bonus_evidence",
        """
        with fact as (
            select 'fct_contact' as model, contact_id as key, [agent_id] as agents, started_on as day,
                invalid_reason as reason, 1 as quantity from {facts.fct_contact}
            union all
            select 'fct_ticket', ticket_id, [recording_agent_id, assignee_id], created_on, invalid_reason, 1
            from {facts.fct_ticket}
            union all
            select 'fct_quality_review', review_id, [agent_id], reviewed_on, invalid_reason, deduction_points
            from {facts.fct_quality_review}
            union all
            select 'fct_attendance', agent_id || ':' || worked_on, [agent_id], worked_on, null, 1
            from {facts.fct_attendance}
            union all
            select 'fct_recognition', recognition_id, [agent_id], occurred_on,
                case when status is distinct from 'accepted' then coalesce(status, 'pending') end, points
            from {facts.fct_recognition}
        ),
        judged as (
            select event.*, fact.* exclude (quantity, reason), fact.quantity as own_quantity,
                segment.month_id as held_month_id, segment.segment_no as held_segment_no,
                case
                    when event_on > context.as_of_on then 'future'
                    when event_on < first.starts_on then 'before_first_period'
                    when fact.reason is not null then fact.reason
                    when event.agent_id is null then 'no_agent'
                    when segment.agent_id is null then 'unknown_agent'
                end as reason
            from {bonus.bonus_evidence} as event
            cross join {facts.dim_run_context} as context
            cross join (
                select min(starts_on) as starts_on from {facts.dim_period} where period_kind = 'month'
            ) as first
            left join fact on evidence_model = fact.model and evidence_key = fact.key
            left join {facts.dim_agent_month_segment} as segment on event.agent_id = segment.agent_id
                and event_on between first_day_on and segment.last_day_on
        )
        select concat_ws(' ', event_kind, evidence_model, evidence_key) as key,
            'is of another agent, day or quantity than its fact, or counts otherwise than they say' as problem
        from judged
        where judged.key is null or event_on is distinct from day
            or not coalesce(list_contains(agents, agent_id), agent_id is null)
            or (quantity <> 1 and quantity is distinct from coalesce(own_quantity, 0))
            or exclusion_reason is distinct from reason or month_id is distinct from held_month_id
            or segment_no is distinct from held_segment_no
        """,
    ),
    Faults(
        "facts that pay counts are all among the counted events",
        "bonus.bonus_evidence",
        """
        with fact as (
            select 'fct_contact' as evidence_model, contact_id as evidence_key, 'contact_' || channel as kind
            from {facts.fct_contact} where is_answered
            union all
            select 'fct_ticket', ticket_id, null from {facts.fct_ticket}
            union all
            select 'fct_quality_review', review_id, null from {facts.fct_quality_review}
            union all
            select 'fct_attendance', agent_id || ':' || worked_on, 'attendance_' || status
            from {facts.fct_attendance}
            union all
            select 'fct_recognition', recognition_id, kind from {facts.fct_recognition}
        ),
        counted as (
            select evidence_model, evidence_key, list(event_kind) as kinds from {bonus.bonus_evidence}
                group by all
        )
        select concat_ws(' ', kind, evidence_model, evidence_key) as key,
            'is not counted, nor set aside' as problem
        from fact left join counted using (evidence_model, evidence_key)
        where kinds is null or not coalesce(list_contains(kinds, kind), true)
        """,
    ),
    Faults(
        "scored where observed often enough, and of a weight",
        "score.score_line",
        """
        select concat_ws(':', agent_id, line.period_id, line.block, line.kpi_id) as key,
            'is scored or not otherwise than its policy row says' as problem
        from {score.score_line} as line
        inner join {score.score_place} as place using (agent_id, period_id)
        inner join {policy.policy_score_kpi} as policy on line.period_id = policy.period_id
            and place.scheme_id = policy.scheme_id and line.kpi_id = policy.kpi_id
            and line.block = policy.block and policy.role in ('*', place.role)
        where line.weight is distinct from cast(block_weight * kpi_weight as decimal(38, 6))
            or is_scored <> coalesce(
                value is not null and denominator >= min_sample and block_weight > 0 and kpi_weight > 0, false
            )
        """,
    ),
    Faults(
        "what is counted is paid by days where it holds throughout, and only there",
        "bonus.bonus_due",
        """
        with counted as (
            select component_id, period_id, bool_and(is_standing) as is_standing
            from {bonus.bonus_tally_line} as line
            inner join {policy.policy_event_kind} as kind using (period_id, event_kind)
            group by all
        )
        select concat_ws(':', agent_id, period_id, component_id, segment_no) as key,
            'is paid by days though it counts events, or the other way round' as problem
        from {bonus.bonus_due} as due inner join counted using (component_id, period_id)
        where is_standing <> (period_day_count > 1)
        """,
    ),
    Faults(
        "a line has the clause of its component or of a row of its tables",
        "bonus.bonus_line_computed",
        """
        select 'bonus_line_id=' || bonus_line_id as key, 'rests on a clause of neither' as problem
        from {bonus.bonus_line_computed} as line
        anti join (
            select component_id, period_id, clause_id from {policy.policy_component}
            union all
            select component_id, period_id, clause_id from {policy.policy_component_rate}
            union all
            select due.component_id, due.period_id, coefficient.clause_id
            from {bonus.bonus_due} as due
            inner join {bonus.bonus_coefficient} as coefficient using (agent_id, period_id, scheme_id)
        ) as known using (component_id, period_id, clause_id)
        """,
    ),
)

SUMS: Sequence[Rows] = (
    Rows(
        "observation = sum of evidence",
        "kpi.kpi_observation",
        """
        with monthly as (
            select agent_id, month_id, kpi_id, sum(numerator) filter (is_counted) as numerator,
                sum(denominator) filter (is_counted) as denominator,
                count_if(not is_counted and exclusion_reason is distinct from 'pending') as set_aside_count,
                count_if(not is_counted and exclusion_reason = 'pending') as pending_count
            from {kpi.kpi_evidence} group by all
        ),
        total as (
            select agent_id, period_id, kpi_id, sum(numerator) as numerator, sum(denominator) as denominator,
                sum(set_aside_count) as set_aside_count, sum(pending_count) as pending_count
            from monthly inner join {facts.dim_period_month} using (month_id) group by all
        ),
        observed as (
            select place.agent_id, place.period_id, policy.kpi_id, period.has_ended,
                policy.aggregation = 'sum' as is_sum, coalesce(numerator, 0) as numerator,
                case when is_sum then 1 else coalesce(denominator, 0) end as denominator,
                coalesce(set_aside_count, 0) as set_aside_count, coalesce(pending_count, 0) as pending_count
            from {facts.dim_agent_period} as place
            inner join {facts.dim_period} as period using (period_id)
            inner join {policy.policy_kpi_period} as policy using (period_id)
            left join total using (agent_id, period_id, kpi_id)
            where (period_id, 'kpi', policy.kpi_id) not in (
                select (period_id, subject_kind, subject_id) from {policy.policy_absent_export}
            )
        )
        select agent_id, period_id, kpi_id, numerator, denominator, set_aside_count, pending_count,
            exact_ratio(numerator, denominator) as value,
            maturity_of(has_ended and pending_count = 0) as maturity
        from observed
        where is_sum or denominator > 0 or set_aside_count > 0 or pending_count > 0
        """,
    ),
    Rows(
        "group observation = sum of evidence",
        "kpi.kpi_group_observation",
        """
        with monthly as (
            select team_id, department, month_id, kpi_id, is_counted, sum(numerator) as numerator,
                sum(denominator) as denominator
            from {kpi.kpi_evidence} where is_counted_for_centre group by all
        ),
        grouped as (
            select 'team' as group_kind, coalesce(team_id, '') as group_id, * from monthly where is_counted
            union all
            select 'department', coalesce(department, ''), * from monthly where is_counted
            union all
            select 'centre', 'centre', * from monthly
        ),
        total as (
            select group_kind, group_id, period_id, kpi_id, sum(grouped.numerator) as numerator,
                case when any_value(aggregation) = 'sum' then 1 else sum(grouped.denominator) end
                    as denominator
            from grouped
            inner join {facts.dim_period_month} using (month_id)
            inner join {policy.policy_kpi_period} as policy using (period_id, kpi_id)
            where (period_id, 'kpi', kpi_id) not in (
                select (period_id, subject_kind, subject_id) from {policy.policy_absent_export}
            )
            group by group_kind, group_id, period_id, kpi_id
        )
        select *, exact_ratio(numerator, denominator) as value from total
        """,
    ),
    Rows(
        "rating = mean of the period's ratings, else of its months'",
        "score.score_rating",
        """
        with rated as (
            select period_id as rated_id, agent_id, dimension, sum(score) as numerator,
                count(*) as denominator
            from {facts.fct_rating} group by all
        ),
        either as (
            select agent_id, dimension, rated_id as period_id, true as is_own, numerator, denominator
            from rated
            union all
            select agent_id, dimension, months.period_id, false, sum(numerator), sum(denominator)
            from rated inner join {facts.dim_period_month} as months on rated_id = month_id group by all
        )
        select agent_id, period_id, dimension, numerator, denominator,
            exact_ratio(numerator, denominator) as value, maturity_of(period.has_ended) as maturity
        from either inner join {facts.dim_period} as period using (period_id)
        qualify row_number() over (partition by agent_id, period_id, dimension order by is_own desc) = 1
        """,
    ),
    Rows(
        "measure of a year = totals of its quarters, or the centre's",
        "score.score_line",
        """
        with quarter_of_year as (
            select distinct quarter.period_id as quarter_id, year.period_id as year_id
            from {facts.dim_period_month} as quarter
            inner join {facts.dim_period_month} as year using (month_id)
            where quarter.period_kind = 'quarter' and year.period_kind = 'year'
        ),
        measured as (
            select agent_id, year_id as period_id, kind, cast(null as varchar) as kpi_id,
                sum(total_score) as numerator, count(*) as denominator,
                bool_and(has_ended and maturity = 'final') as is_final
            from {score.score} as score
            inner join quarter_of_year on score.period_id = quarter_id
            inner join {facts.dim_period} as year on year_id = year.period_id
            cross join (select 'total' as kind)
            where total_score is not null group by all
            union all
            select agent_id, period_id, 'centre', kpi_id, numerator, denominator, has_ended
            from {kpi.kpi_group_observation} as centre
            inner join {facts.dim_agent_period} as place using (period_id)
            inner join {facts.dim_period} as period using (period_id) where group_kind = 'centre'
        )
        select line.agent_id, line.period_id, line.block, line.kpi_id, measured.numerator,
            measured.denominator, exact_ratio(measured.numerator, measured.denominator) as value,
            maturity_of(coalesce(measured.is_final, period.has_ended)) as maturity
        from {score.score_line} as line
        inner join {facts.dim_period} as period using (period_id)
        inner join {policy.policy_score_measure} as measure
            on line.period_id = measure.period_id and line.kpi_id = measure.measure_id
        left join measured on line.agent_id = measured.agent_id and line.period_id = measured.period_id
            and measure.kind = measured.kind and coalesce('centre_' || measured.kpi_id = measure_id, true)
        where measure.kind in ('total', 'centre')
        """,
        part="""kpi_id in (
            select measure_id from {policy.policy_score_measure} where kind in ('total', 'centre')
        )""",
    ),
    Rows(
        "scored under the last plan held that has a score",
        "score.score_place",
        """
        select agent_id, period_id, period_kind, scheme_id, role, team_id, last_day_on
        from {facts.dim_agent_period_segment}
        where (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_score_kpi})
        qualify row_number() over (partition by agent_id, period_id order by segment_no desc) = 1
        """,
    ),
    Rows(
        "score = its place, what it awaits and its lines",
        "score.score",
        """
        with line as (
            select agent_id, line.period_id, bool_or(is_scored) as is_scored,
                bool_and(maturity = 'final') as is_final, bool_or(is_scored and kind = 'total')
                    as is_of_quarters
            from {score.score_line} as line
            left join {policy.policy_score_measure} as measure
                on line.kpi_id = measure.measure_id and line.period_id = measure.period_id
            group by all
        ),
        -- CG-06: a year that rests on quarters awaits its review as long as they do.
        unreviewed as (
            select distinct quarter.agent_id, months.period_id, true as is_unreviewed
            from {score.score} as quarter
            inner join {facts.dim_period_month} as own on quarter.period_id = own.period_id
            inner join {facts.dim_period_month} as months on own.month_id = months.month_id
            where quarter.status = 'awaiting_review' and quarter.period_kind = 'quarter'
                and months.period_kind = 'year'
        )
        select place.agent_id, place.period_id,
            case when rating.value is null then 0 else coalesce(scheme.supervisor_share, 0) end
                as supervisor_share,
            case when collaboration_score is null then 0 else coalesce(scheme.collaboration_share, 0) end
                as collaboration_share,
            case
                when not line.is_scored then 'insufficient_data'
                when (scheme.supervisor_share > 0 and rating.value is null)
                    or (is_of_quarters and is_unreviewed) then 'awaiting_review'
                else 'scored'
            end as status,
            maturity_of(line.is_final) as maturity
        from {score.score_place} as place
        inner join line using (agent_id, period_id)
        inner join {policy.policy_scheme} as scheme using (period_id, scheme_id)
        left join unreviewed using (agent_id, period_id)
        left join {score.score_rating} as rating on place.agent_id = rating.agent_id
            and place.period_id = rating.period_id and rating.dimension = 'supervisor'
        left join {score.score} as score
            on place.agent_id = score.agent_id and place.period_id = score.period_id
        """,
    ),
    Rows(
        "rank among all of the cohort",
        "grade.grade",
        """
        with candidate as (
            select score.*, scheme.min_group_size, concat_ws(':', score.scheme_id,
                case cohort_scope when 'role' then coalesce(role, '') else '*' end, score.period_id)
                    as cohort_id
            from {score.score} as score
            inner join {policy.policy_scheme} as scheme using (period_id, scheme_id)
            where (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_grade_band})
        )
        select agent_id, period_id, cohort_id, count(total_score) over cohort as cohort_size,
            case when total_score is not null then
                rank() over (partition by cohort_id order by total_score desc nulls last) end as rank,
            case when rank is null then null when cohort_size >= min_group_size and (period_id, scheme_id) in
                (
                select (period_id, scheme_id) from {policy.policy_grade_band} where method = 'forced'
            ) then 'forced' else 'absolute' end as method
        from candidate window cohort as (partition by cohort_id)
        """,
    ),
    Rows(
        "event = sum of counted evidence",
        "bonus.bonus_event",
        """
        with standing as (
            select event_kind, period_id, level, source_tables from {policy.policy_event_kind}
            where is_standing
        ),
        events as (
            select event.agent_id, segment.period_id, segment.segment_no, event_kind, sum(quantity)
                as quantity,
                count(*) as row_count, min(event_on) as first_event_on, 'bonus_evidence' as input_model
            from {bonus.bonus_evidence} as event
            inner join {facts.dim_period_month} as months using (month_id)
            inner join {facts.dim_agent_period_segment} as segment on event.agent_id = segment.agent_id
                and months.period_id = segment.period_id
                and event_on between segment.first_day_on and segment.last_day_on
            where is_counted group by all
            union all
            -- What holds of every month: being in service, or at a level; and how the agent was rated.
            select agent_id, period_id, segment_no, event_kind, count(*), count(*), null,
                'dim_agent_period_segment'
            from {facts.dim_agent_period_segment} as segment
            inner join {facts.dim_period_month} using (period_id)
            inner join standing using (period_id)
            where segment.level = standing.level
                or (standing.level is null and source_tables = 'workforce.agent')
            group by all
            union all
            select agent_id, period_id, segment_no, event_kind, sum(value), sum(denominator), null,
                'score_rating'
            from {facts.dim_agent_period_segment}
            inner join {facts.dim_period_month} as months using (period_id)
            inner join standing using (period_id)
            inner join (select * rename (period_id as month_id) from {score.score_rating}) as rating
                using (agent_id, month_id)
            where event_kind = dimension || '_score' group by all
        )
        select events.* from events
        where (period_id, event_kind) in (select (period_id, event_kind) from {policy.policy_event_kind})
        """,
    ),
    Rows(
        "what is counted = events of the own days",
        "bonus.bonus_tally_line",
        f"""
        select line.agent_id, line.period_id, line.component_id, line.segment_no, line.event_kind,
            case when any_value(has_export) then coalesce(sum(case when is_standing and not is_by_segment
                then exact_ratio(event.quantity * held.day_count, held.period_day_count)
                    else event.quantity end
            ), 0) end as event_quantity
        from {{bonus.bonus_tally_line}} as line
        left join ({OWN_EVENT}) as event on line.agent_id = event.agent_id
            and line.period_id = event.period_id
            and line.component_id = event.component_id and line.segment_no = event.segment_no
            and line.event_kind = event.event_kind
            and (not is_by_segment or event.segment_no = held_segment_no)
        left join {{facts.dim_agent_period_segment}} as held on line.agent_id = held.agent_id
            and line.period_id = held.period_id and held_segment_no = held.segment_no
        group by all
        """,
    ),
    Rows(
        "what a condition looks at = events of the own days",
        "bonus.bonus_gate",
        f"""
        select gate.agent_id, gate.period_id, gate.component_id, gate.segment_no, gate.event_kind,
            gate.comparison, case when any_value(status) <> 'no_export' then coalesce(
                max(event.quantity) filter (is_standing), sum(event.quantity), 0
            ) end as event_quantity
        from {{bonus.bonus_gate}} as gate
        left join ({OWN_EVENT}) as event on gate.agent_id = event.agent_id
            and gate.period_id = event.period_id
            and gate.component_id = event.component_id and gate.segment_no = event.segment_no
            and gate.event_kind = event.event_kind
        group by all
        """,
    ),
    Rows(
        "observation of the own days = observation of the month, or its evidence",
        "bonus.bonus_own_observation",
        """
        with own_month as (
            select due.agent_id, due.period_id, due.component_id, segment.month_id,
                sum(segment.day_count) as own_day_count, list(segment.segment_no) as segments
            from {bonus.bonus_due} as due
            inner join {facts.dim_period_month} as months using (period_id)
            inner join {facts.dim_agent_month_segment} as segment
                on due.agent_id = segment.agent_id and months.month_id = segment.month_id
                and is_own(due.scheme_id, due.component_role, segment.scheme_id, segment.role)
            group by all
        ),
        -- Which KPI a component reads is the same for all to whom it is due.
        asked as (
            select own_month.*, kpi.kpi_id, service_day_count, numerator, denominator, is_sum,
                own_day_count < service_day_count as is_part
            from own_month
            inner join (
                select distinct component_id, period_id, kpi_id, is_sum from {bonus.bonus_own_observation}
            ) as kpi using (component_id, period_id)
            inner join {facts.dim_agent_period} as place
                on own_month.agent_id = place.agent_id and month_id = place.period_id
            inner join {kpi.kpi_observation} as observation on own_month.agent_id = observation.agent_id
                and month_id = observation.period_id and kpi.kpi_id = observation.kpi_id
        ),
        part as (
            select asked.agent_id, asked.period_id, component_id, asked.kpi_id, asked.month_id,
                sum(evidence.numerator) as numerator, sum(evidence.denominator) as denominator
            from asked
            inner join {facts.dim_agent_month_segment} as segment on asked.agent_id = segment.agent_id
                and asked.month_id = segment.month_id and list_contains(segments, segment.segment_no)
            inner join {kpi.kpi_evidence} as evidence on asked.agent_id = evidence.agent_id and is_counted
                and asked.kpi_id = evidence.kpi_id and event_on between first_day_on and last_day_on
            where is_part group by all
        )
        select asked.* exclude (segments, numerator, denominator, is_part),
            case when is_part then coalesce(part.numerator, 0) else asked.numerator end as numerator,
            case when is_part and not is_sum then coalesce(part.denominator, 0) else asked.denominator end
                as denominator
        from asked left join part using (agent_id, period_id, component_id, kpi_id, month_id)
        """,
    ),
    Rows(
        "points deducted by reviews and by bands of KPIs on the own days",
        "bonus.bonus_deduction",
        f"""
        with due as (
            select due.* from {{bonus.bonus_due}} as due
            where (component_id, period_id) in (select (component_id, period_id)
                from {{bonus.bonus_deduction}})
        ),
        reviewed as (
            select agent_id, period_id, component_id, sum(quantity) as points from ({OWN_EVENT})
            where event_kind in (
                select event_kind from {{bonus.bonus_evidence}} where evidence_model = 'fct_quality_review'
            ) group by all
        ),
        observed as (
            select agent_id, period_id, component_id, kpi_id, sum(numerator) as n,
                case when is_sum then 1 else sum(denominator) end as d
            from {{bonus.bonus_own_observation}} group by agent_id, period_id, component_id, kpi_id, is_sum
        )
        select agent_id, period_id, component_id, 'quality_review' as source,
            coalesce(points, 0) as deduction_points, null as kpi_value
        from due left join reviewed using (agent_id, period_id, component_id)
        union all
        select agent_id, period_id, component_id, kpi_id, rate.rate, exact_ratio(n, d)
        from due inner join observed using (agent_id, period_id, component_id)
        inner join {{policy.policy_component_rate}} as rate using (component_id, period_id)
        where kpi_id = rate.rate_key and d > 0
            and is_in_band(millionths(n), d, lower_bound, upper_bound, band_side = 'upper', is_first_band)
        """,
        part="deduction_points is not null",
    ),
    Rows(
        "points deducted = their sum",
        "bonus.bonus_coefficient",
        """
        select coefficient.agent_id, coefficient.period_id, coefficient.component_id,
            case when coalesce(bool_and(deduction.deduction_points is not null) filter (source is not null),
                true)
                then coalesce(sum(deduction.deduction_points), 0) end as deduction_points
        from {bonus.bonus_coefficient} as coefficient
        left join {bonus.bonus_deduction} as deduction using (agent_id, period_id, scheme_id) group by all
        """,
    ),
)

COPIES: Sequence[Copied] = (
    Copied("kpi.kpi_observation", "facts.dim_period", "period_id"),
    Copied("kpi.kpi_group_observation", "facts.dim_period", "period_id"),
    Copied("score.score_rating", "facts.dim_period", "period_id"),
    Copied(
        "score.score_line",
        "kpi.kpi_observation",
        "agent_id period_id kpi_id",
        part="own.numerator is not null and own.kpi_id in (select kpi_id from {policy.policy_kpi_period})",
    ),
    Copied(
        "score.score_line",
        "score.score_rating",
        "agent_id period_id kpi_id=dimension",
        part="own.numerator is not null and own.kpi_id in ("
        "select measure_id from {policy.policy_score_measure} where kind = 'rating')",
    ),
    Copied("score.score_line", "score.score_place", "agent_id period_id"),
    Copied("score.score_line", "policy.policy_score_kpi", "period_id scheme_id block kpi_id"),
    Copied("score.score", "score.score_place", "agent_id period_id"),
    Copied("grade.grade", "score.score", "agent_id period_id"),
    Copied(
        "grade.grade",
        "policy.policy_grade_band",
        "period_id scheme_id method grade",
        part="own.grade is not null",
    ),
    Copied("grade.grade_by_plan", "score.score", "agent_id period_id"),
    Copied("bonus.bonus_event", "facts.dim_agent_period_segment", "agent_id period_id segment_no"),
    Copied("bonus.bonus_event", "policy.policy_event_kind", "period_id event_kind"),
    Copied(
        "bonus.bonus_gate", "policy.policy_component_event", "period_id component_id event_kind comparison"
    ),
)
