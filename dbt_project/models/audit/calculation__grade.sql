-- Grain: one number or word that makes up the grade of one agent and period, or the grade by which a former plan pays.

with

banded as (
    select
        period_id,
        scheme_id,
        count(case when method = 'forced' then 1 end) > 0 as has_forced,
        count(case when method = 'absolute' then 1 end) > 0 as has_absolute
    from {{ ref('policy_grade_band') }}
    group by period_id, scheme_id
),

graded as (
    select
        grade.*,
        grade.agent_id || ':' || grade.period_id as place,
        banded.has_forced and scheme.min_group_size is not null as may_be_forced,
        banded.has_absolute,
        row_number() over (partition by grade.cohort_id order by grade.agent_id asc nulls last) as member_no
    from {{ ref('grade') }} as grade
    inner join banded
        on
            grade.period_id = banded.period_id
            and grade.scheme_id = banded.scheme_id
    inner join {{ ref('policy_scheme') }} as scheme
        on
            grade.period_id = scheme.period_id
            and grade.scheme_id = scheme.scheme_id
    where grade.rank is not null
),

forced as (
    select * from graded
    where may_be_forced
),

former as (
    select
        *,
        agent_id || ':' || period_id || ':' || scheme_id as place,
        case method when 'absolute' then 'absolute' else 'forced' end as band_method
    from {{ ref('grade_by_plan') }}
    where scheme_id <> scored_scheme_id
)

select
    {{ node(
        node_key="'grade:' || place", kind="'grade'",
        operation="case when may_be_forced then 'choice' else 'same' end", label="'grade'", label_zh="'等级'",
        text_value='grade', clause_id='clause_id', cell=['grade', 'grade', 'graded']
    ) }}
from graded
union all
select
    {{ node(
        node_key="'is_ranked:' || place", parent_key="'grade:' || place", operand="'condition'", position=1,
        kind="'condition'", operation="'compare'", label="'large enough a group to be ranked'",
        label_zh="'达到强制排名人数'", text_value="'at_least'", value="case when method = 'forced' then 1 else 0 end",
        clause_id="'S-RANK'"
    ) }}
from forced
union all
select
    {{ uses(node_key="'cohort_size:' || place", parent_key="'is_ranked:' || place", operand="'left'", position=1) }}
from forced
union all
select
    {{ uses(
        node_key="'min_group_size:' || " ~ key_of('policy_scheme', 'forced'), parent_key="'is_ranked:' || place",
        operand="'right'", position=2
    ) }}
from forced
union all
select
    {{ node(
        node_key="'forced:' || place", parent_key="'grade:' || place", operand="'if_met'", position=2,
        kind="'grade'", operation="'row'", label="'grade by forced shares'", label_zh="'强制分布等级'",
        text_value="case when method = 'forced' then grade end",
        table_key="'bands:' || period_id || ':' || scheme_id || ':forced'",
        chosen_key="case when method = 'forced' then " ~ key_of('policy_grade_band', 'forced') ~ " end",
        clause_id="'S-RANK'"
    ) }}
from forced
union all
select
    {{ uses(node_key="'position:' || place", parent_key="'forced:' || place", operand="'number'", position=1) }}
from forced
union all
select
    {{ node(
        node_key="'absolute:' || place", parent_key="'grade:' || place",
        operand="case when may_be_forced then 'otherwise' else 'term' end", position=3, kind="'grade'",
        operation="'row'", label="'grade by absolute bands'", label_zh="'绝对分数等级'",
        text_value="case when method = 'absolute' then grade end",
        table_key="'bands:' || period_id || ':' || scheme_id || ':absolute'",
        chosen_key="case when method = 'absolute' then " ~ key_of('policy_grade_band', 'graded') ~ " end"
    ) }}
from graded
where has_absolute
union all
select
    {{ uses(node_key="'score:' || place", parent_key="'absolute:' || place", operand="'number'", position=1) }}
from graded
where has_absolute
union all
select
    {{ node(
        node_key="'position:' || place", kind="'position'", operation="'position'", label="'position in the group'",
        label_zh="'组内位置'", unit="'share'", decimals=6, is_exact='true', clause_id="'S-RANK'",
        cell=['grade', 'position', 'graded']
    ) }}
from graded
union all
select
    {{ node(
        node_key="'rank:' || place", parent_key="'position:' || place", operand="'rank'", position=1, kind="'rank'",
        operation="'rank'", label="'rank in ' || cohort_id", label_zh="'名次'", unit="'rank'",
        cell=['grade', 'rank', 'graded']
    ) }}
from graded
union all
select
    {{ uses(node_key="'score:' || place", parent_key="'rank:' || place", operand="'own'", position=1) }}
from graded
union all
select
    {{ uses(node_key="'cohort:' || cohort_id", parent_key="'rank:' || place", operand="'cohort'", position=2) }}
from graded
union all
select
    {{ node(
        node_key="'cohort_size:' || place", parent_key="'position:' || place", operand="'size'", position=2,
        kind="'count'", operation="'count'", label="'size of the group'", label_zh="'组内人数'", unit="'agents'",
        cell=['grade', 'cohort_size', 'graded']
    ) }}
from graded
union all
select
    {{ uses(node_key="'cohort:' || cohort_id", parent_key="'cohort_size:' || place", operand="'cohort'", position=1) }}
from graded
union all
select
    {{ node(
        agent_id='null', node_key="'cohort:' || cohort_id", kind="'cohort'", label='cohort_id', label_zh="'评比组'"
    ) }}
from graded
where member_no = 1
union all
select
    {{ uses(
        node_key="'score:' || place", parent_key="'cohort:' || cohort_id", operand="'member'", position='member_no'
    ) }}
from graded
union all
select
    {{ node(
        node_key="'grade_by_plan:' || place", kind="'grade'",
        operation="case method when 'absolute' then 'row' else 'last_row' end",
        label="case method when 'absolute' then 'grade by the absolute bands of ' || scheme_id
            else 'the lowest grade of ' || scheme_id || ', which has no absolute bands' end",
        label_zh="'原方案等级'", text_value='grade',
        table_key="'bands:' || period_id || ':' || scheme_id || ':' || band_method",
        chosen_key=key_of('policy_grade_band', 'former', {'method': 'former.band_method'}),
        clause_id="'S-MOVE'", cell=['grade_by_plan', 'grade', 'former']
    ) }}
from former
union all
select
    {{ uses(
        node_key="'score:' || agent_id || ':' || period_id", parent_key="'grade_by_plan:' || place",
        operand="'number'", position=1
    ) }}
from former
