-- Grain: one observed number that scores and awards read, or an operand of it.

{# Each observation is the ratio of two sums over its evidence; a rating the mean of its ratings; a year's quarter total
   the mean of the scores of its quarters. #}

with

measured as (
    select distinct
        score_line.agent_id,
        score_line.period_id,
        score_line.kpi_id
    from {{ ref('score_line') }} as score_line
),

-- What candidates for an award are compared by, tie-breaks included, in its period and the one before.
measure_of_award as (
    {% for measure in ['ranking.measure_id', 'award.tie_break_1', 'award.tie_break_2'] %}
    select
        ranking.subject,
        ranking.subject_id,
        ranking.period_id,
        {{ measure }} as measure_id
    from {{ ref('bonus_ranking') }} as ranking
    inner join {{ ref('policy_award') }} as award
        on
            ranking.period_id = award.period_id
            and ranking.component_id = award.component_id
    where {{ measure }} is not null
    {% if not loop.last %}union{% endif %}
    {% endfor %}
),

compared as (
    select distinct
        measure.subject,
        measure.subject_id,
        measure.measure_id,
        period.period_id
    from measure_of_award as measure
    inner join {{ ref('dim_period') }} as ranked_period
        on measure.period_id = ranked_period.period_id
    inner join {{ ref('dim_period') }} as period
        on period.period_id in (ranked_period.period_id, ranked_period.previous_period_id)
),

used as (
    select
        agent_id,
        period_id,
        kpi_id
    from measured
    union
    select
        subject_id as agent_id,
        period_id,
        measure_id as kpi_id
    from compared
    where subject = 'agent'
    union
    select distinct
        agent_id,
        period_id,
        'collaboration_score' as kpi_id
    from {{ ref('score') }}
    where collaboration_share > 0
),

observed as (
    select
        observation.*,
        definition.name_en,
        definition.name_zh,
        definition.unit
    from {{ ref('kpi_observation') }} as observation
    inner join used
        on
            observation.agent_id = used.agent_id
            and observation.period_id = used.period_id
            and observation.kpi_id = used.kpi_id
    left join {{ ref('policy_kpi_period') }} as definition
        on
            observation.period_id = definition.period_id
            and observation.kpi_id = definition.kpi_id
),

grouped as (
    select
        observation.*,
        definition.name_en,
        definition.name_zh,
        definition.unit
    from {{ ref('kpi_group_observation') }} as observation
    left join {{ ref('policy_kpi_period') }} as definition
        on
            observation.period_id = definition.period_id
            and observation.kpi_id = definition.kpi_id
    where
        (observation.group_kind = 'centre' and observation.kpi_id = 'nps' and observation.period_kind = 'year')
        or exists (
            select 1
            from compared
            where
                compared.subject = 'team'
                and observation.group_kind = 'team'
                and observation.group_id = compared.subject_id
                and observation.period_id = compared.period_id
                and observation.kpi_id = compared.measure_id
        )
),

rated as (
    select
        rating.*,
        measure.name_en,
        measure.name_zh,
        measure.unit
    from {{ ref('score_rating') }} as rating
    left join {{ ref('policy_score_measure') }} as measure
        on
            rating.period_id = measure.period_id
            and rating.dimension = measure.measure_id
),

quarter_of_year as (
    select
        year.period_id as year_id,
        quarter.period_id as quarter_id
    from {{ ref('dim_period') }} as year
    inner join {{ ref('dim_period') }} as quarter
        on
            quarter.starts_on >= year.starts_on
            and quarter.starts_on < year.ends_before_on
    where year.period_kind = 'year' and quarter.period_kind = 'quarter'
),

quarter_total as (
    select
        measured.agent_id,
        measured.period_id,
        quarter_of_year.quarter_id,
        row_number() over (
            partition by measured.agent_id, measured.period_id order by quarter_of_year.quarter_id asc nulls last
        ) as quarter_no
    from measured
    inner join quarter_of_year
        on measured.period_id = quarter_of_year.year_id
    inner join {{ ref('score') }} as score
        on
            measured.agent_id = score.agent_id
            and quarter_of_year.quarter_id = score.period_id
            and score.total_score is not null
    where measured.kpi_id = 'quarter_total'
)

{% for name, model, alias in [
    ('observation', 'kpi_observation', 'observed'), ('group', 'kpi_group_observation', 'grouped'),
    ('rating', 'score_rating', 'rated')
] %}
{% set key = key_of(model, alias) %}
{% set agent_id = 'null' if name == 'group' else 'agent_id' %}
{% if not loop.first %}union all{% endif %}
select
    {{ node(
        agent_id=agent_id, node_key="'" ~ name ~ ":' || " ~ key, kind="'observation'",
        operation="case when " ~ alias ~ ".value is not null then 'ratio' end", label=alias ~ '.name_en',
        label_zh=alias ~ '.name_zh', unit=alias ~ '.unit', decimals=6, cell=[model, 'value', alias]
    ) }}
from {{ alias }}
{% for column, column_zh in [('numerator', '分子'), ('denominator', '分母')] %}
union all
select
    {{ node(
        agent_id=agent_id, node_key="'" ~ column ~ ":" ~ name ~ ":' || " ~ key, parent_key="'" ~ name ~ ":' || " ~ key,
        operand="'" ~ column ~ "'", position=loop.index, kind="'" ~ column ~ "'",
        label="'" ~ column ~ "'", label_zh="'" ~ column_zh ~ "'", unit="'sum over evidence'",
        cell=[model, column, alias]
    ) }}
from {{ alias }}
union all
select
    {{ uses(
        agent_id=agent_id, node_key="'" ~ column ~ ":" ~ name ~ ":' || " ~ key,
        parent_key="'exact:" ~ name ~ ":' || " ~ key, operand="'" ~ column ~ "'", position=loop.index
    ) }}
from {{ alias }}
{% endfor %}
union all
select
    {{ node(
        agent_id=agent_id, node_key="'exact:" ~ name ~ ":' || " ~ key, kind="'observation'", is_exact='true',
        operation="case when " ~ alias ~ ".value is not null then 'ratio' end", label=alias ~ '.name_en',
        label_zh=alias ~ '.name_zh', unit=alias ~ '.unit', decimals=6, cell=[model, 'value', alias]
    ) }}
from {{ alias }}
{% endfor %}
union all
select
    {{ node(
        node_key="'quarter_total:' || quarter_total.agent_id || ':' || quarter_total.period_id",
        kind="'observation'", operation="'ratio'", label="'mean of the quarters'", label_zh="'季度平均'",
        unit="'points'", decimals=6
    ) }}
from quarter_total
where quarter_no = 1
{% for operand, operation, operand_zh in [('numerator', 'sum', '合计'), ('denominator', 'count', '个数')] %}
union all
select
    {{ node(
        node_key="'" ~ operand ~ ":quarter_total:' || quarter_total.agent_id || ':' || quarter_total.period_id",
        parent_key="'quarter_total:' || quarter_total.agent_id || ':' || quarter_total.period_id",
        operand="'" ~ operand ~ "'", position=loop.index, kind="'" ~ operand ~ "'", operation="'" ~ operation ~ "'",
        label="'" ~ ('sum of the quarters' if operand == 'numerator' else 'number of quarters') ~ "'",
        label_zh="'" ~ operand_zh ~ "'", unit="'points'"
    ) }}
from quarter_total
where quarter_no = 1
union all
select
    {{ uses(
        node_key="'score:' || quarter_total.agent_id || ':' || quarter_total.quarter_id",
        parent_key="'" ~ operand ~ ":quarter_total:' || quarter_total.agent_id || ':' || quarter_total.period_id",
        operand="'term'", position='quarter_total.quarter_no'
    ) }}
from quarter_total
{% endfor %}
