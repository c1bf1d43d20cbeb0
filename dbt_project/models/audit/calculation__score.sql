-- Grain: one number that makes up the score of one agent and period.

with

line as (
    select
        score_line.*,
        policy.role,
        definition.name_en,
        definition.name_zh,
        score_line.agent_id || ':' || score_line.period_id as place,
        score_line.agent_id || ':' || score_line.period_id || ':' || score_line.block as block_place,
        case
            when score_line.kpi_id = 'quarter_total'
                then 'quarter_total:' || score_line.agent_id || ':' || score_line.period_id
            when score_line.kpi_id = 'centre_nps'
                then 'group:centre:' || centre.group_id || ':' || score_line.period_id || ':nps'
            when measure.kind = 'rating'
                then 'rating:' || score_line.agent_id || ':' || score_line.period_id || ':' || score_line.kpi_id
            else 'observation:' || score_line.agent_id || ':' || score_line.period_id || ':' || score_line.kpi_id
        end as value_key,
        row_number() over (
            partition by score_line.agent_id, score_line.period_id
            order by score_line.block asc nulls last, score_line.kpi_id asc nulls last
        ) as line_order,
        row_number() over (
            partition by score_line.agent_id, score_line.period_id, score_line.block
            order by score_line.is_scored desc nulls last, score_line.kpi_id asc nulls last
        ) = 1 and score_line.is_scored as is_first_of_block
    from {{ ref('score_line') }} as score_line
    inner join {{ ref('score_place') }} as place
        on
            score_line.agent_id = place.agent_id
            and score_line.period_id = place.period_id
    inner join {{ ref('policy_score_kpi') }} as policy
        on
            score_line.period_id = policy.period_id
            and score_line.scheme_id = policy.scheme_id
            and score_line.block = policy.block
            and score_line.kpi_id = policy.kpi_id
            and (policy.role = place.role or policy.role = '*')
    left join {{ ref('policy_score_measure') }} as measure
        on
            score_line.period_id = measure.period_id
            and score_line.kpi_id = measure.measure_id
    left join (
        select distinct
            period_id,
            kpi_id as measure_id,
            name_en,
            name_zh
        from {{ ref('policy_kpi_period') }}
        union all
        select distinct
            period_id,
            measure_id,
            name_en,
            name_zh
        from {{ ref('policy_score_measure') }}
    ) as definition
        on
            score_line.period_id = definition.period_id
            and score_line.kpi_id = definition.measure_id
    left join {{ ref('kpi_group_observation') }} as centre
        on
            score_line.kpi_id = 'centre_nps'
            and score_line.period_id = centre.period_id
            and centre.group_kind = 'centre'
            and centre.kpi_id = 'nps'
),

scored as (
    select * from line
    where is_scored
),

first_of_block as (
    select * from line
    where is_first_of_block
),

score as (
    select
        score.*,
        score.agent_id || ':' || score.period_id as place,
        rating.numerator as rating_sum
    from {{ ref('score') }} as score
    left join {{ ref('score_rating') }} as rating
        on
            score.agent_id = rating.agent_id
            and score.period_id = rating.period_id
            and rating.dimension = 'supervisor'
),

total as (
    select * from score
    where total_score is not null
)
{% set kpi_row = key_of('policy_score_kpi', 'scored') %}

select
    {{ node(
        node_key="'score:' || place", kind="'score'", operation="case when total_score is not null then 'sum' end",
        label="'total score (' || status || ')'", label_zh="'总分'", unit="'points'", decimals=4,
        reason="case when total_score is null then status end",
        reason_zh="case when total_score is null then '无可计分指标' end", cell=['score', 'total_score', 'score']
    ) }}
from score
union all
select
    {{ node(
        node_key="'data_part:' || place", parent_key="'score:' || place", operand="'term'", position=1,
        kind="'score_part'", operation="'product'", label="'data score with its share'", label_zh="'数据得分折算'",
        unit="'points'"
    ) }}
from total
union all
select
    {{ node(
        node_key="'data_score:' || place", parent_key="'data_part:' || place", operand="'factor'", position=1,
        kind="'score_part'", operation="'sum'", label="'data score'", label_zh="'数据得分'", unit="'points'", decimals=4,
        cell=['score', 'data_score', 'total']
    ) }}
