-- Grain: one due component, one segment, that pays nothing, or not all, for want of data: why, and what is lacking.

{# S-EXPORT: pay that would rest on a table that never came is not paid (no_export); nor is what a table of rates cannot
   find for want of an attribute of the job history (no_attribute, no_rate_row), nor a share of such a base (no_base).
   What was counted and came to nothing is said with what it came to. What is not paid is stated where the plan states
   one amount: nothing is worked out for it. #}

with

due as (
    select * from {{ ref('bonus_due') }}
),

absent as (
    select
        period_id,
        subject_kind,
        subject_id,
        min(table_name) as table_name
    from {{ ref('policy_absent_export') }}
    group by period_id, subject_kind, subject_id
),

metric as (
    select
        component_id,
        period_id,
        text_value as kpi_id
    from {{ ref('policy_component_parameter') }}
    where parameter = 'metric'
),

no_export as (
    select
        tally.agent_id,
        tally.period_id,
        tally.component_id,
        tally.segment_no,
        counted.event_kind as subject_id
    from {{ ref('bonus_tally') }} as tally
    inner join (
        select
            agent_id,
            period_id,
            component_id,
            segment_no,
            event_kind
        from {{ ref('bonus_tally_line') }}
        where not has_export
        union all
        select
            agent_id,
            period_id,
            component_id,
            segment_no,
            event_kind
        from {{ ref('bonus_gate') }}
        where status = 'no_export'
    ) as counted
        on
            tally.agent_id = counted.agent_id
            and tally.period_id = counted.period_id
            and tally.component_id = counted.component_id
            and tally.segment_no = counted.segment_no
    union all
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        'qa_deduction' as subject_id
    from due
    inner join {{ ref('bonus_coefficient') }} as coefficient
        on
            due.agent_id = coefficient.agent_id
            and due.period_id = coefficient.period_id
            and due.component_id = coefficient.component_id
    where coefficient.status = 'no_export'
    union all
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        coalesce(metric.kpi_id, due.basis) as subject_id
    from due
    left join metric
        on
            due.component_id = metric.component_id
            and due.period_id = metric.period_id
    where due.mechanism in ('commission', 'threshold', 'top_n', 'improvement')
    union all
    -- No score at all, and nothing to score by.
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        score_line.kpi_id as subject_id
    from due
    inner join {{ ref('score_line') }} as score_line
        on
            due.agent_id = score_line.agent_id
            and due.period_id = score_line.period_id
            and score_line.unscored_reason = 'no_export'
    where due.mechanism in ('graded', 'scored') and due.total_score is null
),

lacking_export as (
    select
        no_export.agent_id,
        no_export.period_id,
        no_export.component_id,
        no_export.segment_no,
        'no_export' as reason,
        min(absent.table_name) as lacks
    from no_export
    inner join absent
        on
            no_export.period_id = absent.period_id
            and no_export.subject_id = absent.subject_id
    group by no_export.agent_id, no_export.period_id, no_export.component_id, no_export.segment_no
),

-- Segments that have the base of which they are paid a share.
based as (
    select distinct
        agent_id,
        period_id,
        component_id,
        segment_no
    from {{ ref('bonus_scored_base') }}
),

-- Monthly bases as the last month of a period names them.
monthly_base as (
    select
        period_month.period_id,
        component.component_id,
        component.label_en,
        component.label_zh,
        row_number() over (
            partition by period_month.period_id, component.component_id
            order by period_month.month_id desc nulls last
        ) as recency
    from {{ ref('policy_component') }} as component
    inner join {{ ref('dim_period_month') }} as period_month
        on component.period_id = period_month.month_id
    where component.mechanism = 'fixed' and component.period_kind = 'month'
),

-- What a row of the table is for. Joined by itself: beside a condition, DuckDB hashes no column of an outer join.
with_row as (
    select distinct
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no
    from due
    inner join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
            and due.rate_key = rate.rate_key
            and {{ in_band('due.band_value', 'rate') }}
),

lacking_row as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        case
            when due.basis = 'base_salary' then 'no_attribute'
            when base_component.component_id is not null then 'no_base'
            when due.rate_key is null then 'no_attribute'
            else 'no_rate_row'
        end as reason,
        case
            when due.basis = 'base_salary' then 'workforce.agent.base_salary'
            when base_component.component_id is not null then due.basis
            when due.rate_key is null then 'workforce.agent.' || component.key_attribute
            else component.key_attribute || ' ' || due.rate_key
        end as lacks,
        base_component.label_en as base_en,
        base_component.label_zh as base_zh
    from due
    inner join {{ ref('policy_component') }} as component
        on
            due.component_id = component.component_id
            and due.period_id = component.period_id
    left join monthly_base as base_component
        on
            case when due.mechanism = 'scored' then due.basis end = base_component.component_id
            and due.period_id = base_component.period_id
            and base_component.recency = 1
    left join based
        on
            due.agent_id = based.agent_id
            and due.period_id = based.period_id
            and due.component_id = based.component_id
            and due.segment_no = based.segment_no
    left join with_row
        on
            due.agent_id = with_row.agent_id
            and due.period_id = with_row.period_id
            and due.component_id = with_row.component_id
            and due.segment_no = with_row.segment_no
    where
        (due.mechanism in ('graded', 'scored') and due.basis = 'base_salary' and due.base_salary_cny is null)
        or (due.mechanism = 'scored' and base_component.component_id is not null and based.agent_id is null)
        or (
            (due.mechanism in ('fixed', 'per_event') or (due.mechanism = 'scored' and due.basis = 'rate_table'))
            and coalesce(component.key_attribute, '') <> 'grade'
            and with_row.agent_id is null
        )
),

