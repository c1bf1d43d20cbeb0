"""Calibration bounds: data with a date and a reason, one YAML file per suite.

```yaml
suite: kpi
scope: {history_months: 12, min_sample: 100}    # what the suite's measures look at; optional
needs:                                # what a measured number needs to be judged, by its column
  rate_change: {en: "{min_sample} contacts in a month", zh: "单月{min_sample}次接触"}
bounds:
  rates_drift:                        # id, unique in the suite
    label_en: Rates of the centre against its own last months
    label_zh: 中心比率指标与往期相比
    relation: kpi.kpi_group_observation         # relation of the candidate that the check is about
    severity: warning                 # critical blocks publication, warning is published with it
    since: 2026-11-01
    why: A rate that moves this far in a month has another definition or half an export behind it.
    cure: Have the export of the month made again.  # what to do when it fails; a critical bound must say
    limits: {max_value: 0.1}          # arguments of the expectation, as Great Expectations names them
```

`is_cured_by_as_of: true` adds to the cure the day on which the bulk of the events ends, for `--as-of`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from orchestration.errors import ConfigurationError
from orchestration.gate.result import GatePlan
from orchestration.hashing import tree_hash

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+$")]
Text = Annotated[str, StringConstraints(min_length=4)]
Number = int | float
ScopeValue = Number | list[Word] | dict[Word, Number]
PLACEHOLDER = re.compile(r"{(\w*)}")


class Limits(BaseModel):
    """What an expectation holds its observation to: a range, both ends within it, or a set of values.

    `mostly` is the share of rows (0 to 1) that must keep within.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    min_value: Number | None = None
    max_value: Number | None = None
    mostly: float | None = Field(default=None, ge=0, le=1)
    tolerance: Number | None = Field(default=None, ge=0)
    value_set: list[Number | Word] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_a_range(self) -> Limits:
        if self.min_value is not None and self.max_value is not None and self.min_value > self.max_value:
            raise ValueError(f"min_value {self.min_value} is above max_value {self.max_value}")
        return self

    def given(self) -> dict[str, Any]:
        """The limits that are set, as keyword arguments."""
        return self.model_dump(exclude_none=True)

    def outside(self, column: str) -> str:
        """SQL condition: `column` is outside the range. Raises ValueError when there is none."""
        conditions = [
            f"{column} {sign} {limit}"
            for sign, limit in (("<", self.min_value), (">", self.max_value))
            if limit is not None
        ]
        if not conditions:
            raise ValueError("neither min_value nor max_value is given")
        return " or ".join(conditions)

    def text(self, rows: str = "rows") -> str:
        """The limits for a reader. `rows` says which rows a share is of."""
        parts = [
            f"{self.min_value} … {self.max_value}"
            if self.min_value is not None and self.max_value is not None
            else f"≥ {self.min_value}"
            if self.min_value is not None
            else f"≤ {self.max_value}"
            if self.max_value is not None
            else "",
            f"one of {', '.join(map(str, self.value_set))}" if self.value_set else "",
            f"± {self.tolerance}" if self.tolerance is not None else "",
            f"for at least {self.mostly:.1%} of the {rows}" if self.mostly is not None else "",
        ]
        return " ".join(part for part in parts if part) or "no row"


class Needs(BaseModel):
    """What a measure needs before it can be judged, in both languages; `{min_sample}` is that number of the
    scope.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str = Field(min_length=2)
    zh: str = Field(min_length=2)


class Bound(BaseModel):
    """One bound, with the date since which it holds, the reason why, and what cures a failure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label_en: Text
    label_zh: Text
    relation: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    severity: Literal["critical", "warning"]
    since: datetime.date
    why: str = Field(min_length=20)
    cure: str = Field(default="", pattern=r"^$|^.{20,}[.?]$")
    is_cured_by_as_of: bool = False
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _says_the_way_out(self) -> Bound:
        if self.severity == "critical" and not self.cure:
            raise ValueError("a critical bound refuses the night: say in `cure` what to do then")
        return self


class SuiteBounds(BaseModel):
    """The bounds of one suite by id, and the scope of its measures: how far back they look, how many rows
    they need.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: Name
    scope: dict[Name, ScopeValue] = Field(default_factory=dict)
    needs: dict[Name, Needs] = Field(default_factory=dict)
    bounds: dict[Name, Bound] = Field(min_length=1)

    @model_validator(mode="after")
    def _needs_are_numbers_of_the_scope(self) -> SuiteBounds:
        for column, needs in self.needs.items():
            unknown = set(PLACEHOLDER.findall(needs.en + needs.zh)) - self.scope.keys()
            if unknown:
                raise ValueError(f"needs of {column} name {', '.join(sorted(unknown))}, not in scope")
        return self

    def needed(self, column: str) -> Needs | None:
        """What that measured column needs, with the numbers of the scope in place; None where nothing is
        said.
        """
        found = self.needs.get(column)
        return found and Needs(en=found.en.format(**self.scope), zh=found.zh.format(**self.scope))

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
            suite = SuiteBounds.model_validate(yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                path=path,
                problem=f"the bounds do not read: {' '.join(str(error).split())}",
                remedy="Give every bound label_en, label_zh, relation, severity, since, why and limits, "
                "and a cure where it is critical",
            ) from error
        if suite.suite != path.stem:
            raise ConfigurationError(
                path=path,
                problem=f"it names suite {suite.suite}",
                remedy=f"Name it {path.stem}, like the file",
            )
        suites[suite.suite] = suite
    return suites


def read_plan(folder: Path) -> GatePlan:
    """What the bounds in `folder` demand of a result. Raises ConfigurationError like `load_bounds`."""
    return GatePlan(
        bounds_hash=bounds_hash(folder),
        severities={
            (suite.suite, check_id): suite[check_id].severity
            for suite in load_bounds(folder).values()
            for check_id in suite
        },
    )


def bounds_hash(folder: Path) -> str:
    """SHA-256 over the bound files."""
    return tree_hash(folder.glob("*.yml"))


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key may not occur twice: the second bound of a name would silently replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"{', '.join(repeated)} occurs twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)