from total
union all
select
    {{ node(
        node_key="'weighted:' || place", parent_key="'data_score:' || place", operand="'term'", position=1,
        kind="'score_part'", operation="'sum'", label="'weighted points'", label_zh="'加权得分'", unit="'points'",
        decimals=8
    ) }}
from total
{% for part, clause, label, label_zh in [
    ('supervisor', "'CG-04'", 'supervisor score', '主管评分'),
    ('collaboration', "'CG-05'", 'collaboration score', '协作评分')
] %}
{% set share_key = "'" ~ part ~ "_share:' || " ~ key_of('policy_scheme', 'total') %}
union all
select
    {{ node(
        node_key="'" ~ part ~ "_part:' || place", parent_key="'score:' || place", operand="'term'",
        position=loop.index + 1, kind="'score_part'", operation="'product'", label="'" ~ label ~ " with its share'",
        label_zh="'" ~ label_zh ~ "折算'", unit="'points'"
    ) }}
from total
where {{ part }}_share > 0
union all
select
    {{ node(
        node_key="'" ~ part ~ "_score:' || place", parent_key="'" ~ part ~ "_part:' || place", operand="'factor'",
        position=1, kind="'score_part'", operation="'" ~ ('ratio' if part == 'supervisor' else 'sum') ~ "'",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'points'", decimals=4,
        clause_id=clause, cell=['score', part ~ '_score', 'total']
    ) }}
from total
where {{ part }}_share > 0
union all
select
    {{ uses(node_key=share_key, parent_key="'" ~ part ~ "_part:' || place", operand="'factor'", position=2) }}
from total
where {{ part }}_share > 0
union all
select
    {{ node(
        node_key="'less_" ~ part ~ ":' || place", parent_key="'data_part:' || place", operand="'factor'",
        position=loop.index + 1, kind="'share'", operation="'difference'", label="'share left by the " ~ label ~ "'",
        label_zh="'扣除" ~ label_zh ~ "后的占比'", unit="'factor'"
    ) }}
from total
where {{ part }}_share > 0
union all
select
    {{ node(
        node_key="'whole_of_" ~ part ~ ":' || place", parent_key="'less_" ~ part ~ ":' || place", operand="'minuend'",
        position=1, kind="'constant'", label="'the whole'", label_zh="'全部'", unit="'factor'", value='1'
    ) }}
from total
where {{ part }}_share > 0
union all
select
    {{ uses(node_key=share_key, parent_key="'less_" ~ part ~ ":' || place", operand="'subtrahend'", position=2) }}
from total
where {{ part }}_share > 0
{% endfor %}
union all
select
    {{ uses(
        node_key="'less_collaboration:' || place", parent_key="'supervisor_part:' || place", operand="'factor'",
        position=3
    ) }}
from total
where supervisor_share > 0 and collaboration_share > 0
{% for column in ['numerator', 'denominator'] %}
union all
select
    {{ uses(
        node_key="'" ~ column ~ ":rating:' || place || ':supervisor'", parent_key="'supervisor_score:' || place",
        operand="'" ~ column ~ "'", position=loop.index
    ) }}
from total
where supervisor_share > 0
{% endfor %}
union all
select
    {{ uses(
        node_key="'observation:' || place || ':collaboration_score'", parent_key="'collaboration_score:' || place",
        operand="'term'", position=1
    ) }}
from total
where collaboration_share > 0
union all
select
    {{ node(
        node_key="'score_line:' || " ~ key_of('score_line', 'line'), parent_key="'weighted:' || place",
        operand="'term'", position='line_order', kind="'score_line'",
        operation="case when is_scored then 'product' end", label="coalesce(name_en, kpi_id) || ' (' || block || ')'",
        label_zh='name_zh', unit="'weighted points'", effective_from_on='effective_from_on', clause_id='clause_id',
        value_origin='value_origin', reason='unscored_reason', reason_zh="
            case unscored_reason
                when 'no_export' then '从未收到所需导出'
                when 'not_observed' then '无观测值'
                when 'below_min_sample' then '样本不足'
                when 'weighs_nothing' then '权重为零'
            end
        ", cell=['score_line', 'weighted_points', 'line']
    ) }}
from line
union all
select
    {{ node(
        node_key="'points:' || " ~ key_of('score_line', 'scored'),
        parent_key="'score_line:' || " ~ key_of('score_line', 'scored'), operand="'factor'", position=1,
        kind="'curve'", operation="'curve'", label="'points on the curve'", label_zh="'曲线得分'", unit="'points'",
        decimals=4, clause_id="'S-CURVE'", cell=['score_line', 'points', 'scored']
    ) }}
