-- score = its place, what it awaits and its lines
-- in: score.score
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
