-- Grain: one kind of period: scores that are not what their lines add up to.

with

line_total as (
    select
        agent_id,
        period_id,
        sum(effective_weight) as weight,
        sum(weighted_points) as weighted_points
    from score.score_line
    group by agent_id, period_id
)

select
    score.period_kind as subject,
    count_if(abs(line_total.weight - 1) > {weight_tolerance}) as unbalanced_weight_count,
    count_if(
        line_total.agent_id is null or abs(line_total.weighted_points - score.data_score) > {score_tolerance}
    ) as unexplained_score_count
from score.score as score
left join line_total
    on
        score.agent_id = line_total.agent_id
        and score.period_id = line_total.period_id
where score.data_score is not null
group by score.period_kind
