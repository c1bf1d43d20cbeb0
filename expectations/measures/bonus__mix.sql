-- Grain: one plan: mix and spread of the performance pay of its newest ended month, as reported to BI.

select
    spread.scheme_id as subject,
    cast(spread.mix_status in ('below', 'above') as integer) as is_off_mix,
    cast(spread.spread_ratio as double) as spread_ratio
from marts.mart_pay_spread as spread
where
    spread.period_id = (
        select max(period_id) from facts.dim_period where period_kind = 'month' and has_ended
    )