from scored
union all
select
    {{ uses(
        node_key='value_key', parent_key="'points:' || " ~ key_of('score_line', 'scored'), operand="'value'", position=1
    ) }}
from scored
union all
select
    {{ uses(
        node_key='value_key', parent_key="'score_line:' || " ~ key_of('score_line', 'line'), operand="'unscored'",
        position=1
    ) }}
from line
where not is_scored and value is not null
{% for column, operand in [('floor_value', 'floor'), ('target_value', 'target'), ('stretch_value', 'stretch')] %}
union all
select
    {{ uses(
        node_key="'" ~ column ~ ":' || " ~ kpi_row, parent_key="'points:' || " ~ key_of('score_line', 'scored'),
        operand="'" ~ operand ~ "'", position=loop.index + 1
    ) }}
from scored
where {{ column }} is not null
{% endfor %}
{% for column in ['target_points', 'stretch_points'] %}
union all
select
    {{ uses(
        node_key="'" ~ column ~ ":' || scored.period_id", parent_key="'points:' || " ~ key_of('score_line', 'scored'),
        operand="'" ~ column ~ "'", position=loop.index + 4
    ) }}
from scored
{% endfor %}
union all
select
    {{ node(
        node_key="'effective_weight:' || " ~ key_of('score_line', 'scored'),
        parent_key="'score_line:' || " ~ key_of('score_line', 'scored'), operand="'factor'", position=2,
        kind="'weight'", operation="'product'", label="'effective weight'", label_zh="'有效权重'", unit="'factor'",
        decimals=12, clause_id="'S-MISSING'", cell=['score_line', 'effective_weight', 'scored']
    ) }}
from scored
union all
select
    {{ node(
        node_key="'kpi_share:' || " ~ key_of('score_line', 'scored'),
        parent_key="'effective_weight:' || " ~ key_of('score_line', 'scored'), operand="'factor'", position=1,
        kind="'share'", operation="'ratio'", label="'share of the block'", label_zh="'块内占比'", unit="'factor'",
        decimals=12
    ) }}
from scored
union all
select
    {{ uses(
        node_key="'kpi_weight:' || " ~ kpi_row, parent_key="'kpi_share:' || " ~ key_of('score_line', 'scored'),
        operand="'numerator'", position=1
    ) }}
from scored
union all
select
    {{ uses(
        node_key="'kpi_weights:' || block_place", parent_key="'kpi_share:' || " ~ key_of('score_line', 'scored'),
        operand="'denominator'", position=2
    ) }}
from scored
union all
select
    {{ node(
        node_key="'kpi_weights:' || block_place", kind="'weight'", operation="'sum'",
        label="'weights of what is scored in ' || block", label_zh="'块内已计分权重'", unit="'factor'"
    ) }}
from first_of_block
union all
select
    {{ uses(
        node_key="'kpi_weight:' || " ~ kpi_row, parent_key="'kpi_weights:' || block_place", operand="'term'",
        position='line_order'
    ) }}
from scored
union all
select
    {{ uses(
        node_key="'block_share:' || block_place", parent_key="'effective_weight:' || " ~ key_of('score_line', 'scored'),
        operand="'factor'", position=2
    ) }}
from scored
union all
select
    {{ node(
        node_key="'block_share:' || block_place", kind="'share'", operation="'ratio'",
        label="'share of the block ' || block", label_zh="'块占比'", unit="'factor'", decimals=12
    ) }}
from first_of_block
union all
select
    {{ uses(
        node_key="'block_weight:' || " ~ key_of('policy_score_kpi', 'first_of_block'),
        parent_key="'block_share:' || block_place", operand="'numerator'", position=1
    ) }}
from first_of_block
union all
select
    {{ uses(
        node_key="'block_weights:' || place", parent_key="'block_share:' || block_place", operand="'denominator'",
        position=2
    ) }}
from first_of_block
union all
select
    {{ node(
        node_key="'block_weights:' || place", kind="'weight'", operation="'sum'",
        label="'weights of the blocks that are scored'", label_zh="'已计分块权重'", unit="'factor'"
    ) }}
from total
union all
select
    {{ uses(
        node_key="'block_weight:' || " ~ key_of('policy_score_kpi', 'first_of_block'),
        parent_key="'block_weights:' || place", operand="'term'", position='line_order'
    ) }}
from first_of_block
