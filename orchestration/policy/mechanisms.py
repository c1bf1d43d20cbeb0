"""Whether each component has what its mechanism needs and nothing that it does not read.

The catalogue stands in the seeds' YAML, at `component`: per mechanism the basis, the attributes that pick row
and band of its rate table, the column that the rows pay by, the parameters with their lists, the uses of
kinds of events, and the rules of the plan (`scheme_rule.csv`) that it rests on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.policy.entry import Words
from orchestration.policy.grades import Grades, grades_on
from orchestration.policy.rows import PolicyFault, PolicyRow, PolicyTable, Tables, boundary_days
from orchestration.policy.words import Lists, remedy

PARTS = ("component_rate", "component_parameter", "component_event")
MECHANISM_TABLES = ("component", *PARTS, "grade_band", "score_block", "scheme_rule", "kpi", "event_kind")
PAYS = ("rate", "amount_cny")
BY_NAME = frozenset({"no_pay", "floor"})
"""Bases of components that hold no rows of their own: what they take back is found by the plan."""


@dataclass(frozen=True)
class Mechanism:
    """One mechanism of the catalogue; None where it has no such thing."""

    name: str
    basis: Words
    key_attribute: Words | None
    band_attribute: Words | None
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
    return {str(name): _mechanism(str(name), entry) for name, entry in table.meta["mechanisms"].items()}


def _mechanism(name: str, entry: Mapping[str, Any]) -> Mechanism:
    attributes = {one: Words.of(entry[one]) for one in ("key_attribute", "band_attribute") if one in entry}
    return Mechanism(
        name=name,
        basis=Words.of(entry["basis"]),
        key_attribute=attributes.get("key_attribute"),
        band_attribute=attributes.get("band_attribute"),
        rates=entry["rates"],
        events=entry.get("events", {}),
        needs=tuple(entry.get("needs", ())),
        rules=tuple(entry.get("rules", ())),
        parameters={str(one): Words.of(spec) for one, spec in entry.get("parameters", {}).items()},
    )


def mechanism_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Components against the catalogue, on every day on which anything of them changes."""
    components = tables["component"]
    known = catalogue(components)
    for row in components.rows:
        if row.text("mechanism") not in known:
            yield row.fault(
                f"mechanism is {row.text('mechanism')!r}, which is none", remedy(row.text("mechanism"), known)
            )
    names = _names(tables)
    dated = (*PARTS, "grade_band", "scheme_rule")
    days = boundary_days([components, *(tables[name] for name in dated)])
    for day in days:
        held = {name: _by_component(tables[name], day) for name in PARTS}
        grades = grades_on(tables, day)
        scored = {
            (row.text("scheme_id"), row.text("period_kind")) for row in tables["score_block"].in_force(day)
        }
        rules: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in tables["scheme_rule"].in_force(day):
            rules[row.text("scheme_id"), row.text("period_kind")].add(row.text("parameter"))
        for component in components.in_force(day):
            mechanism = known.get(component.text("mechanism"))
            if mechanism is not None:
                parts = {name: rows.get(component.text("component_id"), []) for name, rows in held.items()}
                plan = component.text("scheme_id"), component.text("period_kind")
                case = _Case(
                    tables=tables,
                    lists=lists,
                    day=day,
                    component=component,
                    mechanism=mechanism,
                    parts=parts,
                    grades=grades.get(plan, {}),
                    is_scored=plan in scored,
                    rules=rules.get(plan, set()),
                )
                yield from _component(case)
                yield from _name(component, parts, names)


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
        """Mechanism and basis, for messages."""
        return self.mechanism.name + (f" of {self.basis}" if self.basis else "")


def _by_component(table: PolicyTable, day: date) -> dict[str, list[PolicyRow]]:
    found: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in table.in_force(day):
        found[row.text("component_id")].append(row)
    return found


def _component(case: _Case) -> Iterator[PolicyFault]:
    mechanism, component = case.mechanism, case.component
    fault = case.lists.fault(mechanism.basis, component, "basis")
    if fault is not None and (case.basis or mechanism.basis.values or mechanism.basis.references):
        yield fault
    elif case.basis and not (mechanism.basis.values or mechanism.basis.references):
        yield component.fault(f"basis is {case.basis!r}, {mechanism.name} has none", "Leave it empty")
    for column, entry in (
        ("key_attribute", mechanism.key_attribute),
        ("band_attribute", mechanism.band_attribute),
    ):
        if entry is None:
            if component.text(column):
                yield component.fault(
                    f"{column} is {component.text(column)!r}, {mechanism.name} has none", "Leave it empty"
                )
        elif (wrong := case.lists.fault(entry, component, column)) is not None:
            yield wrong
    yield from _parameters(case)
    yield from _rates(case)
    yield from _events(case)
    yield from _needs(case)


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
        elif entry.number is not None:
            yield from number_fault(row, "value", row.text("value"), entry, name=name)
            if row.text("text_value"):
                yield row.fault(
                    f"{name} is a number, text_value is {row.text('text_value')!r}", "Write it into value"
                )
        else:
            wrong = case.lists.fault(entry, row, "text_value")
            if wrong is not None:
                yield PolicyFault(wrong.file, wrong.row, f"{name}: {wrong.problem}", wrong.remedy)
            if row.text("value"):
                yield row.fault(f"{name} is a word, value is {row.text('value')}", "Write it into text_value")
    for name, entry in case.mechanism.parameters.items():
        if entry.is_needed and name not in given and (not entry.bases or case.basis in entry.bases):
            yield case.component.fault(
                f"{case.name} ({case.does}) needs the parameter {name} on {case.day}",
                "Add it to component_parameter.csv",
            )


