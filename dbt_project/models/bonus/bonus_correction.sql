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
        max(period.period_id) as period_id,
        max(adjustment.agent_id) as agent_id,
        max(adjustment.scheme_id) as scheme_id,
        max(adjustment.component_id) as component_id,
        max(adjustment.pay_kind) as pay_kind,
        max(adjustment.line_label) as line_label,
        max(adjustment.line_label_zh) as line_label_zh,
        max(adjustment.value_origin) as value_origin,
        cast(sum(adjustment.amount_cny) as decimal(18, 2)) as adjusted_cny
    from {{ ref('fct_settled_line') }} as adjustment
    inner join {{ ref('dim_period') }} as period
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
        coalesce(settled_line.bonus_line_id, computed_line.bonus_line_id, settled_adjustment.bonus_line_id) as bonus_line_id,
        coalesce(settled_line.period_kind, computed_line.period_kind, settled_adjustment.period_kind) as period_kind,
        coalesce(settled_line.period_id, computed_line.period_id, settled_adjustment.period_id) as period_id,
        coalesce(settled_line.agent_id, computed_line.agent_id, settled_adjustment.agent_id) as agent_id,
        coalesce(settled_line.scheme_id, computed_line.scheme_id, settled_adjustment.scheme_id) as scheme_id,
        coalesce(settled_line.component_id, computed_line.component_id, settled_adjustment.component_id) as component_id,
        coalesce(settled_line.pay_kind, computed_line.pay_kind, settled_adjustment.pay_kind) as pay_kind,
        coalesce(settled_line.line_label, computed_line.line_label, settled_adjustment.line_label) as line_label,
        coalesce(settled_line.line_label_zh, computed_line.line_label_zh, settled_adjustment.line_label_zh) as line_label_zh,
        coalesce(settled_line.clause_id, computed_line.clause_id, 'PR-04') as clause_id,
        coalesce(settled_line.value_origin, computed_line.value_origin, settled_adjustment.value_origin) as value_origin,
        coalesce(settled_line.input_model, computed_line.input_model) as input_model,
        coalesce(settled_line.amount_cny, cast(0 as decimal(18, 2))) as settled_cny,
        coalesce(settled_adjustment.adjusted_cny, cast(0 as decimal(18, 2))) as adjusted_cny,
        coalesce(computed_line.amount_cny, cast(0 as decimal(18, 2))) as computed_cny
    from settled_line
    full outer join computed_line
        on settled_line.bonus_line_id = computed_line.bonus_line_id
    full outer join settled_adjustment
        on coalesce(settled_line.bonus_line_id, computed_line.bonus_line_id) = settled_adjustment.bonus_line_id
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
