"""Settlement: a closed period's register is frozen and stays as it was paid (PR-04)."""

from orchestration.settlement.frozen import Settlement, ensure_register, pinned_runs, settlements
from orchestration.settlement.settle import settle

__all__ = ["Settlement", "ensure_register", "pinned_runs", "settle", "settlements"]
