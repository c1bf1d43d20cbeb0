-- Grain: the ledger as a whole: lines and totals that no bonus, register, service or trace accounts for.

select
    'ledger' as subject,
    (
        select count(*)
        from bonus.bonus as bonus
        left join (
            select bonus_id, count(*) as line_count from bonus.bonus_line group by bonus_id
        ) as line
            on bonus.bonus_id = line.bonus_id
        where bonus.line_count <> coalesce(line.line_count, 0)
    ) as miscounted_bonus_count,
    (
        select count(*)
        from bonus.bonus_line as line
        full join marts.mart_bonus_register as register
            on line.bonus_line_id = register.bonus_line_id
        where
            line.bonus_line_id is null
            or register.bonus_line_id is null
            or line.amount_cny is distinct from register.amount_cny
    ) as unregistered_line_count,
    (
        select count(*)
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
        where line.adjusts_bonus_line_id is not null and base.bonus_line_id is null
    ) as baseless_adjustment_count,
    (
        select count(*)
        from bonus.bonus_line as line
        left join facts.dim_agent_period as agent
            on
                line.agent_id = agent.agent_id
                and line.period_id = agent.period_id
        where agent.agent_id is null and line.adjusts_bonus_line_id is null
    ) as outside_service_count,
    (
        select count(*)
        from bonus.bonus_line as line
        left join (
            select distinct component_id, period_id from policy.policy_component
        ) as component
            on
                line.component_id = component.component_id
                and line.period_id = component.period_id
        left join facts.dim_settled_period as settled
            on line.period_id = settled.period_id
        where component.component_id is null and line.adjusts_bonus_line_id is null and settled.period_id is null
    ) as lawless_line_count,
    (
        select count(*)
        from bonus.bonus as bonus
        left join (
            select bonus_id, max(value) as value
            from audit.bonus_trace
            where parent_node_id is null
            group by bonus_id
        ) as root
            on bonus.bonus_id = root.bonus_id
        where root.value is distinct from bonus.amount_cny
    ) as untraced_bonus_count
