-- Grain: one agent, one period, one component of a plan held in it, one part of the period it is paid for.

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    due.mechanism,
    due.basis,
    due.component_role,
    due.component_line_no,
    due.pay_kind,
    due.component_label_en,
    due.component_label_zh,
    due.component_clause_id,
    due.component_value_origin,
    due.segment_no,
    due.is_by_segment,
    due.day_count,
    due.period_day_count,
    due.own_day_count,
    due.service_day_count,
    due.role,
    due.team_id,
    due.department,
    due.hired_on,
    due.base_salary_cny,
    -- The attribute by which the component's rate table is keyed, and the number by which it is banded.
    case due.key_attribute
        when 'grade' then grade.grade
        when 'level' then due.level
        when 'education' then due.education
        when 'role' then due.role
        when 'customer_group' then due.customer_group
        else ''
    end as rate_key,
    case due.band_attribute
        when 'service_years' then {{ full_years('due.hired_on', 'due.service_last_day_on') }}
        else 0
    end as band_value,
    grade.grade,
    grade.method as grade_method,
    score.total_score,
    score.scheme_id as scored_scheme_id,
    graded.status as grade_status,
    coalesce(score.status, 'not_scored') as score_status
from {{ ref('bonus_due_days') }} as due
left join {{ ref('grade_by_plan') }} as grade
    on
        due.agent_id = grade.agent_id
        and due.period_id = grade.period_id
        and due.scheme_id = grade.scheme_id
left join {{ ref('grade') }} as graded
    on
        due.agent_id = graded.agent_id
        and due.period_id = graded.period_id
left join {{ ref('score') }} as score
    on
        due.agent_id = score.agent_id
        and due.period_id = score.period_id
