-- Grain: one KPI, one month, one agent, one denominator: the least and the most that one counted row adds.

{# Of rows that a ruling can name: what no ruling sets aside is no row that a grade may hang on. #}

select
    kpi_id,
    month_id,
    agent_id,
    denominator,
    min(numerator) as least_numerator,
    max(numerator) as most_numerator
from {{ ref('kpi_evidence') }}
where
    is_counted
    and evidence_model in (
        'fct_ticket',
        'fct_contact',
        'fct_survey',
        'fct_quality_review',
        'fct_violation',
        'fct_order',
        'fct_lead'
    )
group by
    kpi_id,
    month_id,
    agent_id,
    denominator
