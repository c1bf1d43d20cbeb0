"""Whether each component has what its mechanism needs and nothing that it does not read.

The catalogue stands in the seeds' YAML, at `component`: per mechanism the basis, the attributes that pick row
and band of its rate table, the column that the rows pay by, the parameters with their lists, the uses of
kinds of events, and the rules of the plan (`scheme_rule.csv`) that it rests on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.policy.entry import Words
from orchestration.policy.grades import Grades, grades_on
from orchestration.policy.rows import PolicyFault, PolicyRow, PolicyTable, Tables, boundary_days, grouped
from orchestration.policy.words import Lists, bounds_fault, remedy

PARTS = ("component_rate", "component_parameter", "component_event")
MECHANISM_TABLES = ("component", *PARTS, "grade_band", "score_block", "scheme_rule", "kpi", "event_kind")
CHOSEN = ("basis", "key_attribute", "band_attribute")
PAYS = ("rate", "amount_cny")
OF_AGENTS_ALONE = frozenset({"score", "attainment"})
"""Bases of awards by rank that no team has."""
TEAM_SCOPES = ("scheme", "department")
"""Within what teams are ranked; within a team or a role there is nothing to rank."""
BY_NAME = frozenset({"no_pay", "floor"})
"""Bases of components that hold no rows of their own: what they take back is found by the plan."""


@dataclass(frozen=True)
class Mechanism:
    """One mechanism of the catalogue; `chosen` has what its components choose, of `CHOSEN`."""

    name: str
    chosen: Mapping[str, Words]
    rates: Mapping[str, Any]
    events: Mapping[str, Any]
    needs: tuple[str, ...]
    rules: tuple[str, ...]
    parameters: Mapping[str, Words]

    def pays(self, basis: str) -> str:
        """The column of the rate table that a row pays by."""
        return str(self.rates.get("of_basis", {}).get(basis, self.rates["pays"]))

    def reads_rates(self, component: PolicyRow) -> bool:
        """Whether the component has a rate table; some bases have one only where they are banded."""
        basis = component.text("basis")
        is_unbanded = basis in self.rates.get("banded", ()) and not component.text("band_attribute")
        return basis in self.rates.get("bases", (basis,)) and not is_unbanded

    def needs_rates(self, component: PolicyRow) -> bool:
        """Whether the component cannot do without one."""
        basis = component.text("basis")
        has_attribute = any(component.text(f"{name}_attribute") for name in ("key", "band"))
        of_basis = {*self.rates.get("of_basis", ()), *self.rates.get("keyed_by", ())}
        return self.reads_rates(component) and (
            not self.rates.get("optional") or has_attribute or basis in of_basis
        )

    def uses(self, use: str, basis: str) -> bool:
        """Whether a component of this basis counts kinds of events that way (`weight`, `gate`)."""
        allowed = self.events.get(use, ())
        return allowed is True or (allowed is not False and basis in allowed)


def catalogue(table: PolicyTable) -> Mapping[str, Mechanism]:
    """The mechanisms by name, from the YAML of `component`."""
    return {
        str(name): Mechanism(
            name=str(name),
            chosen={one: Words.of(entry[one]) for one in CHOSEN if one in entry},
            rates=entry["rates"],
            events=entry.get("events", {}),
            needs=tuple(entry.get("needs", ())),
            rules=tuple(entry.get("rules", ())),
            parameters={str(one): Words.of(spec) for one, spec in entry.get("parameters", {}).items()},
        )
        for name, entry in table.meta["mechanisms"].items()
    }


def mechanism_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Components against the catalogue, on every day on which anything of them changes."""
    components = tables["component"]
    known = catalogue(components)
    for row in components.rows:
        if row.text("mechanism") not in known:
            yield row.fault(
                f"mechanism is {row.text('mechanism')!r}, which is none", remedy(row.text("mechanism"), known)
            )
    names = grouped(components.rows, "scheme_id")
    for day in boundary_days([components, *(tables[name] for name in (*PARTS, "grade_band", "scheme_rule"))]):
        held = {name: grouped(tables[name].in_force(day), "component_id") for name in PARTS}
        grades = grades_on(tables, day)
        scored, rules = (
            grouped(tables[name].in_force(day), "scheme_id", "period_kind")
            for name in ("score_block", "scheme_rule")
        )
        for component in components.in_force(day):
            mechanism = known.get(component.text("mechanism"))
            if mechanism is not None:
                plan = component.texts("scheme_id", "period_kind")
                case = _Case(
                    tables=tables,
                    lists=lists,
                    day=day,
                    component=component,
                    mechanism=mechanism,
                    parts={name: held[name].get(component.texts("component_id"), []) for name in PARTS},
                    grades=grades.get(plan, {}),
                    is_scored=plan in scored,
                    rules={rule.text("parameter") for rule in rules.get(plan, ())},
                )
                for check in (_chosen, _parameters, _teams, _rates, _events, _needs):
                    yield from check(case)
                yield from _name(case, names[component.texts("scheme_id")])


