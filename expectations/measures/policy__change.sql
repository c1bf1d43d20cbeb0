-- Grain: one policy relation: rows in force in the newest month and not in the one before, and the other way round.

with

in_force as (
    select
        'policy_kpi_period' as relation,
        period_id,
        concat_ws('|', kpi_id, unit, direction, aggregation, clock, window_days, scale_to, share_threshold) as content
    from policy.policy_kpi_period
    union all
    select
        'policy_score_kpi' as relation,
        period_id,
        concat_ws(
            '|', scheme_id, role, block, block_weight, kpi_id, kpi_weight, min_sample,
            floor_value, target_value, coalesce(stretch_value, 0)
        ) as content
    from policy.policy_score_kpi
    union all
    select
        'policy_grade_band' as relation,
        period_id,
        concat_ws('|', scheme_id, method, grade, band_no, coalesce(share, 0), coalesce(min_score, 0)) as content
    from policy.policy_grade_band
    union all
    select
        'policy_scheme_rule' as relation,
        period_id,
        concat_ws('|', scheme_id, parameter, value) as content
    from policy.policy_scheme_rule
    union all
    select
        'policy_component' as relation,
        period_id,
        concat_ws('|', component_id, mechanism, role, pay_kind, basis, key_attribute, band_attribute) as content
    from policy.policy_component
    union all
    select
        'policy_component_parameter' as relation,
        period_id,
        concat_ws('|', component_id, parameter, value, text_value) as content
    from policy.policy_component_parameter
    union all
    select
        'policy_component_event' as relation,
        period_id,
        concat_ws(
            '|', component_id, use, event_kind, comparison, coalesce(threshold_value, 0), coalesce(weight, 0), if_missing
        ) as content
    from policy.policy_component_event
    union all
    select
        'policy_component_rate' as relation,
        period_id,
        concat_ws(
            '|', component_id, rate_key, lower_bound, coalesce(upper_bound, 0), coalesce(rate, 0), coalesce(amount_cny, 0)
        ) as content
    from policy.policy_component_rate
),

compared as (
    select
        in_force.relation,
        in_force.content,
        bool_or(period.ends_before_on = newest.ends_before_on) as is_newest,
        bool_or(period.ends_before_on = newest.starts_on) as is_before
    from in_force
    inner join facts.dim_period as period
        on
            in_force.period_id = period.period_id
            and period.period_kind = 'month'
    cross join (
        select starts_on, ends_before_on
        from facts.dim_period
        where period_kind = 'month'
        order by starts_on desc
        limit 1
    ) as newest
    where period.ends_before_on >= newest.starts_on
    group by in_force.relation, in_force.content
)

select
    relation as subject,
    case when bool_or(is_before) then count_if(is_newest and not is_before) end as new_row_count,
    case when bool_or(is_before) then count_if(is_before and not is_newest) end as gone_row_count
from compared
group by relation
