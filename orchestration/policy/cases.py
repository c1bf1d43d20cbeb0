"""Whether each plan has worked cases: what HR works out by hand, kept beside the rows that it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from orchestration.policy.rows import PolicyFault, PolicyTable


def plans_without_cases(
    schemes: PolicyTable, folder: Path, *, worked: Collection[str] = ()
) -> Iterator[PolicyFault]:
    """Plans of scheme.csv without a case (`<folder>/<plan>/*.yml`), but for those `worked` elsewhere."""
    for row in schemes.rows:
        plan = row.text("scheme_id")
        if plan not in worked and not any((folder / plan).glob("*.yml")):
            yield row.fault(
                f"plan {plan} has no worked case",
                f"Work a month of it out by hand and keep it in {folder.name}/{plan}/",
            )
