-- Grain: one agent, one period, one signal, one paid KPI that it may serve: against the peers of the same queue.

{# A queue is a role and a group of customers: that of the agent's last day in the period, and only rows of days in it
   count. Everybody in it with enough rows is a peer, whatever the plan pays; whether a signal is asked of an agent goes
   by the plan of the months. An agent is held against the others alone: of two who do the same neither lifts the end
   that the agent is held against. #}

with

placed as (
    select
        agent_id,
        period_id,
        period_kind,
        team_id,
        scheme_id,
        coalesce(role, '') as role,
        coalesce(customer_group, '') as customer_group
    from {{ ref('dim_agent_period') }}
),

counted as (
    select
        monthly.agent_id,
        month.period_id,
        monthly.signal_id,
        cast(greatest(sum(monthly.numerator), 0) as bigint) as numerator,
        cast(sum(monthly.denominator) as bigint) as denominator
    from {{ ref('mart_kpi_radar__month') }} as monthly
    inner join {{ ref('dim_period_month') }} as month
        on monthly.month_id = month.month_id
    inner join placed
        on
            monthly.agent_id = placed.agent_id
            and month.period_id = placed.period_id
            and monthly.role = placed.role
            and monthly.customer_group = placed.customer_group
    group by monthly.agent_id, month.period_id, monthly.signal_id
),

-- What a plan paid in the queue, in any month of the period; names and counter-KPI are those of the last such month.
paid as (
    select
        segment.agent_id,
        month.period_id,
        pair.signal_id,
        pair.paid_id,
        max(pair.month_id) as month_id
    from {{ ref('dim_agent_month_segment') }} as segment
    inner join {{ ref('policy_radar_pair') }} as pair
        on
            segment.month_id = pair.month_id
            and segment.scheme_id = pair.scheme_id
            and (pair.role = segment.role or pair.role = '*')
    inner join {{ ref('dim_period_month') }} as month
        on segment.month_id = month.month_id
    inner join placed
        on
            segment.agent_id = placed.agent_id
            and month.period_id = placed.period_id
            and coalesce(segment.role, '') = placed.role
            and coalesce(segment.customer_group, '') = placed.customer_group
    group by segment.agent_id, month.period_id, pair.signal_id, pair.paid_id
),

named as (
    select distinct
        month_id,
        signal_id,
        paid_id,
        paid_name_en,
        paid_name_zh,
        counter_kpi_id,
        counter_name_en,
        counter_name_zh
    from {{ ref('policy_radar_pair') }}
),

measured as (
    select
        placed.period_kind,
        placed.period_id,
        placed.agent_id,
        placed.team_id,
        placed.scheme_id,
        placed.role,
        placed.customer_group,
        counted.signal_id,
        counted.numerator,
        counted.denominator,
        {{ ratio('counted.numerator', 'counted.denominator') }} as rate,
        counted.denominator >= signal.min_denominator as is_sampled
    from counted
    inner join placed
        on
            counted.agent_id = placed.agent_id
            and counted.period_id = placed.period_id
    inner join {{ ref('policy_radar_signal') }} as signal
        on counted.signal_id = signal.signal_id
),

ranked as (
    select
        measured.period_id,
        measured.agent_id,
        measured.signal_id,
        measured.role,
        measured.customer_group,
        measured.rate,
        row_number() over (
            partition by measured.period_id, measured.signal_id, measured.role, measured.customer_group
            order by measured.rate asc nulls last, measured.agent_id asc nulls last
        ) as row_no,
        count(*) over (
            partition by measured.period_id, measured.signal_id, measured.role, measured.customer_group
        ) as peer_count
    from measured
    where measured.is_sampled
),

-- The rates at the place of each percentile among one fewer than the peers, and at the next place.
peer as (
    select
        ranked.period_id,
        ranked.signal_id,
        ranked.role,
        ranked.customer_group,
        {% for place in ['low', 'middle', 'high'] -%}
        {%- set percentile = 'signal.' ~ place ~ '_percentile' -%}
        {% for row_no, name in [('ranked.row_no', place), ('ranked.row_no - 1', 'after_' ~ place)] -%}
        min(
            case
                when {{ is_from_percentile(row_no, 'ranked.peer_count - 1', percentile) }}
                    then ranked.rate
            end
        ) as {{ name }}_rate,
        {% endfor -%}
        {% endfor -%}
        max(ranked.peer_count) as peer_count
    from ranked
    inner join {{ ref('policy_radar_signal') }} as signal
        on ranked.signal_id = signal.signal_id
    group by ranked.period_id, ranked.signal_id, ranked.role, ranked.customer_group
),

-- Among the others of an agent at or before the place, the next one has it.
held as (
    select
        ranked.period_id,
        ranked.agent_id,
        ranked.signal_id,
        {% for place in ['low', 'middle', 'high'] -%}
        {%- set percentile = 'signal.' ~ place ~ '_percentile' -%}
        case
            when {{ is_from_percentile('ranked.row_no - 1', 'ranked.peer_count - 1', percentile) }}
                then peer.{{ place }}_rate
            else peer.after_{{ place }}_rate
        end as peer_{{ place }}_rate{% if not loop.last %},{% endif %}
        {% endfor %}
    from ranked
    inner join {{ ref('policy_radar_signal') }} as signal
        on ranked.signal_id = signal.signal_id
    inner join peer
        on
            ranked.period_id = peer.period_id
            and ranked.signal_id = peer.signal_id
            and ranked.role = peer.role
            and ranked.customer_group = peer.customer_group
    where ranked.peer_count >= signal.min_peer_count
),

compared as (
    select
        measured.*,
        signal.min_excess_rate,
        signal.min_spread_multiple,
        signal.min_surprise,
        coalesce(peer.peer_count, 0) as peer_count,
        held.agent_id is not null as is_held,
        held.peer_low_rate,
        held.peer_middle_rate,
        held.peer_high_rate,
        {{ surprise('measured.numerator', 'measured.denominator', 'held.peer_high_rate') }} as surprise
    from measured
    inner join {{ ref('policy_radar_signal') }} as signal
        on measured.signal_id = signal.signal_id
    left join peer
        on
            measured.period_id = peer.period_id
            and measured.signal_id = peer.signal_id
            and measured.role = peer.role
            and measured.customer_group = peer.customer_group
    left join held
        on
            measured.period_id = held.period_id
            and measured.agent_id = held.agent_id
            and measured.signal_id = held.signal_id
)

select
    compared.period_kind,
    compared.period_id,
    compared.agent_id,
    compared.team_id,
    compared.scheme_id,
    compared.role,
    compared.customer_group,
    compared.signal_id,
    paid.paid_id,
    named.paid_name_en,
    named.paid_name_zh,
    named.counter_kpi_id,
    named.counter_name_en,
    named.counter_name_zh,
    compared.numerator,
    compared.denominator,
    compared.rate,
    compared.peer_count,
    compared.peer_low_rate,
    compared.peer_middle_rate,
    compared.peer_high_rate,
    compared.surprise,
    case
        when not compared.is_sampled then 'too_few_rows'
        when not compared.is_held then 'too_few_peers'
        when
            compared.surprise >= compared.min_surprise
            and compared.rate - compared.peer_high_rate >= compared.min_excess_rate
            and compared.rate - compared.peer_high_rate
            >= compared.min_spread_multiple * (compared.peer_high_rate - compared.peer_low_rate)
            then 'hit'
        else 'usual'
    end as status
from compared
inner join paid
    on
        compared.agent_id = paid.agent_id
        and compared.period_id = paid.period_id
        and compared.signal_id = paid.signal_id
inner join named
    on
        paid.month_id = named.month_id
        and paid.signal_id = named.signal_id
        and paid.paid_id = named.paid_id