-- The first day of what a shut gate counts: of the component's own days alone, as the gate counts them (S-MOVE).
gate_event as (
    select
        gate.agent_id,
        gate.period_id,
        gate.component_id,
        gate.segment_no,
        gate.event_kind,
        min(event.first_event_on) as first_event_on
    from {{ ref('bonus_gate') }} as gate
    inner join {{ ref('bonus_own_event') }} as own_event
        on
            gate.agent_id = own_event.agent_id
            and gate.period_id = own_event.period_id
            and gate.component_id = own_event.component_id
            and gate.segment_no = own_event.segment_no
            and gate.event_kind = own_event.event_kind
    inner join {{ ref('bonus_event') }} as event
        on
            own_event.agent_id = event.agent_id
            and own_event.period_id = event.period_id
            and own_event.event_segment_no = event.segment_no
            and own_event.event_kind = event.event_kind
    where gate.status = 'not_met'
    group by gate.agent_id, gate.period_id, gate.component_id, gate.segment_no, gate.event_kind
),

-- The gate that is shut, of several the first by name.
shut_gate as (
    select
        gate.agent_id,
        gate.period_id,
        gate.component_id,
        gate.segment_no,
        kind.label_en,
        kind.label_zh,
        gate.event_quantity,
        gate.comparison,
        gate.threshold_value,
        event.first_event_on,
        -- Not one is allowed: the day of the first says it, with the count where there are more.
        gate.comparison = 'at_most' and gate.threshold_value = 0 and event.first_event_on is not null as is_of_any,
        row_number() over (
            partition by gate.agent_id, gate.period_id, gate.component_id, gate.segment_no
            order by gate.event_kind asc nulls last, gate.comparison asc nulls last
        ) as gate_order,
        count(*) over (
            partition by gate.agent_id, gate.period_id, gate.component_id, gate.segment_no
        ) - 1 as other_count
    from {{ ref('bonus_gate') }} as gate
    left join {{ ref('policy_event_kind') }} as kind
        on
            gate.period_id = kind.period_id
            and gate.event_kind = kind.event_kind
    left join gate_event as event
        on
            gate.agent_id = event.agent_id
            and gate.period_id = event.period_id
            and gate.component_id = event.component_id
            and gate.segment_no = event.segment_no
            and gate.event_kind = event.event_kind
    where gate.status = 'not_met'
),

-- Due, not paid, and nothing lacking: what was counted, compared or ranked and came to nothing.
without_line as (
    select due.*
    from due
    left join {{ ref('bonus_line_stated') }} as line
        on
            due.agent_id = line.agent_id
            and due.period_id = line.period_id
            and due.component_id = line.component_id
            and due.segment_no = line.segment_no
    left join lacking_export
        on
            due.agent_id = lacking_export.agent_id
            and due.period_id = lacking_export.period_id
            and due.component_id = lacking_export.component_id
            and due.segment_no = lacking_export.segment_no
    left join lacking_row
        on
            due.agent_id = lacking_row.agent_id
            and due.period_id = lacking_row.period_id
            and due.component_id = lacking_row.component_id
            and due.segment_no = lacking_row.segment_no
    where
        line.agent_id is null
        and lacking_export.agent_id is null
        and lacking_row.agent_id is null
),

