-- Grain: one period, one thing that policy counts (KPI, event, measure), one table of it of which no export ever came.

{# S-EXPORT: nothing here is observed for anybody in the period, whatever rows of its other tables say. #}

with

counted as (
    select
        period_id,
        'kpi' as subject_kind,
        kpi_id as subject_id,
        source_tables
    from {{ ref('policy_kpi_period') }}
    union all
    select
        period_id,
        'event_kind' as subject_kind,
        event_kind as subject_id,
        source_tables
    from {{ ref('policy_event_kind') }}
    union all
    select
        period_id,
        'measure' as subject_kind,
        measure_id as subject_id,
        source_tables
    from {{ ref('policy_score_measure') }}
    union all
    select
        period_id,
        'review_measure' as subject_kind,
        measure_id as subject_id,
        source_tables
    from {{ ref('policy_review_measure') }}
)

select
    counted.period_id,
    counted.subject_kind,
    counted.subject_id,
    export.table_name
from counted
inner join {{ ref('fct_export') }} as export
    on
        not export.is_delivered
        and ' ' || counted.source_tables || ' ' like '% ' || export.table_name || ' %'
