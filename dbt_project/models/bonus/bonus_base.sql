-- Grain: one agent, one month, one `fixed` component, one segment of service: its amount whole and as paid.

{# Components reckoned from a base (SS-02, SS-03, SS-05) read it here, before the lines are one relation. #}

with

line as (
    select * from {{ ref('bonus_line__fixed') }}
    where period_kind = 'month'
),

paid as (
    {{ with_amounts('line') }}
)

select
    agent_id,
    period_id as month_id,
    component_id,
    segment_no,
    cast(quantity as decimal(18, 2)) as whole_amount_cny,
    amount_cny,
    value_origin
from paid
