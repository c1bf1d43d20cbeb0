-- Grain: one period: how pay aggregates are reported (BS-04, PR-03).

select
    period_id,
    period_kind,
    max(case when parameter = 'pay_spread_high_percentile' then value end) as high_percentile,
    max(case when parameter = 'pay_spread_low_percentile' then value end) as low_percentile,
    cast(max(case when parameter = 'pay_group_min_size' then value end) as bigint) as group_min_size
from ({{ rows_in_force('convention') }}) as in_force
group by period_id, period_kind
