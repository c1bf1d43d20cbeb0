-- How large a sample each scored line of these agents takes, in the period and the periods that its score rests on.
select
    line.agent_id, line.period_id, line.block, line.kpi_id,
    coalesce(max(scored.min_sample), 0) as min_sample,
    coalesce(bool_or(definition.aggregation = 'sum'), false) as is_sum
from score.score_line as line
inner join score.score_place as place on line.agent_id = place.agent_id and line.period_id = place.period_id
inner join policy.policy_score_kpi as scored
    on
        line.period_id = scored.period_id
        and line.scheme_id = scored.scheme_id
        and line.block = scored.block
        and line.kpi_id = scored.kpi_id
        and (scored.role = place.role or scored.role = '*')
left join policy.policy_kpi_period as definition
    on line.period_id = definition.period_id and line.kpi_id = definition.kpi_id
where line.is_scored and line.period_id in (select unnest($periods)) and line.agent_id in (select unnest($agents))
group by line.agent_id, line.period_id, line.block, line.kpi_id
