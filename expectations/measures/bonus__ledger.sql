-- Grain: the ledger as a whole: lines and totals that no bonus, register, service or trace accounts for.

with

line_total as (
    select
        bonus_id,
        count(*) as line_count,
        sum(amount_cny) as amount_cny
    from bonus.bonus_line
    group by bonus_id
)

select
    'ledger' as subject,
    (
        select
            case
                when count(*) > 0 then count_if(bonus.amount_cny is distinct from coalesce(line.amount_cny, 0))
            end
        from bonus.bonus as bonus
        left join line_total as line
            on bonus.bonus_id = line.bonus_id
    ) as unsummed_bonus_count,
    (
        select case when count(*) > 0 then count_if(bonus.line_count <> coalesce(line.line_count, 0)) end
        from bonus.bonus as bonus
        left join line_total as line
            on bonus.bonus_id = line.bonus_id
    ) as miscounted_bonus_count,
    (
        select
            case
                when count(*) > 0
                    then
                        count_if(
                            line.bonus_line_id is null
                            or register.bonus_line_id is null
                            or line.amount_cny is distinct from register.amount_cny
                        )
            end
        from bonus.bonus_line as line
        full join marts.mart_bonus_register as register
            on line.bonus_line_id = register.bonus_line_id
    ) as unregistered_line_count,
    (
        select case when count(*) > 0 then count_if(base.bonus_line_id is null) end
        from bonus.bonus_line as line
        left join (
            select bonus_line_id from facts.fct_settled_line
            union
            select computed.bonus_line_id
            from bonus.bonus_line_computed as computed
            inner join facts.dim_settled_period as period
                on computed.period_id = period.period_id
            union
            select bonus_line_id from bonus.bonus_correction
        ) as base
            on line.adjusts_bonus_line_id = base.bonus_line_id
        where line.adjusts_bonus_line_id is not null
    ) as baseless_adjustment_count,
    (
        select
            case
                when count(*) > 0
                    then count_if(agent.agent_id is null and line.adjusts_bonus_line_id is null)
            end
        from bonus.bonus_line as line
        left join facts.dim_agent_period as agent
            on
                line.agent_id = agent.agent_id
                and line.period_id = agent.period_id
    ) as outside_service_count,
    (
        select
            case
                when count(*) > 0
                    then
                        count_if(
                            component.component_id is null
                            and line.adjusts_bonus_line_id is null
                            and settled.period_id is null
                        )
            end
        from bonus.bonus_line as line
        left join (
            select distinct component_id, period_id from policy.policy_component
        ) as component
            on
                line.component_id = component.component_id
                and line.period_id = component.period_id
        left join facts.dim_settled_period as settled
            on line.period_id = settled.period_id
    ) as lawless_line_count,
    (
        select case when count(*) > 0 then count_if(root.value is distinct from bonus.amount_cny) end
        from bonus.bonus as bonus
        left join (
            select bonus_id, max(value) as value
            from audit.bonus_trace
            where parent_node_id is null
            group by bonus_id
        ) as root
            on bonus.bonus_id = root.bonus_id
    ) as untraced_bonus_count
