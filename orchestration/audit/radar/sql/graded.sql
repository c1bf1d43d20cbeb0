-- One agent with a grade in the period: the groups that the agent is in.
with worked as (
    select attendance.agent_id, count_if(attendance.shift = 'night') as night_count, count(attendance.shift) as day_count
    from facts.fct_attendance as attendance
    inner join facts.dim_period as period
        on attendance.worked_on between period.starts_on and period.ends_on
    where period.period_id = $period and attendance.status in ('present', 'late')
    group by attendance.agent_id
)
select
    grade.scheme_id, grade.grade, grade.agent_id,
    coalesce(place.role, '') as role, coalesce(place.customer_group, '') as customer_group,
    coalesce(place.employment, '') as employment,
    date_diff('month', place.hired_on, period.ends_on)
        - (date_part('day', place.hired_on) > date_part('day', period.ends_on) + 1)::integer as tenure_months,
    worked.night_count, worked.day_count
from grade.grade as grade
inner join facts.dim_agent_period as place
    on grade.agent_id = place.agent_id and grade.period_id = place.period_id
inner join facts.dim_period as period on grade.period_id = period.period_id
left join worked on grade.agent_id = worked.agent_id
where grade.period_id = $period and grade.grade is not null
order by grade.scheme_id, grade.agent_id
