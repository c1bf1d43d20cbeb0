-- Grain: one number that makes up a rank of an award: what is ranked, what breaks ties, and the cohort.

with

ranking as (
    select
        ranking.*,
        case when ranking.subject <> 'team' then ranking.subject_id end as agent_id,
        award.gain,
        award.tie_break_1 as tie_1_measure,
        award.tie_break_2 as tie_2_measure,
        award.basis,
        period.previous_period_id,
        coalesce(own.direction, 'higher') = 'lower' as is_lower_better,
        coalesce(tie_1.direction, 'higher') = 'lower' as tie_1_is_lower_better,
        coalesce(tie_2.direction, 'higher') = 'lower' as tie_2_is_lower_better,
        ranking.period_id || ':' || ranking.component_id || ':' || ranking.scope_id as cohort
    from {{ ref('bonus_ranking') }} as ranking
    inner join {{ ref('policy_award') }} as award
        on
            ranking.period_id = award.period_id
            and ranking.component_id = award.component_id
    inner join {{ ref('dim_period') }} as period
        on ranking.period_id = period.period_id
    left join {{ ref('policy_kpi_period') }} as own
        on
            ranking.period_id = own.period_id
            and award.basis = own.kpi_id
    left join {{ ref('policy_kpi_period') }} as tie_1
        on
            ranking.period_id = tie_1.period_id
            and award.tie_break_1 = tie_1.kpi_id
    left join {{ ref('policy_kpi_period') }} as tie_2
        on
            ranking.period_id = tie_2.period_id
            and award.tie_break_2 = tie_2.kpi_id
),

-- Each number by which candidates are put in order: of the award, then of its tie-breaks.
compared as (
    select
        *,
        'first' as order_text,
        measure_id as compared_measure,
        is_lower_better as is_lower,
        mechanism = 'improvement' as is_gain,
        ranked_value as shown_value
    from ranking
    union all
    select
        *,
        'second' as order_text,
        tie_1_measure as compared_measure,
        tie_1_is_lower_better as is_lower,
        false as is_gain,
        tie_break_1 as shown_value
    from ranking
    where tie_break_1 is not null
    union all
    select
        *,
        'third' as order_text,
        tie_2_measure as compared_measure,
        tie_2_is_lower_better as is_lower,
        false as is_gain,
        tie_break_2 as shown_value
    from ranking
    where tie_break_2 is not null
),

keyed as (
    select
        *,
        case
            when compared_measure = 'score' then 'score:' || subject_id || ':'
            when compared_measure = 'attainment:' || component_id then 'attainment:' || subject_id || ':'
            when subject = 'team' then 'exact:group:team:' || subject_id || ':'
            else 'exact:observation:' || subject_id || ':'
        end as key_start,
        case
            when compared_measure = 'score' then ''
            when compared_measure = 'attainment:' || component_id then ':' || component_id
            else ':' || compared_measure
        end as key_end
    from compared
),

plain as (
    select * from keyed
    where not is_gain
),

lower_plain as (
    select * from plain
    where is_lower
),

gained as (
    select
        *,
        key_start || period_id || key_end as now_key,
        key_start || previous_period_id || key_end as before_key
    from keyed
    where is_gain
),

relative_gain as (
    select * from gained
    where gain <> 'absolute'
),

cohort as (
    select distinct cohort from ranking
)
{% set key = key_of('bonus_ranking', 'ranking') %}
{% set keyed_key = key_of('bonus_ranking', 'keyed') %}
{% set gained_key = key_of('bonus_ranking', 'gained') %}

select
    {{ node(
        node_key="'award_rank:' || " ~ key, kind="'rank'", operation="'rank'", label="'rank in ' || scope_id",
        label_zh="'名次'", unit="'rank'", clause_id='clause_id', cell=['bonus_ranking', 'rank', 'ranking']
    ) }}
from ranking
union all
select
    {{ node(
        node_key="'candidate:' || " ~ key, parent_key="'award_rank:' || " ~ key, operand="'own'", position=1,
        kind="'candidate'", operation="'order'", label="'what is ranked'", label_zh="'排名依据'", text_value='subject_id'
    ) }}
from ranking
union all
select
    {{ uses(
        node_key="'award_cohort:' || cohort", parent_key="'award_rank:' || " ~ key, operand="'cohort'", position=2
    ) }}
from ranking
union all
select
    {{ node(
        agent_id='null', node_key="'award_cohort:' || cohort", kind="'cohort'", label='cohort', label_zh="'评比范围'"
    ) }}
from cohort
union all
select
    {{ uses(
        node_key="'candidate:' || " ~ key, parent_key="'award_cohort:' || cohort", operand="'member'", position='rank'
    ) }}
from ranking
-- A place of its own for each: who lacks one stands behind who has it.
union all
select
    {{ uses(
        node_key="case when is_lower then 'turned:' || " ~ keyed_key ~ " || ':' || order_text
            else key_start || period_id || key_end end", parent_key="'candidate:' || " ~ keyed_key,
        operand="'by'", position="case order_text when 'first' then 1 when 'second' then 2 else 3 end"
    ) }}
from keyed
where not is_gain
union all
select
    {{ node(
        node_key="'turned:' || " ~ key_of('bonus_ranking', 'lower_plain') ~ " || ':' || order_text", kind="'actual'",
        operation="'difference'", label="'less is better'", label_zh="'越低越好'", unit="'value'", is_exact='true'
    ) }}
from lower_plain
union all
select
    {{ uses(
        node_key='key_start || period_id || key_end',
        parent_key="'turned:' || " ~ key_of('bonus_ranking', 'lower_plain') ~ " || ':' || order_text",
        operand="'subtrahend'", position=1
    ) }}
from lower_plain
union all
select
    {{ node(
        node_key="'gain:' || " ~ gained_key, parent_key="'candidate:' || " ~ gained_key, operand="'by'", position=1,
        kind="'actual'", operation="case when gain = 'absolute' then 'same' else 'ratio' end",
        label="'improvement on ' || previous_period_id", label_zh="'较 ' || previous_period_id || ' 提升'",
        unit="'share'", decimals=6, is_exact='true', cell=['bonus_ranking', 'ranked_value', 'gained']
    ) }}
from gained
union all
select
    {{ node(
        node_key="'change:' || " ~ gained_key, parent_key="'gain:' || " ~ gained_key,
        operand="case when gain = 'absolute' then 'term' else 'numerator' end", position=1, kind="'actual'",
        operation="'difference'", label="'change for the better'", label_zh="'改善量'", unit="'value'", is_exact='true'
    ) }}
from gained
union all
select
    {{ uses(
        node_key='case when is_lower then before_key else now_key end', parent_key="'change:' || " ~ gained_key,
        operand="'minuend'", position=1
    ) }}
from gained
union all
select
    {{ uses(
        node_key='case when is_lower then now_key else before_key end', parent_key="'change:' || " ~ gained_key,
        operand="'subtrahend'", position=2
    ) }}
from gained
union all
select
    {{ uses(
        node_key='before_key', parent_key="'gain:' || " ~ key_of('bonus_ranking', 'relative_gain'),
        operand="'denominator'", position=2
    ) }}
from relative_gain
union all
select
    {{ node(
        node_key="'case_count:' || " ~ gained_key, parent_key="'candidate:' || " ~ gained_key, operand="'by'",
        position=9, kind="'count'", label="'cases'", label_zh="'样本数'", unit="'cases'",
        cell=['bonus_ranking', 'case_count', 'gained']
    ) }}
from gained
