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
    kind: measured                    # what is held to the limits, one of KINDS
    measure: kpi__centre              # SQL in measures/
    column: rate_change               # its number
    severity: warning                 # critical blocks publication, warning is published with it
    since: 2026-11-01
    why: A rate that moves this far in a month has another definition or half an export behind it.
    why_zh: 一个月变动如此之大的比率,定义已变或导出文件只有一半。
    cure: Have the export of the month made again.  # what to do when it fails; a critical bound must say
    limits: {max_value: 0.1}
```

`is_cured_by_as_of: true` adds to the cure the day on which the bulk of the events ends, for `--as-of`.
`is_acceptable: true` lets a person pass a critical failure for one content (`meritline accept`): it judges
what is usual. What can never be right has it not.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from expectations.measure import Measure, load_measure, measured_columns
from orchestration.errors import ConfigurationError

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+$")]
Text = Annotated[str, StringConstraints(min_length=4)]
Number = int | float
ScopeValue = Number | list[Word] | dict[Word, Number]
PLACEHOLDER = re.compile(r"{(\w*)}")


@dataclass(frozen=True)
class Kind:
    """What a kind of check looks at, and the limits that hold it: `fields` are those of a bound that say
    what; one of `needed` must be given, and none but these and `optional`.
    """

    fields: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


RANGE = ("min_value", "max_value")
KINDS: Mapping[str, Kind] = {
    "measured": Kind(("measure", "column"), RANGE),
    "ranged": Kind(("column",), RANGE, ("mostly",)),
    "listed": Kind(("column",), ("value_set",), ("mostly",)),
    "ordered": Kind(("columns",), (), ("mostly",)),
    "filled": Kind(("column",), (), ("mostly",)),
    "counted": Kind((), RANGE),
}
"""`measured` looks at a number of every subject of a measure, the others at the rows of the relation:
`ranged` and `listed` at the values of a column, `ordered` at two columns, the first not below the second,
where they are known; `filled` at whether a column is known; `counted` at how many rows there are.
"""
TARGETS = ("measure", "column", "columns")


class Limits(BaseModel):
    """What an expectation holds its observation to: a range, both ends within it, or a set of values.

    `mostly` is the share of rows (0 to 1) that must keep within.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    min_value: Number | None = None
    max_value: Number | None = None
    mostly: float | None = Field(default=None, ge=0, le=1)
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
        """SQL condition: `column` is outside the range."""
        return " or ".join(
            f"{column} {sign} {limit}"
            for sign, limit in (("<", self.min_value), (">", self.max_value))
            if limit is not None
        )

    def unlike(self, column: str) -> str:
        """SQL condition: `column` is none of the set."""
        values = ", ".join(
            "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
            for value in self.value_set or ()
        )
        return f"{column} not in ({values})" if values else ""

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
    """One bound: what it looks at and holds it to, the date since which it holds, the reason why, and what
    cures a failure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label_en: Text
    label_zh: Text
    relation: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    kind: Name
    measure: Name | None = None
    column: Name | None = None
    columns: tuple[Name, Name] | None = None
    severity: Literal["critical", "warning"]
    since: datetime.date
    why: str = Field(min_length=20)
    why_zh: str = ""
    cure: str = Field(default="", pattern=r"^$|^.{20,}[.?]$")
    is_cured_by_as_of: bool = False
    is_acceptable: bool = False
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _says_the_way_out(self) -> Bound:
        if self.severity == "critical" and not self.cure:
            raise ValueError("a critical bound refuses the night: say in `cure` what to do then")
        return self

    @model_validator(mode="after")
    def _is_accepted_where_it_refuses(self) -> Bound:
        if self.is_acceptable and self.severity != "critical":
            raise ValueError("a warning refuses nothing: leave out `is_acceptable`")
        return self

    @model_validator(mode="after")
    def _is_whole(self) -> Bound:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind} is none of {', '.join(KINDS)}")
        kind, given = KINDS[self.kind], self.limits.given().keys()
        for name in TARGETS:
            if (getattr(self, name) is None) == (name in kind.fields):
                has = "needs" if name in kind.fields else "has no"
                raise ValueError(f"kind {self.kind} {has} `{name}`")
        if kind.needed and not given & set(kind.needed):
            raise ValueError(f"kind {self.kind} needs limits: {' or '.join(kind.needed)}")
        odd = sorted(given - {*kind.needed, *kind.optional})
        if odd:
            raise ValueError(f"kind {self.kind} knows no limit {', '.join(odd)}")
        return self

    def looked_at(self) -> tuple[str, ...]:
        """The columns of the relation that the check looks at."""
        if self.kind == "measured":
            return ()
        return self.columns or ((self.column,) if self.column else ())


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

    @property
    def measured(self) -> Mapping[str, Bound]:
        """The bounds on numbers of measures."""
        return {name: bound for name, bound in self.bounds.items() if bound.measure and bound.column}

    def measures(self) -> Mapping[str, Measure]:
        """The measures of the bounds by name. Raises ValueError for one that there is not."""
        found: dict[str, Measure] = {}
        for name, bound in self.measured.items():
            try:
                found[str(bound.measure)] = load_measure(str(bound.measure), self.scope)
            except ValueError as error:
                raise ValueError(f"bound {name}: {error}") from error
        return found

    @model_validator(mode="after")
    def _measures_are_there(self) -> SuiteBounds:
        self.measures()
        return self

    def needed(self, column: str) -> Needs:
        """What that measured column needs, with the numbers of the scope in place."""
        found = self.needs[column]
        return Needs(en=found.en.format(**self.scope), zh=found.zh.format(**self.scope))

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
            suite = SuiteBounds.model_validate(read_yaml(path))
        except ValidationError as error:
            raise unsound(path, error, Bound) from error
        if suite.suite != path.stem:
            raise ConfigurationError(
                path=path,
                problem=f"it names suite {suite.suite}",
                remedy=f"Name it {path.stem}, like the file",
            )
        suites[suite.suite] = suite
    return suites


def require_numbers(bounds: Mapping[str, SuiteBounds], folder: Path) -> None:
    """Every measure has the numbers that the bounds of `folder` hold, and `needs` says of each what it needs:
    one that there is not would be judged of no subject, and pass for ever. Parses SQL in a DuckDB of its own,
    which importing the definitions must not. Raises ConfigurationError naming the file and the bound.
    """
    has = measured_columns(measure for suite in bounds.values() for measure in suite.measures().values())
    for suite in bounds.values():
        path = folder / f"{suite.suite}.yml"
        for name, bound in suite.measured.items():
            known = has[str(bound.measure)]
            if bound.column not in known:
                raise ConfigurationError(
                    path=path,
                    problem=f"bound {name}: measure {bound.measure} has no column {bound.column}, "
                    f"only {', '.join(sorted(known))}",
                    remedy="Name one of them, or add it to the SELECT of the measure",
                )
            if bound.column not in suite.needs:
                raise ConfigurationError(
                    path=path,
                    problem=f"bound {name}: `needs` does not say what {bound.column} needs to be judged",
                    remedy="Say it under `needs`, in both languages",
                )
        idle = sorted(suite.needs.keys() - {bound.column for bound in suite.measured.values()})
        if idle:
            raise ConfigurationError(
                path=path,
                problem=f"needs of {', '.join(idle)}, which no bound measures",
                remedy="Remove it, or bound the number",
            )


def require_columns(
    bounds: Mapping[str, SuiteBounds], columns: Mapping[str, Collection[str]], folder: Path
) -> None:
    """Every relation and column that the bounds of `folder` look at is among the published ones, `columns` by
    relation. Raises ConfigurationError naming the file and the bound.
    """
    for suite in bounds.values():
        for check_id, bound in suite.bounds.items():
            path, known = folder / f"{suite.suite}.yml", columns.get(bound.relation)
            if known is None:
                raise ConfigurationError(
                    path=path,
                    problem=f"bound {check_id}: no relation {bound.relation} is published",
                    remedy="Name one of dbt_project/models as <folder>.<model>",
                )
            for column in bound.looked_at():
                if column not in known:
                    raise ConfigurationError(
                        path=path,
                        problem=f"bound {check_id}: {bound.relation} has no column {column}",
                        remedy=f"Name one of {', '.join(known)}",
                    )


def read_yaml(path: Path) -> Any:
    """What a file of bounds says. Raises ConfigurationError where it does not read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            path=path,
            problem=f"the bounds do not read: {' '.join(str(error).split())}",
            remedy="Write it as YAML in UTF-8, every name once",
        ) from error


def unsound(path: Path, error: ValidationError, bound: type[BaseModel]) -> ConfigurationError:
    """Every fault of the file with its bound, and the way out of the first; `bound` is what a bound in it may
    have.
    """
    faults = error.errors()
    return ConfigurationError(
        path=path, problem="; ".join(map(_told, faults)), remedy=_way_out(faults[0], bound)
    )


def _told(fault: ErrorDetails) -> str:
    place = [str(part) for part in fault["loc"]]
    if place[:1] == ["bounds"] and len(place) > 1:
        place = [f"bound {place[1]}", *([".".join(place[2:])] if place[2:] else [])]
    return ": ".join([*place, fault["msg"].removeprefix("Value error, ")])


def _way_out(fault: ErrorDetails, bound: type[BaseModel]) -> str:
    place = fault["loc"]
    if fault["type"] == "missing":
        return f"Give {place[-1]}"
    if fault["type"] == "extra_forbidden":
        model = SuiteBounds if place[0] != "bounds" else Limits if "limits" in place else bound
        return f"Fields here are {', '.join(model.model_fields)}"
    return "Correct it: the head of expectations/bound.py shows a bound, KINDS in it what each kind looks at"


class _UniqueKeys(yaml.CSafeLoader):
    """YAML where a key may not occur twice: the second bound of a name would silently replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"{', '.join(repeated)} occurs twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)