def number_fault(row: PolicyRow, column: str, text: str, entry: Words, *, name: str) -> Iterator[PolicyFault]:
    """What is wrong with a cell that is to be a number within the bounds of its entry."""
    least, most = entry.number or (None, None)
    try:
        number = Decimal(text)
    except InvalidOperation:
        yield row.fault(f"{name}: {column} is {text!r}, which is no number", "Write a number")
        return
    if (least is not None and number < Decimal(str(least))) or (
        most is not None and number > Decimal(str(most))
    ):
        bounds = " and ".join(
            part
            for part in (
                "" if least is None else f"at least {least}",
                "" if most is None else f"at most {most}",
            )
            if part
        )
        yield row.fault(f"{name} is {text}", f"It is {bounds}")


def _rates(case: _Case) -> Iterator[PolicyFault]:
    rows, mechanism = case.parts["component_rate"], case.mechanism
    if not mechanism.reads_rates(case.component):
        for row in rows:
            yield row.fault(f"{case.name} ({case.does}) reads no rate table", "Remove the row")
        return
    if not rows and mechanism.needs_rates(case.component):
        yield case.component.fault(
            f"{case.name} ({case.does}) has no rate table on {case.day}", "Add its rows to component_rate.csv"
        )
    pays, is_mixed = mechanism.pays(case.basis), case.basis in mechanism.rates.get("of_basis", ())
    keys, what = _rate_keys(case)
    for row in rows:
        given = [column for column in PAYS if row.text(column)]
        if given != [pays] and not (is_mixed and len(given) == 1):
            yield row.fault(
                f"{case.name} ({case.does}) pays by {pays}, the row gives {' and '.join(given) or 'nothing'}",
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
        yield case.component.fault(
            f"{case.name} ({case.does}) has no row with {pays}", "Add its rows to component_rate.csv"
        )


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
            yield row.fault(f"{case.name} ({case.does}) reads no {use}", "Remove the row")
            continue
        needed, superfluous = asked[use]
        for column in needed:
            if not row.text(column):
                yield row.fault(f"{column} is empty", f"A {use} needs it")
        for column in superfluous:
            if row.text(column):
                yield row.fault(f"{column} is {row.text(column)!r}, a {use} has none", "Leave it empty")
    if case.mechanism.uses("weight", case.basis) and not any(row.text("use") == "weight" for row in rows):
        yield case.component.fault(
            f"{case.name} ({case.does}) weighs no kind of event on {case.day}",
            "Add rows of use weight to component_event.csv",
        )


def _needs(case: _Case) -> Iterator[PolicyFault]:
    plan, kind = case.component.text("scheme_id"), case.component.text("period_kind")
    if ("score" in case.mechanism.needs or case.basis == "score") and not case.is_scored:
        yield case.component.fault(
            f"{case.name} ({case.does}) needs a score, {plan} has none for a {kind} on {case.day}",
            "Add the plan's blocks to score_block.csv",
        )
    for rule in case.mechanism.rules:
        if rule not in case.rules:
            yield case.component.fault(
                f"{case.name} ({case.does}) needs {rule}, {plan} has none for a {kind} on {case.day}",
                "Add it to scheme_rule.csv for the plan and kind of period",
            )
    if "grades" in case.mechanism.needs:
        if not case.grades:
            yield case.component.fault(
                f"{case.name} ({case.does}) needs grades, {plan} has none for a {kind} on {case.day}",
                "Add the plan's bands to grade_band.csv",
            )
        rated = {row.text("rate_key") for row in case.parts["component_rate"]}
        for grade, band in case.grades.items():
            if grade not in rated:
                yield band.fault(
                    f"grade {grade!r} of {plan} {kind} has no rate in {case.name}",
                    f"Add it to component_rate.csv; it has {', '.join(sorted(rated)) or 'none'}",
                )
    if case.mechanism.name == "scored" and case.basis not in case.mechanism.basis.values:
        base = [
            row
            for row in case.tables["component"].in_force(case.day)
            if row.text("component_id") == case.basis
        ]
        if base and (base[0].text("mechanism"), base[0].text("scheme_id")) != ("fixed", plan):
            yield case.component.fault(
                f"basis is {case.basis!r}, which is no fixed component of {plan}",
                "Name the component whose amounts are the base",
            )


def _names(tables: Tables) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in tables["component"].rows:
        found[row.text("scheme_id")].append(row.text("component_id"))
    return found


def _name(
    component: PolicyRow, parts: Mapping[str, list[PolicyRow]], names: Mapping[str, list[str]]
) -> Iterator[PolicyFault]:
    """A component without rows of its own is named by its plan and basis: nothing else would show a slip."""
    # A copy of a plan, such as that of a worked case, names its components alike with a mark behind a dot.
    name, basis = component.text("component_id").split(".")[0], component.text("basis")
    if basis not in BY_NAME or any(parts.values()):
        return
    first = name.split("_")[0]
    others = [one for one in names[component.text("scheme_id")] if one.split(".")[0] != name]
    if name != f"{first}_{basis}" or not any(one.split("_")[0] == first for one in others):
        prefix = others[0].split("_")[0] if others else first
        yield component.fault(
            f"component_id is {name!r}", f"Did you mean '{prefix}_{basis}'? It is named by its plan and basis"
        )
