"""Settlement: a closed period's register is frozen and stays as it was paid (PR-04)."""
