-- Grain: one signal, one source row: whether the signal counts it, and for which agent and month.

{# Rows of nobody's or of days out of service say nothing of anybody and are left out; so are rows after the cut and
   those that a ruling in force sets aside, from every KPI or from one that the signal may serve. A row is of the queue
   (role and group of customers) in which the agent was that day. A rating takes one away from the contacts without: it
   is counted in its month. #}

with

ticket as (
    select * from {{ ref('fct_ticket') }}
),

contact as (
    select * from {{ ref('fct_contact') }}
    where is_valid and agent_id is not null
),

talked as (
    select
        contact_id,
        channel,
        started_on,
        talk_seconds,
        row_number() over (
            partition by channel, {{ month_id('started_on') }}
            order by talk_seconds asc nulls last, contact_id asc nulls last
        ) as row_no,
        count(*) over (partition by channel, {{ month_id('started_on') }}) as row_count
    from contact
    where is_answered and talk_seconds is not null
),

usual as (
    select
        talked.channel,
        {{ month_id('talked.started_on') }} as month_id,
        min(talked.talk_seconds) as middle_seconds
    from talked
    inner join {{ ref('policy_radar_signal') }} as signal
        on signal.signal_id = 'short_contact'
    where {{ is_from_percentile('talked.row_no', 'talked.row_count', 'signal.middle_percentile') }}
    group by talked.channel, {{ month_id('talked.started_on') }}
),

-- Ratings that count in csat, one of a contact.
rating as (
    select
        survey.survey_id,
        survey.parent_entity_id as contact_id,
        survey.rated_agent_id,
        survey.responded_on
    from {{ ref('fct_survey') }} as survey
    left join {{ ref('kpi_rating_recency') }} as uncounted
        on
            uncounted.kpi_id = 'csat'
            and survey.survey_id = uncounted.survey_id
    where
        survey.survey_kind = 'csat' and survey.parent_entity = 'contact' and survey.is_valid
        and not survey.is_future and uncounted.survey_id is null
),

-- Where nobody is asked for a rating, nobody is without one.
rated_channel as (
    select distinct
        contact.channel,
        {{ month_id('contact.started_on') }} as month_id
    from contact
    inner join rating
        on
            contact.contact_id = rating.contact_id
            and {{ month_id('contact.started_on') }} = {{ month_id('rating.responded_on') }}
),

-- Beyond the longest window nothing is known of what a customer did next.
longest_window as (
    select
        month_id,
        max(window_days) as day_count
    from {{ ref('policy_kpi') }}
    group by month_id
),

ruled as (
    select distinct
        pair.signal_id,
        'fct_' || ruling.entity as evidence_model,
        ruling.entity_id as evidence_key
    from {{ ref('fct_ruling') }} as ruling
    inner join {{ ref('policy_radar_pair') }} as pair
        on ruling.kpi_scope = pair.paid_id
    where ruling.is_in_force
),

measured as (
    select
        'set_aside' as signal_id,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        solving_agent_id as agent_id,
        created_on as event_on,
        case when coalesce(invalid_reason, '') in ('void', 'merged', 'spam', 'deleted') then 1 else 0 end as numerator,
        1 as denominator
    from ticket
    where ruling_id is null and coalesce(invalid_reason, '') <> 'future'
    union all
    select
        'late_return' as signal_id,
        'fct_ticket' as evidence_model,
        ticket.ticket_id as evidence_key,
        ticket.solving_agent_id as agent_id,
        ticket.solved_on as event_on,
        case
            when {{ is_just_after_days(
                'ticket.solved_at', 'ticket.next_event_at', 'definition.window_days', 'signal.tail_days'
            ) }}
                then 1
            else 0
        end as numerator,
        1 as denominator
    from ticket
    cross join {{ ref('dim_run_context') }} as run_context
    inner join {{ ref('policy_kpi') }} as definition
        on
            definition.kpi_id = 'fcr'
            and definition.month_id = {{ month_id('ticket.solved_on') }}
    inner join {{ ref('policy_radar_signal') }} as signal
        on signal.signal_id = 'late_return'
    inner join longest_window
        on
            definition.month_id = longest_window.month_id
            and longest_window.day_count >= definition.window_days + signal.tail_days
    where
        ticket.is_solved and ticket.is_valid and ticket.customer_id is not null
        and not ticket.is_reopened and not ticket.has_solve_before_creation
        and {{ has_elapsed('ticket.solved_at', 'definition.window_days + signal.tail_days', 'run_context.cut_at') }}
        and not coalesce(
            {{ is_within_days('ticket.solved_at', 'ticket.next_event_at', 'definition.window_days') }}, false
        )
    union all
    select
        'short_contact' as signal_id,
        'fct_contact' as evidence_model,
        contact.contact_id as evidence_key,
        contact.agent_id,
        contact.started_on as event_on,
        case when contact.talk_seconds < signal.short_share * usual.middle_seconds then 1 else 0 end as numerator,
        1 as denominator
    from contact
    inner join usual
        on
            contact.channel = usual.channel
            and usual.month_id = {{ month_id('contact.started_on') }}
    inner join {{ ref('policy_radar_signal') }} as signal
        on signal.signal_id = 'short_contact'
    where contact.is_answered and contact.talk_seconds is not null
    union all
    select
        'left_contact' as signal_id,
        'fct_contact' as evidence_model,
        contact_id as evidence_key,
        agent_id,
        started_on as event_on,
        case when is_answered then 0 else 1 end as numerator,
        1 as denominator
    from contact
    union all
    select
        'late_reopen' as signal_id,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        solving_agent_id as agent_id,
        solved_on as event_on,
        case
            when is_reopened and {{ month_id(local_date('updated_at')) }} > {{ month_id('solved_on') }} then 1
            else 0
        end as numerator,
        1 as denominator
    from ticket
    where is_valid and solved_on is not null and updated_at is not null
    union all
    select
        'unrated' as signal_id,
        'fct_contact' as evidence_model,
        contact.contact_id as evidence_key,
        contact.agent_id,
        contact.started_on as event_on,
        1 as numerator,
        1 as denominator
    from contact
    inner join rated_channel
        on
            contact.channel = rated_channel.channel
            and rated_channel.month_id = {{ month_id('contact.started_on') }}
    where contact.is_answered
    union all
    select
        'unrated' as signal_id,
        'fct_survey' as evidence_model,
        survey_id as evidence_key,
        rated_agent_id as agent_id,
        responded_on as event_on,
        -1 as numerator,
        0 as denominator
    from rating
    union all
    select
        'late_refund' as signal_id,
        'fct_order' as evidence_model,
        purchase.order_id as evidence_key,
        purchase.agent_id,
        purchase.ordered_on as event_on,
        case
            when
                purchase.is_refunded
                and {{ month_id(local_date('purchase.updated_at')) }} > {{ month_id('purchase.ordered_on') }}
                then 1
            else 0
        end as numerator,
        1 as denominator
    from {{ ref('fct_order') }} as purchase
    where purchase.status in ('paid', 'refunded') and purchase.is_valid and purchase.updated_at is not null
)

select
    measured.signal_id,
    measured.evidence_model,
    measured.evidence_key,
    measured.agent_id,
    segment.month_id,
    coalesce(segment.role, '') as role,
    coalesce(segment.customer_group, '') as customer_group,
    measured.event_on,
    cast(measured.numerator as bigint) as numerator,
    cast(measured.denominator as bigint) as denominator
from measured
cross join {{ ref('dim_run_context') }} as run_context
inner join {{ ref('dim_agent_month_segment') }} as segment
    on
        measured.agent_id = segment.agent_id
        and {{ month_id('measured.event_on') }} = segment.month_id
        and measured.event_on >= segment.first_day_on
        and measured.event_on <= segment.last_day_on
-- A rating that counts in csat has been received, whatever is ruled of it elsewhere.
left join ruled
    on
        measured.signal_id = ruled.signal_id
        and measured.evidence_model = ruled.evidence_model
        and measured.evidence_key = ruled.evidence_key
        and measured.denominator > 0
where measured.event_on <= run_context.as_of_on and ruled.evidence_key is null