award as (
    select
        award.component_id,
        award.period_id,
        award.subject,
        award.min_sample,
        award.max_service_months,
        scheme.min_service_share,
        case award.basis
            when 'score' then 'total score'
            when 'attainment' then 'attainment'
            else coalesce(kpi.name_en, award.basis)
        end as measure_en,
        case award.basis
            when 'score' then '总分'
            when 'attainment' then '达成率'
            else coalesce(kpi.name_zh, award.basis)
        end as measure_zh,
        period.ends_on,
        period.day_count,
        period.previous_period_id
    from {{ ref('policy_award') }} as award
    inner join {{ ref('policy_scheme') }} as scheme
        on
            award.period_id = scheme.period_id
            and award.scheme_id = scheme.scheme_id
    inner join {{ ref('dim_period') }} as period
        on award.period_id = period.period_id
    left join {{ ref('policy_kpi_period') }} as kpi
        on
            award.period_id = kpi.period_id
            and award.basis = kpi.kpi_id
),

-- Why somebody has no rank of their own, as bonus_candidate decides it; of an award of teams, what the team came to.
unranked as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        award.subject,
        case
            when award.subject = 'team' and due.team_id is null then 'of no team'
            when award.subject = 'team' and team_candidate.left_out = 'no_department'
                then 'no export of teams says the department of the team'
            when award.subject = 'team' and team.rank is null then 'the team is not ranked'
            when award.subject = 'team' and team.is_awarded
                then 'the team has rank ' || cast(team.rank as string) || ' and is awarded'
            when award.subject = 'team'
                then 'the team has rank ' || cast(team.rank as string) || ', which earns nothing'
            else case candidate.left_out
                when 'not_on_last_day'
                    then 'not on the plan on ' || cast(award.ends_on as string) || ', the last day of the period'
                when 'too_few_days'
                    then
                        cast(candidate.plan_day_count as string) || ' of ' || cast(award.day_count as string)
                        || ' days on the plan, a share below ' || {{ said('award.min_service_share') }}
                when 'too_long_in_service'
                    then
                        'hired on ' || cast(due.hired_on as string) || ', it is for the first '
                        || cast(award.max_service_months as string) || ' months of service'
                when 'no_value' then 'no ' || award.measure_en || ' to rank by'
                when 'too_few_cases'
                    then
                        award.measure_en || ' on ' || cast(candidate.case_count as string) || ' of the '
                        || cast(award.min_sample as string) || ' cases that it takes'
                when 'no_period_before' then 'there is no period before to compare with'
                when 'not_on_plan_before' then 'not on the plan at the end of ' || award.previous_period_id
                when 'no_value_before' then 'no ' || award.measure_en || ' of ' || award.previous_period_id
                when 'too_few_cases_before'
                    then
                        award.measure_en || ' of ' || award.previous_period_id || ' on '
                        || cast(candidate.previous_case_count as string) || ' of the '
                        || cast(award.min_sample as string) || ' cases that it takes'
                when 'nothing_to_share'
                    then
                        award.measure_en || ' of ' || award.previous_period_id
                        || ' is not above 0, nothing is a share of it'
                when 'no_gain' then 'no better ' || award.measure_en || ' than in ' || award.previous_period_id
            end
        end as lacks,
        case
            when award.subject = 'team' and due.team_id is null then '未归属团队'
            when award.subject = 'team' and team_candidate.left_out = 'no_department'
                then '团队导出未写明所在团队的部门'
            when award.subject = 'team' and team.rank is null then '所在团队未参与排名'
            when award.subject = 'team' and team.is_awarded
                then '所在团队第 ' || cast(team.rank as string) || ' 名，已获奖'
            when award.subject = 'team'
                then '所在团队第 ' || cast(team.rank as string) || ' 名，无奖金'
            else case candidate.left_out
                when 'not_on_last_day' then '期末日 ' || cast(award.ends_on as string) || ' 不在该方案'
                when 'too_few_days'
                    then
                        '在该方案 ' || cast(candidate.plan_day_count as string) || ' 天（共 '
                        || cast(award.day_count as string) || ' 天），占比低于 '
                        || {{ said('award.min_service_share') }}
                when 'too_long_in_service'
                    then
                        '入职日 ' || cast(due.hired_on as string) || '，仅限入职 '
                        || cast(award.max_service_months as string) || ' 个月内'
                when 'no_value' then '无' || award.measure_zh
                when 'too_few_cases'
                    then
                        award.measure_zh || '样本 ' || cast(candidate.case_count as string) || '，少于 '
                        || cast(award.min_sample as string)
                when 'no_period_before' then '没有可比的上一期'
                when 'not_on_plan_before' then award.previous_period_id || ' 期末不在该方案'
                when 'no_value_before' then award.previous_period_id || ' 无' || award.measure_zh
                when 'too_few_cases_before'
                    then
                        award.previous_period_id || ' ' || award.measure_zh || '样本 '
                        || cast(candidate.previous_case_count as string) || '，少于 '
                        || cast(award.min_sample as string)
                when 'nothing_to_share'
                    then award.previous_period_id || ' ' || award.measure_zh || '不大于 0，无法计算提升幅度'
                when 'no_gain' then award.measure_zh || '较 ' || award.previous_period_id || ' 无提升'
            end
        end as lacks_zh
    from without_line as due
    inner join award
        on
            due.component_id = award.component_id
            and due.period_id = award.period_id
    left join {{ ref('bonus_ranking') }} as team
        on
            due.team_id = team.subject_id
            and due.period_id = team.period_id
            and due.component_id = team.component_id
            and team.subject = 'team'
    left join {{ ref('bonus_candidate') }} as team_candidate
        on
            due.team_id = team_candidate.subject_id
            and due.period_id = team_candidate.period_id
            and due.component_id = team_candidate.component_id
            and team_candidate.subject = 'team'
    left join {{ ref('bonus_candidate') }} as candidate
        on
            due.agent_id = candidate.subject_id
            and due.period_id = candidate.period_id
            and due.component_id = candidate.component_id
            and candidate.subject = 'agent'
),

