"""A site's own limits and severities for shipped checks, one YAML file per suite, named like the shipped one:

```yaml
suite: kpi
bounds:
  rates_drift:
    limits: {max_value: 0.2}          # replaces the shipped one; limits that are not named stay
    severity: critical                # optional
    since: 2026-11-01
    why: Our queue doubles before the festivals, and rates move with it.
    why_zh: 节前排队量翻倍,比率随之变动。       # optional
    cure: Have the export of the month made again.   # a critical check must say; the shipped one's stays
```
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expectations.bound import Bound, Limits, Name, SuiteBounds, load_bounds, read_yaml, unsound
from orchestration.errors import ConfigurationError
from orchestration.gate.result import GatePlan
from orchestration.hashing import listing_hash, tree_hash


class OwnBound(BaseModel):
    """What a site changes of a check, since when and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: Limits = Limits()
    severity: Literal["critical", "warning"] | None = None
    since: datetime.date
    why: str = Field(min_length=20)
    why_zh: str = ""
    cure: str = Field(default="", pattern=r"^$|^.{20,}[.?]$")


class OwnSuite(BaseModel):
    """The changed checks of one suite by id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: Name
    bounds: dict[Name, OwnBound] = Field(min_length=1)


def bounds_in_force(folder: Path, own: Path | None = None) -> Mapping[str, SuiteBounds]:
    """The shipped bounds of `folder` with what the files of a site's `own` folder change.

    Raises ConfigurationError naming the file and what is unsound in it.
    """
    shipped = load_bounds(folder)
    return shipped if own is None else _with_own(shipped, own)


def plan_in_force(folder: Path, own: Path | None = None) -> GatePlan:
    """What the bounds in force demand of a result. Raises ConfigurationError like `bounds_in_force`."""
    bounds = {
        (suite.suite, check_id): suite[check_id]
        for suite in bounds_in_force(folder, own).values()
        for check_id in suite
    }
    return GatePlan(
        bounds_hash=hash_in_force(folder, own),
        severities={key: bound.severity for key, bound in bounds.items()},
        acceptable=frozenset(key for key, bound in bounds.items() if bound.is_acceptable),
    )


def hash_in_force(folder: Path, own: Path | None = None) -> str:
    """SHA-256 over the files of bounds, the site's among them."""
    shipped = tree_hash(folder.glob("*.yml"))
    return (
        shipped if own is None else listing_hash({"shipped": shipped, "site": tree_hash(own.glob("*.yml"))})
    )


def _with_own(shipped: Mapping[str, SuiteBounds], folder: Path) -> Mapping[str, SuiteBounds]:
    merged = dict(shipped)
    for path in sorted(folder.glob("*.yml")):
        own = _read(path)
        if own.suite != path.stem or own.suite not in shipped:
            raise ConfigurationError(
                path=path,
                problem=f"it names suite {own.suite}" if own.suite in shipped else "there is no such suite",
                remedy=f"Suites are {', '.join(shipped)}; a file has the name of its suite",
            )
        suite = merged[own.suite]
        bounds = {
            **suite.bounds,
            **{name: _changed(path, suite, name, one) for name, one in own.bounds.items()},
        }
        merged[own.suite] = suite.model_copy(update={"bounds": bounds})
    return merged


def _read(path: Path) -> OwnSuite:
    try:
        return OwnSuite.model_validate(read_yaml(path))
    except ValidationError as error:
        raise unsound(path, error, OwnBound) from error


def _changed(path: Path, suite: SuiteBounds, name: str, own: OwnBound) -> Bound:
    if name not in suite.bounds:
        near = get_close_matches(name, suite.bounds, n=1)
        raise ConfigurationError(
            path=path,
            problem=f"the suite {suite.suite} has no check {name}",
            remedy=f"Did you mean {near[0]}?" if near else f"Its checks are {', '.join(suite.bounds)}",
        )
    shipped = suite[name]
    if shipped.severity == "critical" and not shipped.is_acceptable:
        raise ConfigurationError(
            path=path,
            problem=f"bound {name}: what it finds can never be right, so that no site may change it",
            remedy="Leave it out, and correct what it finds",
        )
    said: dict[str, Any] = own.model_dump(include={"since", "why"})
    said |= {field: value for field in ("severity", "cure") if (value := getattr(own, field))}
    said["why_zh"] = own.why_zh or own.why
    # What a site makes refuse, somebody of the site may let pass; a warning refuses nothing.
    said["is_acceptable"] = (own.severity or shipped.severity) == "critical"
    said["limits"] = {**shipped.limits.given(), **own.limits.given()}
    try:
        return Bound.model_validate({**shipped.model_dump(exclude_none=True), **said})
    except ValidationError as error:
        problem = "; ".join(fault["msg"].removeprefix("Value error, ") for fault in error.errors())
        raise ConfigurationError(
            path=path, problem=f"bound {name}: {problem}", remedy="Give limits that its kind knows"
        ) from error
