-- Grain: one ruling as known at the cut, with what it comes to; of several approved on one row and KPI the first holds.

with

-- S-ASOF: asked for or decided after the cut, it is pending.
ruling as (
    select
        exported.ruling_id,
        exported.entity,
        exported.entity_id,
        coalesce(exported.kpi_id, '*') as kpi_scope,
        exported.reason,
        exported.requested_by,
        exported.requested_at,
        exported.reviewer_id,
        case
            when
                exported.decided_at >= run_context.cut_at or exported.requested_at >= run_context.cut_at
                then 'pending'
            else exported.decision
        end as decision,
        {{ known_at('exported.decided_at', 'run_context.cut_at') }} as decided_at,
        exported.note,
        exported.load_id,
        exported.source_row_number,
        exported.source_row_hash
    from {{ ref('stg_governance__ruling') }} as exported
    cross join {{ ref('stg_run__context') }} as run_context
),

-- The rows that rulings name, of those that the exports have.
known_row as (
    {% for entity, model, key, began_on, ended_on, due_on in [
        ('ticket', 'stg_ticket__ticket', 'ticket_id', 'created_on', 'coalesce(solved_on, closed_on)', 'due_on'),
        ('contact', 'stg_ticket__contact', 'contact_id', 'started_on', none, none),
        ('survey', 'stg_ticket__survey', 'survey_id', 'responded_on', none, none),
        ('quality_review', 'stg_ticket__quality_review', 'review_id', 'reviewed_on', none, none),
        ('violation', 'stg_ticket__violation', 'violation_id', 'occurred_on', none, none),
        ('order', 'stg_crm__order', 'order_id', 'ordered_on', none, none),
        ('lead', 'stg_crm__lead', 'lead_id', 'created_on', 'closed_on', none),
    ] -%}
    select
        '{{ entity }}' as entity,
        {{ key }} as entity_id,
        {{ began_on }} as entity_on,
        {{ ended_on or 'cast(null as date)' }} as entity_ended_on,
        {{ due_on or 'cast(null as date)' }} as entity_due_on
    from {{ ref(model) }}
    where {{ key }} in (select ruling.entity_id from ruling where ruling.entity = '{{ entity }}')
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

known_kpi as (
    select kpi_id from {{ ref('int_kpi__known') }}
),

judged as (
    select
        ruling.*,
        known_row.entity_on,
        known_row.entity_ended_on,
        known_row.entity_due_on,
        case
            when ruling.decision = 'rejected' then 'rejected'
            when ruling.kpi_scope <> '*' and known_kpi.kpi_id is null then 'unknown_kpi'
            when known_row.entity_id is null then 'unknown_row'
            when ruling.decision = 'pending' then 'pending'
            else 'in_force'
        end as standing
    from ruling
    left join known_kpi
        on ruling.kpi_scope = known_kpi.kpi_id
    left join known_row
        on
            ruling.entity = known_row.entity
            and ruling.entity_id = known_row.entity_id
),

ordered as (
    select
        *,
        row_number() over (
            partition by entity, entity_id, kpi_scope, standing
            order by decided_at asc nulls last, ruling_id asc nulls last
        ) as standing_order
    from judged
)

select
    ruling_id,
    entity,
    entity_id,
    entity_on,
    entity_ended_on,
    entity_due_on,
    kpi_scope,
    standing = 'in_force' and standing_order = 1 as is_in_force,
    -- A second approval of the same finds the row set aside already.
    case when standing = 'in_force' and standing_order > 1 then 'repeated' else standing end as effect,
    reason,
    requested_by,
    requested_at,
    reviewer_id,
    decision,
    decided_at,
    note,
    load_id,
    source_row_number,
    source_row_hash
from ordered
