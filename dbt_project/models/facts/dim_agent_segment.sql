-- Grain: one agent, one interval of unchanged job attributes [segment_from_on, segment_to_on).

select
    job_row.agent_id,
    job_row.service_from_on as segment_from_on,
    job_row.service_to_on as segment_to_on,
    job_row.effective_from_on,
    job_row.agent_name,
    job_row.team_id,
    coalesce(job_row.department, team.department) as department,
    job_row.role,
    job_row.customer_group,
    job_row.level,
    job_row.employment,
    job_row.education,
    job_row.hired_on,
    job_row.known_left_on as left_on,
    job_row.base_salary_cny,
    job_row.scheme_id,
    job_row.has_left_before_hired,
    job_row.load_id,
    job_row.source_row_number,
    job_row.source_row_hash
from {{ ref('fct_job_row') }} as job_row
left join {{ ref('dim_team') }} as team
    on job_row.team_id = team.team_id
where job_row.no_service_reason is null
