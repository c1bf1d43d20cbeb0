-- Grain: one line of the mechanism `scored`: base × share × score, for one segment of service.

{# The base by the component's basis: base_salary, base_cny (a parameter), rate_table (an amount by key and band), or
   the name of a `fixed` component, whose lines of the segment as paid are summed (SS-02, SS-03), or of whose last month
   on the plan the whole amount is taken (base_of = last_month, SS-05), by the segment's days of the period. It is
   multiplied by the parameters share, multiple and company_factor, each 1 if absent. The score pays by the hundred;
   where the component has rows with a rate, by the rate of the score's band. No score, no line. #}

with

due as (
    select *
    from {{ ref('bonus_due') }}
    where mechanism = 'scored' and total_score is not null
),

parameter as (
    select
        component_id,
        period_id,
        max(case when parameter = 'base_cny' then value end) as base_cny,
        max(case when parameter = 'share' then value end) as share,
        max(case when parameter = 'multiple' then value end) as multiple,
        max(case when parameter = 'company_factor' then value end) as company_factor,
        count(case when value_origin = 'site' then 1 end) > 0 as has_site_value
    from {{ ref('policy_component_parameter') }}
    group by component_id, period_id
),

paid_base as (
    select
        agent_id,
        period_id,
        component_id,
        segment_no,
        cast(sum(base_cny) as decimal(18, 2)) as amount_cny,
        count(case when is_whole_month then 1 end) = 0 as is_prorated_already,
        count(case when value_origin = 'site' then 1 end) > 0 as has_site_value
    from {{ ref('bonus_scored_base') }}
    group by agent_id, period_id, component_id, segment_no
),

score_band as (
    select * from {{ ref('policy_component_rate') }}
    where rate is not null
),

banded_component as (
    select distinct
        component_id,
        period_id
    from score_band
),

reckoned as (
    select
        due.*,
        case
            when due.basis = 'base_salary' then due.base_salary_cny
            when due.basis = 'base_cny' then cast(parameter.base_cny as decimal(18, 2))
            when due.basis = 'rate_table' then table_row.amount_cny
            else paid_base.amount_cny
        end as base_cny,
        -- A base that is itself paid by segment is not prorated again.
        coalesce(paid_base.is_prorated_already, false) as is_prorated_already,
        coalesce(parameter.share, 1) as share,
        coalesce(parameter.multiple, 1) as multiple,
        coalesce(parameter.company_factor, 1) as company_factor,
        parameter.share is not null as has_share,
        parameter.multiple is not null as has_multiple,
        parameter.company_factor is not null as has_company_factor,
        banded_component.component_id is not null as is_banded,
        paid_base.agent_id is not null as is_of_component,
        table_row.lower_bound as base_lower_bound,
        score_band.lower_bound as score_lower_bound,
        case
            when banded_component.component_id is null then {{ percent('due.total_score') }}
            else cast(score_band.rate as decimal(18, 8))
        end as factor,
        coalesce(score_band.clause_id, table_row.clause_id, due.component_clause_id) as clause_id,
        case
            when
                due.component_value_origin = 'site'
                or coalesce(parameter.has_site_value, false)
                or coalesce(paid_base.has_site_value, false)
                or score_band.value_origin = 'site'
                or table_row.value_origin = 'site'
                then 'site'
            else 'stated'
        end as value_origin
    from due
    left join parameter
        on
            due.component_id = parameter.component_id
            and due.period_id = parameter.period_id
    left join paid_base
        on
            due.agent_id = paid_base.agent_id
            and due.period_id = paid_base.period_id
            and due.component_id = paid_base.component_id
            and due.segment_no = paid_base.segment_no
    left join {{ ref('policy_component_rate') }} as table_row
        on
            due.component_id = table_row.component_id
            and due.period_id = table_row.period_id
            and due.rate_key = table_row.rate_key
            and table_row.amount_cny is not null
            and {{ in_band('due.band_value', 'table_row') }}
    left join banded_component
        on
            due.component_id = banded_component.component_id
            and due.period_id = banded_component.period_id
    left join score_band
        on
            due.component_id = score_band.component_id
            and due.period_id = score_band.period_id
            and {{ in_band('due.total_score', 'score_band') }}
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    segment_no,
    '' as item,
    component_label_en || ' (score ' || cast(total_score as string) || ')' as line_label,
    cast(
        cast(cast(base_cny as decimal(18, 2)) * cast(share as decimal(10, 6)) as decimal(20, 6))
        * cast(cast(multiple as decimal(9, 4)) * cast(company_factor as decimal(8, 4)) as decimal(14, 6))
        as decimal(18, 6)
    ) as quantity,
    'cny' as quantity_unit,
    factor as rate,
    case when is_prorated_already then 1 else day_count end as day_count,
    case when is_prorated_already then 1 else period_day_count end as period_day_count,
    clause_id,
    value_origin,
    'score' as input_model,
    agent_id || ':' || period_id as input_key,
    {{ line_nodes([
        line_node(
            node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'quantity'",
            operation="'product'", label="'base with its shares'", label_zh="'计奖基数'", unit="'cny'", decimals=6
        ),
        line_node(
            node_key="'quantity/share'", parent_key="'quantity'", operand="'factor'", position=1, kind="'quantity'",
            operation="'product'", label="'base × share'", label_zh="'基数 × 占比'", unit="'cny'", decimals=6
        ),
        line_node_if("basis = 'base_salary'", line_node(
            node_key="'base'", parent_key="'quantity/share'", operand="'factor'", position=1, kind="'base'",
            label="'base salary'", label_zh="'基本工资'", unit="'cny'", cell=['bonus_due', 'base_salary_cny', 'reckoned']
        )),
        line_node_if("basis = 'base_cny'", line_uses(
            node_key="'parameter:' || period_id || ':' || component_id || ':base_cny'", parent_key="'quantity/share'",
            operand="'factor'", position=1
        )),
        line_node_if("basis = 'rate_table'", line_node(
            node_key="'base'", parent_key="'quantity/share'", operand="'factor'", position=1, kind="'base'",
            operation="'row'", label="'base of the table'", label_zh="'基数表'", unit="'cny'", value='base_cny',
            table_key="'rates:' || period_id || ':' || component_id || ':amount'",
            chosen_key=key_of('policy_component_rate', 'reckoned', {'lower_bound': 'base_lower_bound'})
        )),
        line_node_if("basis = 'rate_table' and rate_key <> ''", line_node(
            node_key="'base/key'", parent_key="'base'", operand="'key'", position=1, kind="'key'", label="'key'",
            label_zh="'档位'", text_value='rate_key', cell=['bonus_due', 'rate_key', 'reckoned']
        )),
        line_node_if("basis = 'rate_table' and band_value <> 0", line_node(
            node_key="'base/number'", parent_key="'base'", operand="'number'", position=2, kind="'key'",
            label="'number looked up'", label_zh="'查表数值'", unit="'number'",
            cell=['bonus_due', 'band_value', 'reckoned']
        )),
        line_node_if('is_of_component', line_uses(
            node_key="'paid_base:' || " ~ key_of('bonus_due', 'reckoned'), parent_key="'quantity/share'",
            operand="'factor'", position=1
        )),
        line_node_if('has_share', line_uses(
            node_key="'parameter:' || period_id || ':' || component_id || ':share'", parent_key="'quantity/share'",
            operand="'factor'", position=2
        )),
        line_node_if('has_multiple or has_company_factor', line_node(
            node_key="'quantity/multiple'", parent_key="'quantity'", operand="'factor'", position=2, kind="'rate'",
            operation="'product'", label="'multiple × company factor'", label_zh="'倍数 × 公司系数'", unit="'factor'",
            decimals=6
        )),
        line_node_if('has_multiple', line_uses(
            node_key="'parameter:' || period_id || ':' || component_id || ':multiple'",
            parent_key="'quantity/multiple'", operand="'factor'", position=1
        )),
        line_node_if('has_company_factor', line_uses(
            node_key="'parameter:' || period_id || ':' || component_id || ':company_factor'",
            parent_key="'quantity/multiple'", operand="'factor'", position=2
        )),
        line_node(
            node_key="'rate'", parent_key="''", operand="'rate'", position=2, kind="'rate'",
            operation="case when is_banded then 'row' else 'product' end",
            label="case when is_banded then 'coefficient of the score' else 'score by the hundred' end",
            label_zh="case when is_banded then '得分系数' else '得分百分比' end", unit="'factor'", decimals=8,
            value='factor',
            table_key="case when is_banded then 'rates:' || period_id || ':' || component_id || ':rate' end",
            chosen_key="case when is_banded then "
                ~ key_of('policy_component_rate', 'reckoned', {'rate_key': "''", 'lower_bound': 'score_lower_bound'})
                ~ " end"
        ),
        line_uses(
            node_key="'score:' || agent_id || ':' || period_id", parent_key="'rate'",
            operand="case when is_banded then 'number' else 'factor' end", position=1
        ),
        line_node_if('not is_banded', line_node(
            node_key="'rate/hundredth'", parent_key="'rate'", operand="'factor'", position=2, kind="'constant'",
            label="'a hundredth'", label_zh="'百分之一'", unit="'factor'", value=percent('1')
        )),
    ]) }} as nodes
from reckoned
where base_cny is not null and factor is not null
