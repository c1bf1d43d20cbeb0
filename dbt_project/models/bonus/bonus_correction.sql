-- Grain: one line of a settled period that the data and policy of this run pay differently, or did on an earlier night.

{# PR-04: a closed period never changes. This run's calculation shadows it; what differs, after the adjustments already
   settled, is owed in the next open month. With forced ranking one correction moves others: ranking_correction says
   what becomes of that part of a difference. Who is held harmless is never paid less than the settled place earns. #}

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
        -- What others' corrections did to the line; the rest of the difference is the agent's own.
        cast(
            compared.computed_cny - coalesce(unmoved.amount_cny, compared.computed_cny) as decimal(18, 2)
        ) as moved_cny,
        coalesce(rule.ranking_correction, 'held_harmless') as ranking_correction
    from compared
    left join {{ ref('bonus_unmoved') }} as unmoved
        on compared.bonus_line_id = unmoved.bonus_line_id
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
    moved_cny,
    ranking_correction,
    cast(
        difference_cny - case
            when ranking_correction = 'adjusted' then 0
            when ranking_correction = 'held_harmless' then least(moved_cny, 0)
            else moved_cny
        end as decimal(18, 2)
    ) as owed_cny
from judged
where computed_cny <> settled_cny or adjusted_cny <> 0
