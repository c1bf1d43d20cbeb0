select
    $period_kind as period_kind, $period_id as period_id, $settled_by as settled_by,
    $run_id as run_id, $register_hash as register_hash
