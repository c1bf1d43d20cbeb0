-- Grain: one agent, one interval of unchanged job attributes [segment_from_on, segment_to_on).

with

job_history as (
    select * from {{ ref('stg_workforce__agent') }}
),

bounded as (
    select
        *,
        greatest(effective_from, coalesce(hired_on, effective_from)) as segment_from_on,
        lead(effective_from) over (partition by agent_id order by effective_from asc nulls last) as next_from_on
    from job_history
),

closed as (
    select
        *,
        least(
            coalesce(next_from_on, cast('9999-12-31' as date)),
            coalesce({{ add_days('left_on', 1) }}, cast('9999-12-31' as date))
        ) as segment_to_on
    from bounded
)

select
    closed.agent_id,
    closed.segment_from_on,
    closed.segment_to_on,
    closed.effective_from as effective_from_on,
    closed.agent_name,
    closed.team_id,
    coalesce(closed.department, team.department) as department,
    closed.role,
    closed.customer_group,
    closed.level,
    closed.employment,
    closed.education,
    closed.hired_on,
    closed.left_on,
    cast(closed.base_salary as decimal(18, 2)) as base_salary_cny,
    closed.scheme_id,
    closed.load_id,
    closed.source_row_number,
    closed.source_row_hash
from closed
left join {{ ref('stg_workforce__team') }} as team
    on closed.team_id = team.team_id
where closed.segment_from_on < closed.segment_to_on