@dataclass(frozen=True)
class _Case:
    """One component on one day with the rows that belong to it."""

    tables: Tables
    lists: Lists
    day: date
    component: PolicyRow
    mechanism: Mechanism
    parts: Mapping[str, list[PolicyRow]]
    grades: Grades
    is_scored: bool
    rules: Collection[str]

    @property
    def basis(self) -> str:
        return self.component.text("basis")

    @property
    def name(self) -> str:
        return self.component.text("component_id")

    @property
    def does(self) -> str:
        """Component, mechanism and basis, for messages."""
        return f"{self.name} ({self.mechanism.name}{f' of {self.basis}' if self.basis else ''})"

    def fault(self, problem: str, remedy: str) -> PolicyFault:
        """A fault of the component as a whole."""
        return self.component.fault(f"{self.does} {problem}", remedy)


def _chosen(case: _Case) -> Iterator[PolicyFault]:
    for column in CHOSEN:
        entry, cell = case.mechanism.chosen.get(column), case.component.text(column)
        if entry is None:
            if cell:
                yield case.component.fault(
                    f"{column} is {cell!r}, {case.mechanism.name} has none", "Leave it empty"
                )
        elif (wrong := case.lists.fault(entry, case.component, column)) is not None:
            yield wrong


def _parameters(case: _Case) -> Iterator[PolicyFault]:
    given = set()
    for row in case.parts["component_parameter"]:
        name = row.text("parameter")
        given.add(name)
        entry = case.mechanism.parameters.get(name)
        if entry is None:
            yield row.fault(
                f"{case.name} ({case.mechanism.name}) has no parameter {name!r}",
                remedy(name, case.mechanism.parameters),
            )
        elif entry.bases and case.basis not in entry.bases:
            yield row.fault(
                f"{case.name} does not read {name}: its basis is {case.basis!r}",
                f"Remove the row; it is read where the basis is {', '.join(sorted(entry.bases))}",
            )
        else:
            is_number = entry.number is not None
            right, other = ("value", "text_value") if is_number else ("text_value", "value")
            yield from parameter_faults(row, name, entry, case.lists, column=right)
            if row.text(other):
                said = repr(row.text(other)) if is_number else row.text(other)
                yield row.fault(
                    f"{name} is a {'number' if is_number else 'word'}, {other} is {said}",
                    f"Write it into {right}",
                )
    for name, entry in case.mechanism.parameters.items():
        if entry.is_needed and name not in given and (not entry.bases or case.basis in entry.bases):
            yield case.fault(f"needs the parameter {name} on {case.day}", "Add it to component_parameter.csv")


def _teams(case: _Case) -> Iterator[PolicyFault]:
    """An award of teams goes by what teams have, within what they are in."""
    given = {row.text("parameter"): row for row in case.parts["component_parameter"]}
    if "subject" not in given or given["subject"].text("text_value") != "team":
        return
    if case.basis in OF_AGENTS_ALONE:
        yield case.component.fault(
            f"{case.does} ranks teams by {case.basis}, which is of agents alone",
            "Name a KPI as its basis, or rank agents (subject agent)",
        )
    scope = given.get("scope")
    if scope is not None and (word := scope.text("text_value")) not in TEAM_SCOPES:
        yield scope.fault(
            f"{case.name} ranks teams within a {word}", f"Rank them within {' or '.join(TEAM_SCOPES)}"
        )


def parameter_faults(
    row: PolicyRow, name: str, entry: Words, lists: Lists, *, column: str
) -> Iterator[PolicyFault]:
    """What is wrong with a cell that is to hold a number within the bounds of its entry, or a word of it."""
    if entry.number is None:
        if (wrong := lists.fault(entry, row, column)) is not None:
            yield PolicyFault(wrong.file, wrong.row, f"{name}: {wrong.problem}", wrong.remedy)
        return
    text = row.text(column)
    try:
        number = Decimal(text)
    except InvalidOperation:
        yield row.fault(f"{name}: {column} is {text!r}, which is no number", "Write a number")
        return
    if (fault := bounds_fault(row, name, number, entry.number)) is not None:
        yield fault