came_to_nothing as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        case
            when due.mechanism = 'points' and due.basis in ('deduction', 'no_pay', 'floor') then 'not_needed'
            when due.mechanism in ('commission', 'threshold') and attainment.status = 'no_target' then 'no_target'
            when due.mechanism in ('commission', 'threshold') then 'below_threshold'
            when due.mechanism in ('graded', 'scored') and due.total_score is null then 'no_score'
            when due.mechanism in ('graded', 'scored') then 'no_rate_row'
            when shut_gate.agent_id is not null then 'not_met'
            when due.mechanism in ('per_event', 'points') then 'nothing_counted'
            when ranking.subject_id is not null then 'not_awarded'
            when unranked.subject = 'team' then 'of_a_team'
            when due.mechanism in ('top_n', 'improvement') then 'not_ranked'
            else 'nothing_due'
        end as reason,
        case
            when due.mechanism in ('commission', 'threshold') and attainment.status = 'no_target'
                then attainment.kpi_id
            when due.mechanism in ('commission', 'threshold') then cast(attainment.attainment as string)
            when due.mechanism in ('graded', 'scored') and due.total_score is null then due.score_status
            when due.mechanism = 'graded' then 'grade ' || coalesce(due.grade, '')
            when due.mechanism = 'scored' then 'score ' || cast(due.total_score as string)
            when shut_gate.agent_id is not null
                then
                    shut_gate.label_en || case
                        when shut_gate.is_of_any and shut_gate.event_quantity = 1
                            then ' on ' || cast(shut_gate.first_event_on as string)
                        when shut_gate.is_of_any
                            then
                                ' ' || {{ said('shut_gate.event_quantity') }} || ', first on '
                                || cast(shut_gate.first_event_on as string)
                        else
                            ' ' || {{ said('shut_gate.event_quantity') }} || ', '
                            || replace(shut_gate.comparison, '_', ' ') || ' '
                            || {{ said('shut_gate.threshold_value') }}
                    end || case
                        when shut_gate.other_count > 0
                            then '; and ' || cast(shut_gate.other_count as string) || ' more of its conditions'
                        else ''
                    end
            when due.mechanism in ('per_event', 'points') then due.basis
            when ranking.subject_id is not null then cast(ranking.rank as string)
            else unranked.lacks
        end as lacks,
        case
            when due.mechanism in ('commission', 'threshold') and attainment.status = 'no_target'
                then target_kpi.name_en
        end as lacks_en,
        case
            when due.mechanism in ('commission', 'threshold') and attainment.status = 'no_target'
                then target_kpi.name_zh
            when shut_gate.agent_id is not null
                then
                    shut_gate.label_zh || case
                        when shut_gate.is_of_any and shut_gate.event_quantity = 1
                            then '（' || cast(shut_gate.first_event_on as string) || '）'
                        when shut_gate.is_of_any
                            then
                                ' ' || {{ said('shut_gate.event_quantity') }} || '，首次 '
                                || cast(shut_gate.first_event_on as string)
                        else
                            ' ' || {{ said('shut_gate.event_quantity') }}
                            || case shut_gate.comparison when 'at_most' then '，上限 ' else '，下限 ' end
                            || {{ said('shut_gate.threshold_value') }}
                    end || case
                        when shut_gate.other_count > 0
                            then '；另有 ' || cast(shut_gate.other_count as string) || ' 项条件未满足'
                        else ''
                    end
            else unranked.lacks_zh
        end as lacks_zh,
        case
            when attainment.agent_id is not null
                then 'attainment:' || due.agent_id || ':' || due.period_id || ':' || due.component_id
            when due.mechanism in ('graded', 'scored') then 'score:' || due.agent_id || ':' || due.period_id
            when due.mechanism in ('per_event', 'points') and due.basis not in ('no_pay', 'floor', 'deduction')
                then
                    'tally:' || due.agent_id || ':' || due.period_id || ':' || due.component_id || ':'
                    || cast(due.segment_no as string)
            when ranking.subject_id is not null
                then 'award_rank:' || due.period_id || ':' || due.component_id || ':' || due.agent_id
        end as because_key
    from without_line as due
    left join {{ ref('bonus_attainment') }} as attainment
        on
            due.agent_id = attainment.agent_id
            and due.period_id = attainment.period_id
            and due.component_id = attainment.component_id
    left join shut_gate
        on
            due.agent_id = shut_gate.agent_id
            and due.period_id = shut_gate.period_id
            and due.component_id = shut_gate.component_id
            and due.segment_no = shut_gate.segment_no
            and shut_gate.gate_order = 1
    left join {{ ref('bonus_ranking') }} as ranking
        on
            due.agent_id = ranking.subject_id
            and due.period_id = ranking.period_id
            and due.component_id = ranking.component_id
            and ranking.subject = 'agent'
    left join unranked
        on
            due.agent_id = unranked.agent_id
            and due.period_id = unranked.period_id
            and due.component_id = unranked.component_id
            and due.segment_no = unranked.segment_no
    left join {{ ref('policy_kpi_period') }} as target_kpi
        on
            attainment.period_id = target_kpi.period_id
            and attainment.kpi_id = target_kpi.kpi_id
),

