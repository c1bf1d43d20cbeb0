-- Grain: one line of the mechanism `fixed`: an amount, or a table's amount, for one segment of service.

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    due.segment_no,
    '' as item,
    due.component_label_en as line_label,
    cast(rate.amount_cny as decimal(18, 6)) as quantity,
    'cny' as quantity_unit,
    cast(1 as decimal(18, 8)) as rate,
    due.day_count,
    due.period_day_count,
    rate.clause_id,
    rate.value_origin,
    'policy_component_rate' as input_model,
    rate.component_id || ':' || rate.rate_key || ':' || cast(rate.lower_bound as string) as input_key,
    {{ line_nodes(looked_up('quantity', 'amount', 'due', 'rate', "'amount'", "'金额'")) }} as nodes
from {{ ref('bonus_due') }} as due
inner join {{ ref('policy_component_rate') }} as rate
    on
        due.component_id = rate.component_id
        and due.period_id = rate.period_id
        and due.rate_key = rate.rate_key
        and {{ in_band('due.band_value', 'rate') }}
where due.mechanism = 'fixed'
