-- measure of a year = totals of its quarters, or the centre's
-- in: score.score_line
-- of: kpi_id in ( select measure_id from {policy.policy_score_measure} where kind in ('total', 'centre') )
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
