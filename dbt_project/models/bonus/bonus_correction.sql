-- Grain: one line of a settled period that the data and policy of this run would pay differently.

{# PR-04: a closed period never changes. This run's calculation shadows it; what differs, after the adjustments already
   settled, is owed in the next open month. With forced ranking one correction moves others: ranking_correction says
   what becomes of lines whose agent's own score did not change. #}

with

settled_line as (
    select * from {{ ref('fct_settled_line') }}
    where adjusts_bonus_line_id is null
),

-- A line may have been due only for a while: computed late, adjusted, settled, and withdrawn since. Its id names the
-- period that it belongs to.
settled_adjustment as (
    select
        adjustment.adjusts_bonus_line_id as bonus_line_id,
        max(period.period_kind) as period_kind,
        max(split_part(adjustment.adjusts_bonus_line_id, ':', 1)) as period_id,
        max(adjustment.agent_id) as agent_id,
        max(adjustment.scheme_id) as scheme_id,
        max(adjustment.component_id) as component_id,
        max(adjustment.pay_kind) as pay_kind,
        max(adjustment.line_label) as line_label,
        max(adjustment.line_label_zh) as line_label_zh,
        max(adjustment.value_origin) as value_origin,
        cast(sum(adjustment.amount_cny) as decimal(18, 2)) as adjusted_cny
    from {{ ref('fct_settled_line') }} as adjustment
    left join {{ ref('dim_period') }} as period
        on split_part(adjustment.adjusts_bonus_line_id, ':', 1) = period.period_id
    where adjustment.adjusts_bonus_line_id is not null
    group by adjustment.adjusts_bonus_line_id
),

computed_line as (
    select line.*
    from {{ ref('bonus_line_computed') }} as line
    inner join {{ ref('dim_settled_period') }} as settled
        on line.period_id = settled.period_id
),

compared as (
    select
        coalesce(settled.bonus_line_id, computed.bonus_line_id, adjustment.bonus_line_id) as bonus_line_id,
        coalesce(settled.period_kind, computed.period_kind, adjustment.period_kind) as period_kind,
        coalesce(settled.period_id, computed.period_id, adjustment.period_id) as period_id,
        coalesce(settled.agent_id, computed.agent_id, adjustment.agent_id) as agent_id,
        coalesce(settled.scheme_id, computed.scheme_id, adjustment.scheme_id) as scheme_id,
        coalesce(settled.component_id, computed.component_id, adjustment.component_id) as component_id,
        coalesce(settled.pay_kind, computed.pay_kind, adjustment.pay_kind) as pay_kind,
        coalesce(settled.line_label, computed.line_label, adjustment.line_label) as line_label,
        coalesce(settled.line_label_zh, computed.line_label_zh, adjustment.line_label_zh) as line_label_zh,
        coalesce(settled.clause_id, computed.clause_id, 'PR-04') as clause_id,
        coalesce(settled.value_origin, computed.value_origin, adjustment.value_origin) as value_origin,
        coalesce(settled.input_model, computed.input_model) as input_model,
        coalesce(settled.amount_cny, cast(0 as decimal(18, 2))) as settled_cny,
        coalesce(adjustment.adjusted_cny, cast(0 as decimal(18, 2))) as adjusted_cny,
        coalesce(computed.amount_cny, cast(0 as decimal(18, 2))) as computed_cny
    from settled_line as settled
    full outer join computed_line as computed
        on settled.bonus_line_id = computed.bonus_line_id
    full outer join settled_adjustment as adjustment
        on coalesce(settled.bonus_line_id, computed.bonus_line_id) = adjustment.bonus_line_id
),

judged as (
    select
        compared.*,
        cast(compared.computed_cny - compared.settled_cny - compared.adjusted_cny as decimal(18, 2)) as difference_cny,
        -- A graded line of an agent whose own score is unchanged moved only because others' did.
        coalesce(compared.input_model, '') = 'grade'
        and settled_score.total_score is not distinct from score.total_score
        and settled_score.agent_id is not null as is_indirect,
        coalesce(rule.ranking_correction, 'held_harmless') as ranking_correction
    from compared
    left join {{ ref('fct_settled_score') }} as settled_score
        on
            compared.agent_id = settled_score.agent_id
            and compared.period_id = settled_score.period_id
    left join {{ ref('score') }} as score
        on
            compared.agent_id = score.agent_id
            and compared.period_id = score.period_id
    left join {{ ref('policy_scheme') }} as rule
        on
            compared.scheme_id = rule.scheme_id
            and compared.period_id = rule.period_id
)

select
    bonus_line_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    pay_kind,
    line_label,
    line_label_zh,
    clause_id,
    value_origin,
    settled_cny,
    adjusted_cny,
    computed_cny,
    difference_cny,
    is_indirect,
    ranking_correction,
    case
        when not is_indirect then difference_cny
        when ranking_correction = 'adjusted' then difference_cny
        when ranking_correction = 'held_harmless' and difference_cny > 0 then difference_cny
        else cast(0 as decimal(18, 2))
    end as owed_cny
from judged
where difference_cny <> 0