lacking as (
    select
        agent_id,
        period_id,
        component_id,
        segment_no,
        reason,
        lacks,
        lacks as lacks_en,
        lacks as lacks_zh,
        cast(null as string) as because_key
    from lacking_export
    union all
    select
        lacking_row.agent_id,
        lacking_row.period_id,
        lacking_row.component_id,
        lacking_row.segment_no,
        lacking_row.reason,
        lacking_row.lacks,
        coalesce(lacking_row.base_en, lacking_row.lacks) as lacks_en,
        coalesce(lacking_row.base_zh, lacking_row.lacks) as lacks_zh,
        cast(null as string) as because_key
    from lacking_row
    left join lacking_export
        on
            lacking_row.agent_id = lacking_export.agent_id
            and lacking_row.period_id = lacking_export.period_id
            and lacking_row.component_id = lacking_export.component_id
            and lacking_row.segment_no = lacking_export.segment_no
    where lacking_export.agent_id is null
    union all
    select * from came_to_nothing
),

-- What the plan states as one amount: of a reward its only row, without steps; of what is paid apiece the amount for
-- the one that was counted, whole and within no bound.
stated as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        min(rate.amount_cny) as amount_cny,
        min('rate:' || {{ key_of('policy_component_rate', 'rate') }}) as rate_key
    from due
    inner join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
            and due.rate_key = rate.rate_key
            and (due.mechanism = 'threshold' or {{ in_band('due.band_value', 'rate') }})
    left join {{ ref('bonus_tally') }} as tally
        on
            due.agent_id = tally.agent_id
            and due.period_id = tally.period_id
            and due.component_id = tally.component_id
            and due.segment_no = tally.segment_no
    left join {{ ref('policy_component_parameter') }} as changing
        on
            due.component_id = changing.component_id
            and due.period_id = changing.period_id
            and changing.parameter in ('step_share', 'min_quantity', 'max_quantity')
    where
        changing.component_id is null
        and due.day_count = due.period_day_count
        and (
            due.mechanism = 'threshold'
            or (due.mechanism = 'per_event' and tally.has_known_count and tally.counted_quantity = 1)
        )
    group by due.agent_id, due.period_id, due.component_id, due.segment_no
    having count(*) = 1 and min(rate.amount_cny) <> 0
)

