-- Grain: one row, of those in service in the newest month: how many are scored, their median, and how many of their results reach the target.
select
    (select count(*) from focus where is_present and total_score is not null) as scored,
    (select median(total_score) from focus where is_present) as median_score,
    count(*) filter (where case card.direction when 'higher' then card.value >= card.target_value else card.value <= card.target_value end) as reached,
    count(*) as results
from marts.mart_agent_scorecard as card
inner join focus using (agent_id, period_id)
where focus.is_present and card.target_value is not null and card.value is not null
