-- Grain: one month, one plan, one role ('*' = every role), one signal, one paid KPI or kind of event it may serve.

{# Paid is what the plan scores, pays by the piece, by rank or by rate, or counts. A quarter's or a year's score pays
   for its months. #}

with

paid as (
    select
        month.month_id,
        score_kpi.scheme_id,
        score_kpi.role,
        score_kpi.kpi_id as paid_id
    from {{ ref('policy_score_kpi') }} as score_kpi
    inner join {{ ref('dim_period_month') }} as month
        on score_kpi.period_id = month.period_id
    union
    select
        month.month_id,
        component.scheme_id,
        component.role,
        component.basis as paid_id
    from {{ ref('policy_component') }} as component
    inner join {{ ref('dim_period_month') }} as month
        on component.period_id = month.period_id
    where component.basis is not null
    union
    select
        month.month_id,
        component.scheme_id,
        component.role,
        event.event_kind as paid_id
    from {{ ref('policy_component_event') }} as event
    inner join {{ ref('policy_component') }} as component
        on
            event.component_id = component.component_id
            and event.period_id = component.period_id
    inner join {{ ref('dim_period_month') }} as month
        on component.period_id = month.period_id
    where event.use = 'weight' and event.weight > 0
),

named as (
    select
        period_id as month_id,
        kpi_id as paid_id,
        name_en,
        name_zh
    from {{ ref('policy_kpi_period') }}
    where period_kind = 'month'
    union all
    select
        period_id as month_id,
        event_kind as paid_id,
        label_en as name_en,
        label_zh as name_zh
    from {{ ref('policy_event_kind') }}
    where period_kind = 'month'
)

select
    paid.month_id,
    paid.scheme_id,
    paid.role,
    pair.signal_id,
    paid.paid_id,
    named.name_en as paid_name_en,
    named.name_zh as paid_name_zh,
    pair.counter_kpi_id,
    counter.name_en as counter_name_en,
    counter.name_zh as counter_name_zh
from paid
inner join {{ ref('radar_pair') }} as pair
    on paid.paid_id = pair.paid_id
inner join named
    on
        paid.month_id = named.month_id
        and paid.paid_id = named.paid_id
inner join named as counter
    on
        paid.month_id = counter.month_id
        and pair.counter_kpi_id = counter.paid_id
