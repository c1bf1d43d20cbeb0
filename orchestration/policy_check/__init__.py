"""Is a policy folder sound? Asked before anything runs; every fault is named with file and row."""

from orchestration.policy_check.cases import plans_without_cases
from orchestration.policy_check.check import PolicyChecker, check_policy, policy_faults, policy_tables
from orchestration.policy_check.rows import PolicyFault
from orchestration.policy_check.words import KnownWords

__all__ = [
    "KnownWords",
    "PolicyChecker",
    "PolicyFault",
    "check_policy",
    "plans_without_cases",
    "policy_faults",
    "policy_tables",
]
