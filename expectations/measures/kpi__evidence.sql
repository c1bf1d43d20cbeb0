-- Grain: one KPI: the evidence rows of the newest ended month, how much of it is set aside and why, bots apart.

with

month as (
    select
        period_id as month_id,
        starts_on,
        ends_on,
        has_ended,
        row_number() over (order by has_ended desc, starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month'
),

counted as (
    select
        daily.kpi_id,
        month.newest_no,
        cast(sum(daily.row_count) as bigint) as row_count,
        cast(sum(case when daily.exclusion_reason is distinct from 'bot' then daily.row_count else 0 end) as bigint)
            as people_count,
        cast(sum(
            case
                when not daily.is_counted and coalesce(daily.exclusion_reason, '') not in ('pending', 'future', 'bot')
                    then daily.row_count
                else 0
            end
        ) as bigint) as set_aside_count,
        cast(sum(daily.ruled_row_count) as bigint) as ruling_count,
        cast(sum(
            case when daily.exclusion_reason in ('no_agent', 'unknown_agent') then daily.row_count else 0 end
        ) as bigint) as uncredited_count,
        cast(sum(
            case
                when daily.exclusion_reason = 'pending' and month.ends_on < run.as_of_on - {longest_window_days}
                    then daily.row_count
                else 0
            end
        ) as bigint) as stale_pending_count,
        cast(sum(
            case when month.ends_on < run.as_of_on - {longest_window_days} then daily.row_count else 0 end
        ) as bigint) as elapsed_count
    from kpi.kpi_daily as daily
    inner join month
        on daily.month_id = month.month_id
    cross join facts.dim_run_context as run
    where month.has_ended
    group by daily.kpi_id, month.newest_no
),

kpi as (
    select
        kpi_id,
        coalesce(sum(row_count) filter (where newest_no = 1), 0) as newest_count,
        median(row_count) filter (where newest_no between 2 and {history_months} + 1) as usual_count,
        count_if(newest_no between 2 and {history_months} + 1) as month_count,
        coalesce(sum(people_count) filter (where newest_no = 1), 0) as people_count,
        sum(set_aside_count) filter (where newest_no = 1) as set_aside_count,
        sum(ruling_count) filter (where newest_no = 1) as ruling_count,
        sum(uncredited_count) filter (where newest_no = 1) as uncredited_count,
        sum(set_aside_count) filter (where newest_no between 2 and {history_months} + 1)
        / nullif(sum(people_count) filter (where newest_no between 2 and {history_months} + 1), 0) as usual_set_aside_share,
        sum(stale_pending_count) as stale_pending_count,
        sum(elapsed_count) as elapsed_count
    from counted
    group by kpi_id
)

select
    kpi_id as subject,
    case
        when month_count >= {min_months} and usual_count >= {min_sample} then newest_count / usual_count
    end as evidence_ratio,
    case when people_count >= {min_sample} then set_aside_count / people_count end as set_aside_share,
    case
        when people_count >= {min_sample} and month_count >= {min_months}
            then set_aside_count / people_count - usual_set_aside_share
    end as set_aside_rise,
    case when people_count >= {min_sample} then ruling_count / people_count end as ruling_share,
    case when people_count >= {min_sample} then uncredited_count / people_count end as uncredited_share,
    case when elapsed_count > 0 then stale_pending_count end as stale_pending_count
from kpi
