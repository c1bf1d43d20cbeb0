-- correction = today's line less what was settled and adjusted
-- in: bonus.bonus_correction
with parts as (
    select bonus_line_id, period_id, agent_id, scheme_id, component_id, amount_cny as settled_cny,
        null as adjusted_cny, null as computed_cny, 'frozen' as source
    from {facts.fct_settled_line} where adjusts_bonus_line_id is null
    union all
    select bonus_line_id, period_id, agent_id, scheme_id, component_id, null, null,
        amount_cny, 'today'
    from {bonus.bonus_line_computed}
    where period_id in (select period_id from {facts.dim_settled_period})
    union all
    select adjusts_bonus_line_id, split_part(adjusts_bonus_line_id, ':', 1), agent_id, scheme_id,
        component_id, null, amount_cny, null, 'withdrawn'
    from {facts.fct_settled_line} where adjusts_bonus_line_id is not null
),
compared as (
    select bonus_line_id, min_by(period_id, source) as period_id,
        min_by(agent_id, source) as agent_id, min_by(scheme_id, source) as scheme_id,
        min_by(component_id, source) as component_id,
        coalesce(sum(settled_cny), 0) as settled_cny, coalesce(sum(adjusted_cny), 0) as adjusted_cny,
        coalesce(sum(computed_cny), 0) as computed_cny
    from parts group by bonus_line_id having computed_cny <> settled_cny or adjusted_cny <> 0
)
select compared.*, computed_cny - settled_cny - adjusted_cny as difference_cny,
    computed_cny - coalesce(unmoved.amount_cny, computed_cny) as moved_cny,
    coalesce(rule.ranking_correction, 'held_harmless') as ranking_correction,
    difference_cny - case coalesce(rule.ranking_correction, 'held_harmless') when 'adjusted' then 0
        when 'held_harmless' then least(moved_cny, 0) else moved_cny end as owed_cny
from compared
left join {bonus.bonus_unmoved} as unmoved using (bonus_line_id)
left join {policy.policy_scheme} as rule
    on compared.scheme_id = rule.scheme_id and compared.period_id = rule.period_id
