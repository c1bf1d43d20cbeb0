-- Grain: one plan: the scores of its newest ended month, and their mean against its own months before.

with

month as (
    select
        period_id,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

monthly as (
    select
        score.scheme_id,
        month.newest_no,
        count(*) as agent_count,
        count(score.total_score) as scored_count,
        count_if(score.status = 'awaiting_review') as awaiting_count,
        avg(cast(score.total_score as double)) as mean_score,
        stddev_pop(cast(score.total_score as double)) as score_spread,
        count_if(coalesce(score.total_score >= {top_score}, false)) as top_count,
        count_if(coalesce(score.total_score <= 0, false)) as bottom_count
    from score.score as score
    inner join month
        on score.period_id = month.period_id
    where month.newest_no <= {history_months} + 1
    group by score.scheme_id, month.newest_no
),

usual as (
    select
        scheme_id,
        median(mean_score) as mean_score
    from monthly
    where newest_no > 1 and scored_count >= {min_plan_agents}
    group by scheme_id
    having count(*) >= {min_months}
),

-- A plan that was never scored lacks an export and pays nothing (S-EXPORT): said elsewhere, and no surprise.
scored_before as (
    select distinct scheme_id
    from monthly
    where newest_no > 1 and agent_count >= {min_plan_agents} and scored_count * 2 >= agent_count
)

-- The figures of fewer people than the smallest group are not an aggregate (PR-03).
select
    monthly.scheme_id as subject,
    case
        when monthly.scored_count >= {min_plan_agents} then abs(monthly.mean_score - usual.mean_score)
    end as mean_change,
    case
        when monthly.agent_count >= {min_plan_agents} then (monthly.agent_count - monthly.scored_count) / monthly.agent_count
    end as unscored_share,
    case
        when monthly.agent_count >= {min_plan_agents} and scored_before.scheme_id is not null
            then (monthly.agent_count - monthly.scored_count) / monthly.agent_count
    end as stopped_scoring_share,
    case when monthly.agent_count >= {min_plan_agents} then monthly.awaiting_count / monthly.agent_count end as awaiting_share,
    case when monthly.scored_count >= {min_agents} then monthly.score_spread end as score_spread,
    case when monthly.scored_count >= {min_plan_agents} then monthly.top_count / monthly.scored_count end as top_share,
    case when monthly.scored_count >= {min_plan_agents} then monthly.bottom_count / monthly.scored_count end as bottom_share
from monthly
left join usual
    on monthly.scheme_id = usual.scheme_id
left join scored_before
    on monthly.scheme_id = scored_before.scheme_id
where monthly.newest_no = 1
