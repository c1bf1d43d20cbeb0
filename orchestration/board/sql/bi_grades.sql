-- Grain: one plan, one grade of the newest periods of its agents in service in the newest month.
with

counted as (
    select
        focus.scheme_id, scheme.name_zh, scheme.name_en, scheme.scheme_order,
        focus.grade, grade_name.label_zh, grade_name.label_en, grade_name.grade_order, count(*) as agent_count
    from focus
    inner join marts.dim_scheme as scheme using (scheme_id)
    inner join marts.dim_grade as grade_name using (scheme_id, grade)
    where focus.is_present
    group by all
)

select *, cast(sum(agent_count) over (partition by scheme_id) as bigint) as scheme_count
from counted
order by scheme_order, scheme_id, grade_order
