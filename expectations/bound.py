"""Calibration bounds: data with a date and a reason, one YAML file per suite.

```yaml
suite: kpi
bounds:
  rate_is_a_share:                    # id, unique in the suite
    relation: kpi.kpi_observation     # table of the candidate's audit.duckdb
    severity: critical                # critical blocks publication, warning is published with it
    since: 2026-11-01
    why: A share of counted rows cannot leave 0 to 1.
    limits: {min_value: 0, max_value: 1}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.hashing import tree_hash


class Bound(BaseModel):
    """One bound. `limits` are the expectation's own arguments, named as Great Expectations names them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    relation: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    severity: Literal["critical", "warning"]
    since: datetime.date
    why: str = Field(min_length=10)
    limits: dict[str, Any] = Field(default_factory=dict)

    def text(self) -> str:
        """The limits for a reader."""
        return ", ".join(f"{name} {value}" for name, value in self.limits.items()) or "no row"


class SuiteBounds(BaseModel):
    """The bounds of one suite by id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    bounds: dict[str, Bound]

    def __getitem__(self, check_id: str) -> Bound:
        return self.bounds[check_id]

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self.bounds)


def load_bounds(folder: Path) -> Mapping[str, SuiteBounds]:
    """Bounds of every suite in `folder`. Raises ConfigurationError naming the file and what is unsound
    in it.
    """
    suites: dict[str, SuiteBounds] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            suite = SuiteBounds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                path=path,
                problem=f"the bounds do not read: {' '.join(str(error).split())}",
                remedy="Give every bound relation, severity, since, why and limits",
            ) from error
        if suite.suite != path.stem:
            raise ConfigurationError(
                path=path,
                problem=f"it names suite {suite.suite}",
                remedy=f"Name it {path.stem}, like the file",
            )
        suites[suite.suite] = suite
    return suites


def bounds_hash(folder: Path) -> str:
    """SHA-256 over the bound files."""
    return tree_hash(folder.glob("*.yml"))