def _rates(case: _Case) -> Iterator[PolicyFault]:
    rows, mechanism = case.parts["component_rate"], case.mechanism
    if not mechanism.reads_rates(case.component):
        for row in rows:
            yield row.fault(f"{case.does} reads no rate table", "Remove the row")
        return
    if not rows and mechanism.needs_rates(case.component):
        yield case.fault(f"has no rate table on {case.day}", "Add its rows to component_rate.csv")
    pays, is_mixed = mechanism.pays(case.basis), case.basis in mechanism.rates.get("of_basis", ())
    keys, what = _rate_keys(case)
    for row in rows:
        given = [column for column in PAYS if row.text(column)]
        if given != [pays] and not (is_mixed and len(given) == 1):
            yield row.fault(
                f"{case.does} pays by {pays}, the row gives {' and '.join(given) or 'nothing'}",
                f"Give {pays} alone",
            )
        key = row.text("rate_key")
        if keys is None:
            if key:
                yield row.fault(
                    f"rate_key is {key!r}, {case.name} has no key_attribute", "Leave rate_key empty"
                )
        elif key not in keys:
            yield row.fault(f"rate_key is {key!r}, which is no {what}", remedy(key, keys))
    if is_mixed and rows and not any(row.text(pays) for row in rows):
        yield case.fault(f"has no row with {pays}", "Add its rows to component_rate.csv")


def _rate_keys(case: _Case) -> tuple[frozenset[str] | None, str]:
    """The keys that rows of the rate table may have and what they are; None = no key."""
    keyed_by = case.mechanism.rates.get("keyed_by", {}).get(case.basis)
    if keyed_by is not None:
        table, column = str(keyed_by).split(".")
        return case.tables[table].words(column).get((), frozenset()), column
    attribute = case.component.text("key_attribute")
    if not attribute:
        return None, ""
    if attribute == "grade":
        return frozenset(case.grades), "grade of the plan"
    return case.lists.known.contract.get(f"workforce.agent.{attribute}", frozenset()), attribute


def _events(case: _Case) -> Iterator[PolicyFault]:
    asked = {
        "weight": (("weight",), ("comparison", "threshold_value", "if_missing")),
        "gate": (("comparison", "threshold_value", "if_missing"), ("weight",)),
    }
    rows = case.parts["component_event"]
    for row in rows:
        use = row.text("use")
        if use not in asked:
            continue
        if not case.mechanism.uses(use, case.basis):
            yield row.fault(f"{case.does} reads no {use}", "Remove the row")
            continue
        needed, superfluous = asked[use]
        for column in needed:
            if not row.text(column):
                yield row.fault(f"{column} is empty", f"A {use} needs it")
        for column in superfluous:
            if row.text(column):
                yield row.fault(f"{column} is {row.text(column)!r}, a {use} has none", "Leave it empty")
    if case.mechanism.uses("weight", case.basis) and not any(row.text("use") == "weight" for row in rows):
        yield case.fault(
            f"weighs no kind of event on {case.day}", "Add rows of use weight to component_event.csv"
        )


def _needs(case: _Case) -> Iterator[PolicyFault]:
    plan, kind = case.component.texts("scheme_id", "period_kind")
    if ("score" in case.mechanism.needs or case.basis == "score") and not case.is_scored:
        yield case.fault(
            f"needs a score, {plan} has none for a {kind} on {case.day}",
            "Add the plan's blocks to score_block.csv",
        )
    for rule in case.mechanism.rules:
        if rule not in case.rules:
            yield case.fault(
                f"needs {rule}, {plan} has none for a {kind} on {case.day}",
                "Add it to scheme_rule.csv for the plan and kind of period",
            )
    if "grades" in case.mechanism.needs:
        if not case.grades:
            yield case.fault(
                f"needs grades, {plan} has none for a {kind} on {case.day}",
                "Add the plan's bands to grade_band.csv",
            )
        rated = {row.text("rate_key") for row in case.parts["component_rate"]}
        for grade, band in case.grades.items():
            if grade not in rated:
                yield band.fault(
                    f"grade {grade!r} of {plan} {kind} has no rate in {case.name}",
                    f"Add it to component_rate.csv; it has {', '.join(sorted(rated)) or 'none'}",
                )
    if case.mechanism.name == "scored" and case.basis not in case.mechanism.chosen["basis"].values:
        components = grouped(case.tables["component"].in_force(case.day), "component_id")
        base = components.get((case.basis,))
        if base and base[0].texts("mechanism", "scheme_id") != ("fixed", plan):
            yield case.component.fault(
                f"basis is {case.basis!r}, which is no fixed component of {plan}",
                "Name the component whose amounts are the base",
            )


def _name(case: _Case, plan: Sequence[PolicyRow]) -> Iterator[PolicyFault]:
    """A component without rows of its own is named by its plan and basis: nothing else would show a slip."""
    if case.basis not in BY_NAME or any(case.parts.values()):
        return
    # A copy of a plan, such as that of a worked case, names its components alike with a mark behind a dot.
    name = case.name.split(".")[0]
    first = name.split("_")[0]
    ids = [row.text("component_id") for row in plan]
    others = [one.split("_")[0] for one in ids if one.split(".")[0] != name]
    if name != f"{first}_{case.basis}" or first not in others:
        prefix = others[0] if others else first
        yield case.component.fault(
            f"component_id is {name!r}",
            f"Did you mean '{prefix}_{case.basis}'? It is named by its plan and basis",
        )
