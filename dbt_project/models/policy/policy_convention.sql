-- Grain: one period: the conventions that hold in every plan (S-*).

select
    period_id,
    max(case when parameter = 'curve_target_points' then value end) as target_points,
    max(case when parameter = 'curve_stretch_points' then value end) as stretch_points
from ({{ rows_in_force('convention') }}) as in_force
group by period_id
