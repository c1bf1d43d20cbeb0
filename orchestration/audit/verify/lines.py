"""What is due, ranked and paid, and what is settled and corrected, from the rows that it rests on.

As in `sums`: rows that must be there, sums, and columns that stand in two places.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.audit.verify.rows import Copied, Rows

PAID: Sequence[Rows] = (
    Rows(
        "due = components of the plans held, by segment or once",
        "bonus.bonus_due",
        """
        with way as (
            select component_id, period_id, bool_or(is_by_segment) as is_by_segment,
                bool_or(period_day_count > 1) as is_by_days
            from {bonus.bonus_due} group by all
        ),
        own as (
            select segment.*, component.* exclude (period_id, period_kind, scheme_id, role,
                effective_from_on),
                sum(segment.day_count) over component as own_day_count,
                segment.segment_no = max(segment.segment_no) over component as is_last_own,
                coalesce(is_by_segment, false) as is_by_segment, coalesce(is_by_days, false) as is_by_days
            from {policy.policy_component} as component
            inner join {facts.dim_agent_period_segment} as segment on component.period_id = segment.period_id
                and is_own(component.scheme_id, component.role, segment.scheme_id, segment.role)
            left join way
                on component.component_id = way.component_id and component.period_id = way.period_id
            window component as (partition by segment.agent_id, segment.period_id, component.component_id)
        )
        select own.agent_id, own.period_id, component_id,
            case when is_by_segment then own.segment_no else 1 end as segment_no, is_by_segment,
            case when is_by_days then own.day_count else 1 end as day_count,
            case when is_by_days then own.period_day_count else 1 end as period_day_count,
            own_day_count, own.role, own.team_id, own.department, own.base_salary_cny,
            coalesce(own.hired_on, agent.hired_on) as _first_on, _first_on as hired_on,
            case key_attribute when 'grade' then grade.grade when 'level' then own.level
                when 'education' then own.education when 'role' then own.role
                when 'customer_group' then own.customer_group else '' end as rate_key,
            case when band_attribute = 'service_years' then
                year(place.last_day_on) - year(_first_on) - case when place.last_day_on < _first_on
                    + to_years(cast(year(place.last_day_on) - year(_first_on) as integer)) then 1 else 0 end
                else 0 end as band_value,
            grade.grade, grade.method as grade_method, score.total_score, score.scheme_id as scored_scheme_id,
            coalesce(score.status, 'not_scored') as score_status, graded.status as grade_status
        from own
        inner join {facts.dim_agent_period} as place using (agent_id, period_id)
        inner join {facts.dim_agent} as agent on own.agent_id = agent.agent_id
        left join {grade.grade_by_plan} as grade on own.agent_id = grade.agent_id
            and own.period_id = grade.period_id and own.scheme_id = grade.scheme_id
        left join {grade.grade} as graded on own.agent_id = graded.agent_id
            and own.period_id = graded.period_id
        left join {score.score} as score on own.agent_id = score.agent_id and own.period_id = score.period_id
        where is_by_segment or (is_last_own and (own.is_last_segment or (component_id, own.period_id) not in (
            select (component_id, period_id) from {policy.policy_award})))
        """,
    ),
    Rows(
        "ranked = all who are in the running, by what was measured",
        "bonus.bonus_ranking",
        """
        with award as (
            select award.*, min_service_share, coalesce(case direction when 'lower' then -1 end, 1) as way,
                case basis when 'attainment' then 'attainment:' || component_id else basis end as measure_id
            from {policy.policy_award} as award
            inner join {policy.policy_scheme} as scheme using (period_id, scheme_id)
            left join {policy.policy_kpi_period} as kpi on award.period_id = kpi.period_id and basis = kpi_id
        ),
        -- S-AWARD: on the plan on the period's last day, and long enough.
        on_plan as (
            select agent_id, period_id, scheme_id, place.team_id, place.department, component_id
            from award inner join {facts.dim_agent_period} as place using (period_id, scheme_id)
            inner join {facts.dim_period} as period using (period_id)
            inner join {facts.dim_agent_period_segment} as segment using (agent_id, period_id, scheme_id)
            where place.last_day_on = ends_on group by all
            having sum(segment.day_count) >= any_value(min_service_share * period.day_count)
        ),
        candidate as (
            select period_id, component_id, agent_id as subject_id, case scope
                when 'department' then coalesce(due.department, '') when 'team' then coalesce(due.team_id, '')
                when 'role' then coalesce(due.role, '') else scheme_id end as scope_id
            from {bonus.bonus_due} as due
            inner join on_plan using (agent_id, period_id, component_id, scheme_id)
            inner join award using (period_id, component_id, scheme_id)
            inner join {facts.dim_period} as period using (period_id)
            where subject = 'agent'
                and coalesce(ends_on < hired_on + to_months(cast(max_service_months as integer)), true)
            union
            select period_id, component_id, team_id,
                case scope when 'department' then coalesce(department, '') else scheme_id end
            from award inner join on_plan using (period_id, component_id, scheme_id)
            where subject = 'team' and team_id is not null
        ),
        held as (
            select distinct unnest([agent_id, team_id]) as subject_id, period_id as previous_period_id,
                scheme_id
            from {facts.dim_agent_period}
        ),
        measure as (
            select agent_id as subject_id, period_id, kpi_id as measure_id, value, denominator as cases,
                millionths(numerator) as n, cast(denominator as hugeint) as d
            from {kpi.kpi_observation}
            union all
            select group_id, period_id, kpi_id, value, denominator, millionths(numerator), denominator
            from {kpi.kpi_group_observation} where group_kind = 'team'
            union all
            select agent_id, period_id, 'score', total_score, 1, millionths(total_score), 1 from {score.score}
            union all
            select agent_id, period_id, 'attainment:' || component_id, attainment, 1,
                cast(compared_actual as hugeint), cast(compared_target as hugeint)
            from {bonus.bonus_attainment}
        )
        select period_id, component_id, subject_id, scope_id, latest.value as current_value,
            latest.cases as case_count, prior.value as previous_value,
            way * (latest.n * prior.d - prior.n * latest.d) as _gained,
            case when gain is null then way * latest.value
                when gain = 'absolute' then way * (latest.value - prior.value)
                else from_millionths(whole_quotient(_gained * 1000000, latest.d * prior.n)) end
                    as ranked_value
        from candidate
        inner join award using (period_id, component_id)
        inner join {facts.dim_period} as period using (period_id)
        inner join measure as latest using (subject_id, period_id, measure_id)
        left join held using (subject_id, previous_period_id, scheme_id)
        left join measure as prior on held.subject_id = prior.subject_id and prior.value is not null
            and held.previous_period_id = prior.period_id and award.measure_id = prior.measure_id
            and prior.cases >= min_sample
        where latest.value is not null and latest.cases >= min_sample
            and (gain is null or (_gained > 0 and (gain = 'absolute' or prior.n > 0)))
        """,
    ),
    Rows(
        "award of a rank = its row of the table",
        "bonus.bonus_ranking",
        """
        select ranked.period_id, ranked.component_id, subject_id, rate.lower_bound is not null as is_awarded,
            rate.amount_cny, coalesce(rate.value_origin, component.value_origin) as value_origin
        from {bonus.bonus_ranking} as ranked
        inner join {policy.policy_component} as component
            on ranked.component_id = component.component_id and ranked.period_id = component.period_id
        left join {policy.policy_component_rate} as rate on ranked.component_id = rate.component_id
            and ranked.period_id = rate.period_id and rank >= lower_bound and coalesce(rank < upper_bound,
                true)
        """,
    ),
    Rows(
        "line = of what is due, in its order",
        "bonus.bonus_line_computed",
        """
        select beginning || item as bonus_line_id,
            due.period_id || ':' || due.agent_id as bonus_id, due.component_label_zh as line_label_zh,
            row_number() over (
                partition by due.agent_id, due.period_id
                order by due.component_line_no, due.component_id, due.segment_no, item
            ) as line_no,
            -- A base that is itself paid by segment is not prorated again.
            case when is_paid_base and line.period_day_count = 1 then 1 else due.day_count end as day_count,
            case when is_paid_base and line.period_day_count = 1 then 1 else due.period_day_count end
                as period_day_count
        from (
            select *, concat_ws(':', period_id, agent_id, component_id, segment_no, '') as beginning,
                substr(bonus_line_id, length(beginning) + 1) as item
            from {bonus.bonus_line_computed}
        ) as line
        inner join {bonus.bonus_due} as due using (agent_id, period_id, component_id, segment_no)
        left join (
            select distinct component_id as basis, true as is_paid_base from {bonus.bonus_base}
        ) as base on due.basis = base.basis
        """,
    ),
    Rows(
        "base of a share = the lines of its component",
        "bonus.bonus_base",
        """
        select agent_id, period_id as month_id, component_id, segment_no, quantity as whole_amount_cny
        from {bonus.bonus_line_computed}
        where (component_id, period_id) in (select (component_id, month_id) from {bonus.bonus_base})
        """,
    ),
    Rows(
        "grade at the place settled with, where only others moved",
        "grade.grade_unmoved",
        """
        with forced as (
            select distinct period_id, scheme_id, true as has_shares from {policy.policy_grade_band}
            where method = 'forced'
        ),
        placed as (
            select settled.* exclude (grade), today.grade as moved_grade,
                case when settled.rank is null then null
                    when has_shares and settled.cohort_size >= min_group_size then 'forced'
                    else 'absolute' end as method
            from {facts.fct_settled_score} as settled
            inner join {grade.grade} as today using (agent_id, period_id, cohort_id, total_score)
            inner join {policy.policy_scheme} as scheme
                on settled.period_id = scheme.period_id and settled.scheme_id = scheme.scheme_id
            left join forced
                on settled.period_id = forced.period_id and settled.scheme_id = forced.scheme_id
        )
        select agent_id, placed.period_id, placed.cohort_id, cohort_size, rank, placed.method,
            band.grade as unmoved_grade, moved_grade
        from placed left join {policy.policy_grade_band} as band
            on placed.period_id = band.period_id and placed.scheme_id = band.scheme_id
            and placed.method = band.method and case placed.method
                when 'forced' then rank - 1 < band.cumulative_share * cohort_size
                else coalesce(total_score >= band.min_score, true) end
        qualify row_number() over (partition by agent_id, placed.period_id order by band.band_no) = 1
            and band.grade is distinct from moved_grade
        """,
    ),
    Rows(
        "line at the place settled with, where only others moved",
        "bonus.bonus_unmoved",
        """
        with multiplied as (
            select due.*, coalesce(millionths(
                    case due.basis when 'base_salary' then base_salary_cny else base.value end
                ) * cast(rate.rate * 100000000 as hugeint) * day_count, 0) as product,
                cents(product, period_day_count) as own_cents,
                segment_no = max(segment_no) over component as is_last,
                cents(sum(product) over component, period_day_count) - sum(own_cents) over component
                    as left_cents
            from {bonus.bonus_due} as due
            inner join {grade.grade_unmoved} as moved using (agent_id, period_id, scheme_id)
            inner join {policy.policy_component} as component on due.component_id = component.component_id
                and due.period_id = component.period_id and key_attribute = 'grade'
            left join {policy.policy_component_rate} as rate on due.component_id = rate.component_id
                and due.period_id = rate.period_id and rate.rate_key = moved.unmoved_grade
            left join {policy.policy_component_parameter} as base on due.component_id = base.component_id
                and due.period_id = base.period_id and base.parameter = due.basis
            window component as (partition by due.agent_id, due.period_id, due.component_id)
        )
        select concat_ws(':', period_id, agent_id, component_id, segment_no, '') as bonus_line_id, period_id,
            agent_id, component_id, own_cents + case when is_last then left_cents else 0 end as amount_cny
        from multiplied
        union all
        select concat_ws(':', today.period_id, subject_id, today.component_id, 1, ''), today.period_id,
            subject_id, today.component_id, coalesce(rate.amount_cny, 0)
        from {facts.fct_settled_ranking} as settled
        inner join {bonus.bonus_ranking} as today using (period_id, component_id, scope_id, ranked_value)
        inner join {policy.policy_award} as award using (period_id, component_id)
        left join {policy.policy_component_rate} as rate on today.component_id = rate.component_id
            and today.period_id = rate.period_id and settled.rank >= lower_bound
            and coalesce(settled.rank < upper_bound, true)
        where settled.agent_id = today.subject_id and today.subject = 'agent' and settled.rank <> today.rank
            and settled.tie_break_1 is not distinct from today.tie_break_1
            and settled.tie_break_2 is not distinct from today.tie_break_2
            and (gain is null or settled.case_count = today.case_count)
        """,
    ),
    Rows(
        "correction = today's line less what was settled and adjusted",
        "bonus.bonus_correction",
        """
        with parts as (
            select bonus_line_id, period_id, agent_id, scheme_id, component_id, amount_cny as settled_cny,
                null as adjusted_cny, null as computed_cny, 'frozen' as source
            from {facts.fct_settled_line} where adjusts_bonus_line_id is null
            union all
            select bonus_line_id, period_id, agent_id, scheme_id, component_id, null, null,
                amount_cny, 'today'
            from {bonus.bonus_line_computed}
            where period_id in (select period_id from {facts.dim_settled_period})
            union all
            select adjusts_bonus_line_id, split_part(adjusts_bonus_line_id, ':', 1), agent_id, scheme_id,
                component_id, null, amount_cny, null, 'withdrawn'
            from {facts.fct_settled_line} where adjusts_bonus_line_id is not null
        ),
        compared as (
            select bonus_line_id, min_by(period_id, source) as period_id,
                min_by(agent_id, source) as agent_id, min_by(scheme_id, source) as scheme_id,
                min_by(component_id, source) as component_id,
                coalesce(sum(settled_cny), 0) as settled_cny, coalesce(sum(adjusted_cny), 0) as adjusted_cny,
                coalesce(sum(computed_cny), 0) as computed_cny
            from parts group by bonus_line_id having computed_cny <> settled_cny or adjusted_cny <> 0
        )
        select compared.*, computed_cny - settled_cny - adjusted_cny as difference_cny,
            computed_cny - coalesce(unmoved.amount_cny, computed_cny) as moved_cny,
            coalesce(rule.ranking_correction, 'held_harmless') as ranking_correction,
            difference_cny - case coalesce(rule.ranking_correction, 'held_harmless') when 'adjusted' then 0
                when 'held_harmless' then least(moved_cny, 0) else moved_cny end as owed_cny
        from compared
        left join {bonus.bonus_unmoved} as unmoved using (bonus_line_id)
        left join {policy.policy_scheme} as rule
            on compared.scheme_id = rule.scheme_id and compared.period_id = rule.period_id
        """,
    ),
    Rows(
        "line of open and settled periods, adjustments",
        "bonus.bonus_line",
        """
        with open_month as (
            select period_id, period_kind from {facts.dim_period}
            where period_kind = 'month' and period_id not in (select period_id
                from {facts.dim_settled_period})
            order by starts_on limit 1
        )
        select *, null as adjusts_bonus_line_id from {bonus.bonus_line_computed}
        where period_id not in (select period_id from {facts.dim_settled_period})
        union all by name
        select * from {facts.fct_settled_line}
        union all by name
        select concat_ws(':', month.period_id, correction.agent_id, 'adjustment', bonus_line_id)
            as bonus_line_id,
            month.period_id || ':' || correction.agent_id as bonus_id, month.period_kind, month.period_id,
            correction.agent_id, correction.scheme_id, correction.component_id, 'adjustment' as mechanism,
            correction.pay_kind, 1 as segment_no, row_number() over (
                partition by correction.agent_id order by bonus_line_id
            ) + coalesce(last.line_no, 0) as line_no,
            'adjustment of ' || correction.period_id || ': ' || correction.line_label as line_label,
            correction.period_id || ' 调整：' || correction.line_label_zh as line_label_zh,
            owed_cny as quantity, 'cny' as quantity_unit, 1 as rate, 1 as day_count, 1 as period_day_count,
            owed_cny as amount_cny, 'PR-04' as clause_id, correction.value_origin,
            'bonus_correction' as input_model, bonus_line_id as input_key,
            bonus_line_id as adjusts_bonus_line_id
        from {bonus.bonus_correction} as correction cross join open_month as month
        left join (
            select bonus_id, max(line_no) as line_no from {bonus.bonus_line_computed} group by all
        ) as last on last.bonus_id = month.period_id || ':' || correction.agent_id
        where owed_cny <> 0
        """,
    ),
    Rows(
        "bonus = sum of its lines",
        "bonus.bonus",
        """
        with line as (
            select bonus_id, period_kind, period_id, agent_id, min(scheme_id) as scheme_id,
                sum(amount_cny) as amount_cny, count(*) as line_count
            from {bonus.bonus_line} group by all
        ),
        owed as (
            select period_id || ':' || agent_id as bonus_id, period_kind, period_id, agent_id, scheme_id,
                (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_component})
                    as is_paying
            from {facts.dim_agent_period}
            union all
            select bonus_id, period_kind, period_id, agent_id, scheme_id, true from line
            where (agent_id, period_id) not in (select (agent_id, period_id) from {facts.dim_agent_period})
        )
        select owed.* exclude (is_paying), coalesce(line.amount_cny, 0) as amount_cny,
            coalesce(line.line_count, 0) as line_count, coalesce(score.status, 'not_scored') as score_status,
            maturity_of(has_ended and coalesce(score.maturity, 'final') = 'final'
                and (owed.agent_id, owed.period_id) not in (
                    select (agent_id, period_id) from {bonus.bonus_unpaid}
                    where reason in ('no_attribute', 'no_base')
                )) as maturity
        from owed
        inner join {facts.dim_period} as period on owed.period_id = period.period_id
        left join line on owed.bonus_id = line.bonus_id
        left join {score.score} as score
            on owed.agent_id = score.agent_id and owed.period_id = score.period_id
        where is_paying or line.bonus_id is not null
        """,
    ),
    Rows(
        "register = bonus lines",
        "marts.mart_bonus_register",
        """
        select line.bonus_line_id, line.bonus_id, agent_name, bonus.amount_cny as bonus_amount_cny,
            bonus.maturity
        from {bonus.bonus_line} as line
        inner join {bonus.bonus} as bonus using (bonus_id)
        left join {facts.dim_agent} as agent on line.agent_id = agent.agent_id
        """,
    ),
    Rows(
        "award = line, team's rank or honour",
        "marts.mart_award",
        """
        select concat_ws(':', line.period_id, line.component_id, line.agent_id) as award_id,
            line.bonus_line_id, line.agent_id, null as team_id, ranking.rank, ranking.ranked_value
        from {bonus.bonus_line} as line
        left join {bonus.bonus_ranking} as ranking on line.component_id = ranking.component_id
            and line.period_id = ranking.period_id and line.agent_id = ranking.subject_id and is_awarded
        where line.mechanism in (select mechanism from {policy.policy_award})
        union all
        select concat_ws(':', period_id, component_id, subject_id), null, null, subject_id, rank, ranked_value
        from {bonus.bonus_ranking} where subject = 'team' and is_awarded
        union all
        select concat_ws(':', period_id, consequence, subject_id), null,
            case subject when 'agent' then subject_id end, case subject when 'team' then subject_id end, null,
            total_score
        from {grade.grade_outcome} where kind = 'award' and is_met
        """,
    ),
)

COPIES: Sequence[Copied] = (
    Copied("bonus.bonus_due", "policy.policy_component", "period_id component_id", unlike="role"),
    Copied(
        "bonus.bonus_due",
        "policy.policy_component",
        "period_id component_id component_role=role component_line_no=line_no component_label_en=label_en "
        "component_label_zh=label_zh component_clause_id=clause_id component_value_origin=value_origin",
        unlike="role",
    ),
    Copied(
        "bonus.bonus_due",
        "facts.dim_agent_period",
        "agent_id period_id",
        unlike="scheme_id role team_id department hired_on base_salary_cny",
    ),
    Copied(
        "bonus.bonus_ranking",
        "policy.policy_award",
        "period_id component_id",
        unlike="tie_break_1 tie_break_2",
    ),
    Copied("bonus.bonus_ranking", "policy.policy_component", "period_id component_id", unlike="value_origin"),
    Copied("bonus.bonus_attainment", "bonus.bonus_due", "agent_id period_id component_id"),
    Copied("bonus.bonus_coefficient", "bonus.bonus_due", "agent_id period_id component_id"),
    Copied("bonus.bonus_deduction", "bonus.bonus_due", "agent_id period_id component_id"),
    Copied("bonus.bonus_tally_line", "bonus.bonus_due", "agent_id period_id component_id segment_no"),
    Copied("bonus.bonus_unpaid", "bonus.bonus_due", "agent_id period_id component_id segment_no"),
    Copied("bonus.bonus_unpaid", "policy.policy_component", "period_id component_id"),
    Copied(
        "bonus.bonus_base", "bonus.bonus_line_computed", "agent_id month_id=period_id component_id segment_no"
    ),
    Copied(
        "bonus.bonus_line_computed",
        "bonus.bonus_due",
        "agent_id period_id component_id segment_no",
        unlike="day_count period_day_count",
    ),
    Copied("marts.mart_bonus_register", "bonus.bonus_line", "bonus_line_id"),
    Copied("marts.mart_award", "bonus.bonus_line", "bonus_line_id", part="own.bonus_line_id is not null"),
    Copied(
        "marts.mart_award",
        "bonus.bonus_ranking",
        "period_id component_id team_id=subject_id",
        part="own.subject = 'team' and own.component_id is not null",
    ),
    Copied(
        "marts.mart_award",
        "grade.grade_outcome",
        "period_id award_kind=consequence scheme_id",
        part="own.component_id is null",
        unlike="kind grade",
    ),
)
