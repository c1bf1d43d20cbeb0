-- Grain: one KPI, one source row: what each KPI says of it, before what all KPIs share.

{% set kpi_models = [
    'kpi_answer_rate',
    'kpi_closure_rate',
    'kpi_collaboration_score',
    'kpi_complaint_rate',
    'kpi_contacts_served',
    'kpi_conversion_rate',
    'kpi_csat',
    'kpi_csat_rate',
    'kpi_escalation_rate',
    'kpi_fcr',
    'kpi_first_response_seconds',
    'kpi_handle_seconds',
    'kpi_knowledge_share_count',
    'kpi_lead_completeness',
    'kpi_nps',
    'kpi_praise_rate',
    'kpi_qa_pass_rate',
    'kpi_qa_score',
    'kpi_recovery_rate',
    'kpi_repeat_complaint_rate',
    'kpi_repurchase_rate',
    'kpi_resolution_rate',
    'kpi_return_dispute_rate',
    'kpi_sales_amount',
    'kpi_support_count',
    'kpi_ticket_first_reply_seconds',
    'kpi_ticket_on_time_rate',
    'kpi_tickets_solved',
    'kpi_violation_count',
    'kpi_win_rate'
] %}

{% for kpi_model in kpi_models + site_kpi_models() -%}
select * from {{ ref(kpi_model) }}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
