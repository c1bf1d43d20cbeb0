-- Grain: one agent, one interval of unchanged job attributes [segment_from_on, segment_to_on).

with

service as (
    select
        *,
        case
            when
                service_from_on
                <= lag(service_to_on) over (partition by agent_id order by service_from_on asc nulls last)
                then 0
            else 1
        end as is_spell_start
    from {{ ref('fct_job_row') }}
    where no_service_reason is null
),

-- A spell is service without a day between: who comes back later is hired anew.
spell as (
    select
        *,
        sum(is_spell_start) over (
            partition by agent_id
            order by service_from_on asc nulls last
            rows between unbounded preceding and current row
        ) as spell_no
    from service
),

stated as (
    select
        *,
        count(hired_on) over (
            partition by agent_id, spell_no
            order by service_from_on asc nulls last
            rows between unbounded preceding and current row
        ) as hiring_no,
        min(service_from_on) over (partition by agent_id, spell_no) as spell_from_on,
        max(service_to_on) over (partition by agent_id, spell_no) as spell_to_on
    from spell
),

-- SS-01, LL-01, PT-20: where a row does not say the day of hiring, the newest row of the spell before it does, else
-- the first one after it, else the spell began on it.
hired as (
    select
        *,
        coalesce(
            max(hired_on) over (partition by agent_id, spell_no, hiring_no),
            least(
                spell_from_on,
                coalesce(
                    max(case when hiring_no = 1 then hired_on end) over (partition by agent_id, spell_no),
                    spell_from_on
                )
            )
        ) as service_began_on
    from stated
)

select
    job_row.agent_id,
    job_row.service_from_on as segment_from_on,
    job_row.service_to_on as segment_to_on,
    job_row.spell_to_on,
    job_row.effective_from_on,
    job_row.agent_name,
    job_row.team_id,
    coalesce(job_row.department, team.department) as department,
    job_row.role,
    job_row.customer_group,
    job_row.level,
    job_row.employment,
    job_row.education,
    job_row.service_began_on as hired_on,
    job_row.known_left_on as left_on,
    job_row.base_salary_cny,
    job_row.scheme_id,
    job_row.has_left_before_hired,
    job_row.load_id,
    job_row.source_row_number,
    job_row.source_row_hash
from hired as job_row
left join {{ ref('dim_team') }} as team
    on job_row.team_id = team.team_id
