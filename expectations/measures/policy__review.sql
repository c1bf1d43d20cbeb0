-- Grain: the centre's reviews as a whole: rulings, sign-offs and samples that are not as the plans ask.

select
    'reviews' as subject,
    (
        select case when count(*) > 0 then count_if(requested_by = reviewer_id) end
        from facts.fct_ruling
        where decision = 'approved'
    ) as self_reviewed_count,
    (
        select case when count(*) > 0 then count_if(reviewer_id is null) end
        from facts.fct_ruling
        where decision = 'approved'
    ) as unreviewed_count,
    (
        select
            case
                when count(*) > 0
                    then
                        count_if(
                            ruling.decision = 'pending'
                            and date_diff('day', ruling.requested_at, run.cut_at) > {pending_days}
                        )
            end
        from facts.fct_ruling as ruling
        cross join facts.dim_run_context as run
    ) as overdue_ruling_count,
    (
        select case when count(*) >= {min_rulings} then count_if(decision = 'approved') / count(*) end
        from facts.fct_ruling
        where decision <> 'pending'
    ) as approved_share,
    (
        select case when count(*) > 0 then count_if(sign_off.status = 'awaiting_sign_off') end
        from marts.mart_sign_off as sign_off
        cross join facts.dim_run_context as run
        where
            sign_off.period_kind = 'month'
            and date_diff('day', sign_off.ends_on, run.as_of_on) > {sign_off_days}
    ) as unsigned_month_count,
    (
        select case when sum(coverage.due_count) >= {min_samples} then sum(coverage.counted_review_count) / sum(coverage.due_count) end
        from marts.mart_sampling_coverage as coverage
        where
            coverage.month_id = (
                select max(period_id) from facts.dim_period where period_kind = 'month' and has_ended
            )
    ) as sampled_share