select
    due.period_kind,
    due.period_id,
    due.agent_id,
    due.scheme_id,
    due.component_id,
    due.segment_no,
    lacking.reason,
    lacking.lacks,
    due.component_label_en as label_en,
    due.component_label_zh as label_zh,
    case lacking.reason
        when 'no_export' then 'no export of ' || lacking.lacks || ' ever came'
        when 'no_attribute' then lacking.lacks || ' is empty'
        when 'no_base' then 'there is no ' || lacking.lacks_en || ' to pay a share of'
        when 'no_rate_row' then 'its table has no row for ' || lacking.lacks
        when 'no_target' then 'no target for ' || coalesce(lacking.lacks_en, lacking.lacks)
        when 'below_threshold' then 'attainment ' || coalesce(lacking.lacks, '0') || ' reaches no row of its table'
        when 'no_score' then 'no score (' || replace(lacking.lacks, '_', ' ') || ')'
        when 'not_met' then lacking.lacks
        when 'nothing_counted' then 'nothing of it was counted'
        when 'not_awarded' then 'rank ' || lacking.lacks || ' earns nothing'
        when 'not_ranked' then 'not ranked: ' || lacking.lacks
        when 'of_a_team' then 'an award of a team, not of its members: ' || lacking.lacks
        when 'not_needed' then 'nothing to take back or make up'
        else 'nothing due under its table'
    end as reason_en,
    case lacking.reason
        when 'no_export' then '从未收到 ' || lacking.lacks || ' 的导出'
        when 'no_attribute' then lacking.lacks || ' 为空'
        when 'no_base' then '无计算基数 ' || lacking.lacks_zh
        when 'no_rate_row' then '费率表中没有 ' || lacking.lacks || ' 一行'
        when 'no_target' then '未设' || coalesce(lacking.lacks_zh, lacking.lacks) || '目标'
        when 'below_threshold' then '达成率 ' || coalesce(lacking.lacks, '0') || ' 未达任何一档'
        when 'no_score' then '无总分'
        when 'not_met' then coalesce(lacking.lacks_zh, lacking.lacks)
        when 'nothing_counted' then '无可计数项'
        when 'not_awarded' then '第 ' || lacking.lacks || ' 名，无奖金'
        when 'not_ranked' then '未参与排名：' || lacking.lacks_zh
        when 'of_a_team' then '团队奖项，不发给个人：' || lacking.lacks_zh
        when 'not_needed' then '无需扣回或补足'
        else '按其费率表无应发金额'
    end as reason_zh,
    stated.amount_cny as not_paid_cny,
    due.component_clause_id as clause_id,
    lacking.because_key,
    stated.rate_key as not_paid_key
from lacking
inner join due
    on
        lacking.agent_id = due.agent_id
        and lacking.period_id = due.period_id
        and lacking.component_id = due.component_id
        and lacking.segment_no = due.segment_no
left join stated
    on
        lacking.agent_id = stated.agent_id
        and lacking.period_id = stated.period_id
        and lacking.component_id = stated.component_id
        and lacking.segment_no = stated.segment_no
