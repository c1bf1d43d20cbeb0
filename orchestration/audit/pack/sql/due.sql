-- Every line of the bonus and, unless it is settled, all that is due and not paid is in its tree.
with due as (
    select 'bonus.bonus_line' as relation, bonus_line_id as name from bonus.bonus_line
    union all
    select 'bonus.bonus_unpaid', concat_ws(':', agent_id, period_id, component_id, segment_no)
    from bonus.bonus_unpaid
    where $period_id not in (select period_id from facts.dim_settled_period)
)
select relation, 'is not in the tree' as problem, name, null as of
from due
where
    not exists (
        select 1 from audit.bonus_trace as place
        where place.input_key = due.name and (due.relation = 'bonus.bonus_line' or place.kind = 'unpaid')
    )
order by all
