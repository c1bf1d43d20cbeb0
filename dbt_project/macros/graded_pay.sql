{# Lines of the mechanism `graded`: base × coefficient of the grade, per segment of service, over rows of `due` as
   bonus_due has them. One text for what is due and for what would be due had nobody else moved. #}
{% macro graded_lines(due) %}
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.scheme_id,
        due.component_id,
        due.segment_no,
        '' as item,
        due.component_label_en || ' (' || due.grade || ')' as line_label,
        case due.basis
            when 'base_salary' then cast(due.base_salary_cny as decimal(18, 6))
            else cast(coalesce(base.value, 0) as decimal(18, 6))
        end as quantity,
        'cny' as quantity_unit,
        cast(rate.rate as decimal(18, 8)) as rate,
        due.day_count,
        due.period_day_count,
        rate.clause_id,
        case when base.value_origin = 'site' then 'site' else rate.value_origin end as value_origin,
        -- A plan held before the one scored under reads the score by bands of its own (S-MOVE).
        case when due.scheme_id = due.scored_scheme_id then 'grade' else 'grade_by_plan' end as input_model,
        due.agent_id || ':' || due.period_id
        || case when due.scheme_id = due.scored_scheme_id then '' else ':' || due.scheme_id end as input_key,
        {{ line_nodes([
            line_node_if("due.basis = 'base_salary'", line_node(
                node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'base'",
                label="'base salary'", label_zh="'基本工资'", unit="'cny'", cell=['bonus_due', 'base_salary_cny', 'due']
            )),
            line_node_if('base.value is not null', line_uses(
                node_key="'parameter:' || " ~ key_of('policy_component_parameter', 'base'), parent_key="''",
                operand="'quantity'", position=1
            )),
            line_node(
                node_key="'rate'", parent_key="''", operand="'rate'", position=2, kind="'rate'", operation="'row'",
                label="'coefficient of the grade'", label_zh="'等级系数'", unit="'factor'", value='rate.rate',
                table_key=rate_table('due', 'rate'), chosen_key=key_of('policy_component_rate', 'rate'),
                clause_id='rate.clause_id', value_origin='rate.value_origin'
            ),
            line_uses(
                node_key="case when due.scheme_id = due.scored_scheme_id
                    then 'grade:' || due.agent_id || ':' || due.period_id
                    else 'grade_by_plan:' || due.agent_id || ':' || due.period_id || ':' || due.scheme_id end",
                parent_key="'rate'", operand="'key'", position=1
            ),
        ]) }} as nodes
    from {{ due }} as due
    inner join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
            and due.grade = rate.rate_key
    left join {{ ref('policy_component_parameter') }} as base
        on
            due.component_id = base.component_id
            and due.period_id = base.period_id
            and base.parameter = 'base_cny'
    -- A share of a salary that the roster does not say is unknown, not nothing: bonus_unpaid says so.
    where due.mechanism = 'graded' and (due.basis <> 'base_salary' or due.base_salary_cny is not null)
{% endmacro %}
