-- what is not paid is an amount that its component states
-- in: bonus.bonus_unpaid
select concat_ws(':', agent_id, period_id, component_id, segment_no) as key,
    'is no amount of the component''s table of rates' as problem
from {bonus.bonus_unpaid}
where not_paid_cny is not null
    and (period_id, component_id, not_paid_cny) not in (
        select (period_id, component_id, amount_cny) from {policy.policy_component_rate} where amount_cny is not null
    )
