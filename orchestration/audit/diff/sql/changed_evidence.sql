-- Evidence of some names that changed, looked for where the evidence of an agent, month and name has.
insert into change
with evidence as not materialized (
    select
        'a' as side, 'kpi_evidence' as source, agent_id, month_id, kpi_id as name, evidence_model, evidence_key,
        event_on, team_id, is_counted, exclusion_reason, ruling_id, numerator, denominator
    from a.kpi.kpi_evidence where {kpi_evidence}
    union all
    select
        'b', 'kpi_evidence', agent_id, month_id, kpi_id, evidence_model, evidence_key,
        event_on, team_id, is_counted, exclusion_reason, ruling_id, numerator, denominator
    from b.kpi.kpi_evidence where {kpi_evidence}
    union all
    select
        'a', 'bonus_evidence', agent_id, month_id, event_kind, evidence_model, evidence_key,
        event_on, null, is_counted, exclusion_reason, ruling_id, quantity, segment_no
    from a.bonus.bonus_evidence where {bonus_evidence}
    union all
    select
        'b', 'bonus_evidence', agent_id, month_id, event_kind, evidence_model, evidence_key,
        event_on, null, is_counted, exclusion_reason, ruling_id, quantity, segment_no
    from b.bonus.bonus_evidence where {bonus_evidence}
),
compared as not materialized (
    select
        *,
        (is_counted, exclusion_reason, ruling_id, numerator, denominator) as content,
        hash(evidence_model, evidence_key, content) as content_hash
    from evidence
    where agent_id is not null and event_on is not null
),
moved_group as (
    select source, agent_id, month_id, name
    from compared
    group by all
    having
        sum(content_hash) filter (where side = 'a') is distinct from sum(content_hash) filter (where side = 'b')
),
moved_row as (
    select
        source, agent_id, month_id, name, evidence_model, evidence_key,
        coalesce(one.event_on, other.event_on) as event_on, coalesce(other.team_id, one.team_id) as team_id,
        one.event_on is null or other.event_on is null as is_one_sided,
        [one.exclusion_reason, other.exclusion_reason] as reasons,
        one.ruling_id is distinct from other.ruling_id as is_ruled_anew
    from (from compared semi join moved_group using (source, agent_id, month_id, name) where side = 'a') as one
    full outer join
        (from compared semi join moved_group using (source, agent_id, month_id, name) where side = 'b') as other
        using (source, agent_id, month_id, name, evidence_model, evidence_key)
    where one.event_on is distinct from other.event_on or one.content is distinct from other.content
)
select
    moved_row.source, agent_id, team_id, month_id, name,
    case
        when is_ruled_anew or list_contains(reasons, 'ruling') then 'rulings'
        when
            $has_moved_on
            and (event_on > cast($as_of as date) or not is_one_sided and list_has_any(reasons, ['pending', 'future']))
            then 'business date'
        when (one.row_hash, one.load_id) is distinct from (other.row_hash, other.load_id) then 'late rows'
        when name in (select name from change where kind = 'definitions') then 'definitions'
        -- The row itself is the same: another one (a repeat, a follow-up, a later rating) has come.
        else $kind
    end,
    $place,
    name || ' ' || evidence_key || ' ('
    || coalesce(
        other.file || ' row ' || other.row_number, one.file || ' row ' || one.row_number, evidence_model
    )
    || ')'
from moved_row
left join a.audit.source_row as one using (evidence_model, evidence_key)
left join b.audit.source_row as other using (evidence_model, evidence_key)
