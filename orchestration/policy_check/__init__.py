"""Is a policy folder sound? Asked before anything runs; every fault is named with file and row."""

from orchestration.policy_check.check import check_policy, policy_faults
from orchestration.policy_check.rows import PolicyFault

__all__ = ["PolicyFault", "check_policy", "policy_faults"]
