create table survey as
with asked as (
    select
        contact_row * 8 + n as survey_no,
        key('survey', contact_row * 8 + n) as k,
        skill,
        'csat' as kind,
        ended_s as asked_s,
        contact_id,
        case when u(ck, 'survey ticket') < 0.6 then ticket_id end as ticket_id,
        case when u(ck, 'survey agent') < 0.5 then agent_id end as agent_id,
        customer_id,
        contact_row
    from contact
    cross join (values (0), (1)) as r (n)
    where is_answered and agent_id is not null and ended_s is not null
        and started_s < getvariable('end_s')
        and u(ck, 'survey') < case n when 0 then {c.survey_share}
            else {c.survey_share} * {c.second_survey_share} end
    union all
    select
        row_no * 24 + 6 + n,
        key('survey', row_no * 24 + 6 + n),
        skill,
        case n when 0 then 'nps' else 'csat' end,
        solved_s,
        null,
        ticket_id,
        null,
        customer_id,
        row_no
    from ticket
    cross join (values (0), (1)) as r (n)
    where solved_s > created_s and fate in ('plain', 'reopened, solved', 'reopened, open')
        and case n when 0 then u(k, 'nps survey') < {c.nps_share}
            else u(k, 'csat survey') < {c.ticket_survey_share} end
),
answered as (
    select
        *,
        asked_s + case when u(k, 'late') < {c.late_survey_share}
            then 86400 + pick(k, 'days late', 9 * 86400)
            else 30 + pick(k, 'delay', 7200) end as responded_s,
        kind = 'nps' or u(k, 'scale') < 0.2 as is_ten,
        {c.best_score_share} + {c.best_score_per_skill} * skill as best,
        {c.promoter_share} + {c.promoter_per_skill} * skill as promoter
    from asked
)
select
    survey_no,
    code('S', survey_no, 10) as survey_id,
    kind,
    responded_s,
    case
        when is_odd(row_number() over (order by survey_no), {c.odd_survey_out_of_scale})
            then case when is_ten then 12 else 7 end
        when kind = 'nps' then case when u(k, 'score') < promoter then 9 + pick(k, 'within', 2)
            when u(k, 'score') < promoter + {c.passive_share} then 7 + pick(k, 'within', 2)
            else pick(k, 'within', 7) end
        else case when is_ten then 2 else 1 end * case
            when u(k, 'score') < best then 5
            when u(k, 'score') < best + {c.good_score_share} then 4
            when u(k, 'score') < best + {c.good_score_share} + 0.05 then 3
            else 1 + pick(k, 'within', 2) end
    end as score,
    case when is_ten then 10 else 5 end as scale_max,
    contact_id,
    ticket_id,
    agent_id,
    customer_id
from answered
where responded_s < getvariable('end_s');
