-- Grain: one plan, one KPI scored: the share of agents at or above its target in the last ended months.

with

month as (
    select period_id
    from facts.dim_period
    where period_kind = 'month' and has_ended
    order by starts_on desc
    limit {target_months}
)

select
    line.scheme_id || ' ' || line.kpi_id as subject,
    case
        when count(*) >= {min_target_lines} then count_if(line.points >= convention.target_points) / count(*)
    end as reached_share
from score.score_line as line
inner join month
    on line.period_id = month.period_id
inner join policy.policy_convention as convention
    on line.period_id = convention.period_id
where line.is_scored
group by line.scheme_id, line.kpi_id
