"""What Python may say: who imports what, who reads environment and clock, and no number of a pay plan."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.project.sql_rules import policy_numbers
from tests.project.written_sql import WrittenSql

PURE = (
    "orchestration.ingest",
    "orchestration.gate",
    "orchestration.audit",
    "orchestration.publish",
    "orchestration.generate",
    "orchestration.policy",
    "orchestration.serve",
    "orchestration.proofs",
    "orchestration.state",
)
"""Packages that run without Dagster, so that they can be used, tested and read without it."""

ENVIRONMENT_READER = "orchestration.settings"
CLOCK_READER = "orchestration.clock"

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv"}
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"),
    *("time.localtime", "time.gmtime", "time.ctime", "time.strftime", "time.monotonic", "time.perf_counter"),
}
PAY_WORDS = {
    *(
        "cny",
        "amount",
        "salary",
        "bonus",
        "points",
        "score",
        "scores",
        "rate",
        "rates",
        "weight",
        "weights",
        "coefficient",
    ),
    *(
        "coefficients",
        "commission",
        "attainment",
        "share",
        "shares",
        "floor",
        "stretch",
        "deduction",
        "deductions",
    ),
    *(
        "deducted",
        "grade",
        "grades",
        "band",
        "bands",
        "tier",
        "tiers",
        "quantity",
        "pay",
        "payout",
        "reward",
        "allowance",
    ),
}
"""Words of names that hold what a plan pays or pays by."""

COLUMN_NUMBERS = re.compile(r"\b(order|group) by \d+(\s*,\s*\d+)*|\b(limit|offset) \d+", re.IGNORECASE)
"""Numbers of SQL that count columns or rows of the result."""

PRECISION_WORDS = {"places", "decimals", "digits", "scale"}
"""Words of names that hold how exact such a value is kept."""


@dataclass(frozen=True)
class Module:
    """A Python file: its dotted name, package or not, and source."""

    name: str
    source: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """Parsed source."""
        return ast.parse(self.source)


def read_modules(root: Path, packages: Iterable[str]) -> list[Module]:
    """Every module of the top-level packages under `root`."""
    found = []
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found.append(Module(name, path.read_text(encoding="utf-8"), is_package))
    return found


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a module imports; `from a import b` gives a and a.b."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.name.split(".")
                kept = parts[: len(parts) - node.level + module.is_package]
                base = ".".join([*kept, *([base] if base else [])])
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


HOUSES = frozenset({"audit"})
"""Packages that are too large for one room: each package in them is one."""


def room_of(name: str) -> str:
    """The room of a module: its package; within a large one the inner package."""
    parts = name.split(".")[1:]
    return "/".join(parts[:-1][: 2 if parts[0] in HOUSES else 1] or parts)


def upward(modules: Iterable[Module]) -> list[str]:
    """Rooms of one package that need each other, in a circle; none where no arrow points upward."""
    by_name = {module.name: module for module in modules}
    needs: dict[str, set[str]] = {}
    for name, module in by_name.items():
        of = room_of(f"{name}.") if module.is_package else room_of(name)
        found = {
            room_of(f"{what}.") if by_name[what].is_package else room_of(what)
            for _, what in imports(module)
            if what in by_name
        }
        needs.setdefault(of, set()).update(found - {of, ""})
    try:
        list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        return [" needs ".join(reversed(error.args[1]))]
    return []


def impure(modules: Iterable[Module], pure: Iterable[str] = PURE) -> list[str]:
    """Modules of pure packages that reach Dagster, by themselves or through modules of ours."""
    by_name = {module.name: module for module in modules}
    direct = {name: {what for _, what in imports(module)} for name, module in by_name.items()}
    found = []
    for name in sorted(by_name):
        if any(_within(name, package) for package in pure):
            for chain in _chains(name, direct):
                found.append(" imports ".join(chain))
    return found


def wrong_great_expectations(modules: Iterable[Module]) -> list[str]:
    """Imports of great_expectations outside expectations/."""
    return [
        f"{module.name}:{line}: only expectations/ imports great_expectations"
        for module in modules
        if not _within(module.name, "expectations")
        for line, what in imports(module)
        if _within(what, "great_expectations")
    ]


def environment_reads(modules: Iterable[Module]) -> list[str]:
    """Reads of the environment outside the settings, options that click would read from it included."""
    found = []
    for module in modules:
        if module.name == ENVIRONMENT_READER:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and _dotted(node) in ENVIRONMENT:
                found.append(f"{module.name}:{node.lineno}: {_dotted(node)}")
            if isinstance(node, ast.keyword) and node.arg in ("envvar", "auto_envvar_prefix"):
                found.append(f"{module.name}:{node.value.lineno}: {node.arg}")
        found += [
            f"{module.name}:{line}: {what}"
            for line, what in imports(module)
            if what in ENVIRONMENT or _within(what, "dotenv")
        ]
    return found


def clock_reads(modules: Iterable[Module]) -> list[str]:
    """Reads of the clock outside orchestration/clock.py."""
    found = []
    for module in modules:
        if module.name == CLOCK_READER:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute):
                name = ".".join(_dotted(node).split(".")[-2:])
                if name in CLOCKS:
                    found.append(f"{module.name}:{node.lineno}: {name}")
        found += [
            f"{module.name}:{line}: from time import {what.removeprefix('time.')}"
            for line, what in imports(module)
            if what in CLOCKS
        ]
    return found


def pay_numbers(module: Module) -> list[str]:
    """Numbers of a pay plan in Python: literals that meet a name of pay.

    0, 1 and powers of ten from 10 on or 0.01 down are units (cents, percent, decimals kept). Everything else
    that multiplies, bounds or is called an amount, score, rate or share, in Python or SQL within it, belongs
    into seeds/policy, and so does every other Decimal literal: what is exact here is money.
    """
    found: dict[tuple[int, str], None] = {}
    for node in ast.walk(module.tree):
        for line, number in _suspects(node):
            found[(line, f"{module.name}:{line}: {number} belongs into seeds/policy")] = None
    return [message for _, message in sorted(found)]


def bound_numbers(module: Module) -> list[str]:
    """Numbers in the reader of bounds other than 0 and 1: bounds are data, with a date and a reason."""
    return [
        f"{module.name}:{line}: {number} belongs into expectations/bounds"
        for line, number in _numbers(module.tree)
        if number not in (Decimal(0), Decimal(1), Decimal(-1))
    ]


def definitions_faults(module: Module) -> list[str]:
    """definitions.py is thin: at most 40 lines and no calls that connect, open or read at import."""
    found = []
    if len(module.source.splitlines()) > 40:
        found.append(f"{module.name}: {len(module.source.splitlines())} lines, at most 40")
    for node in module.tree.body:
        for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
            name = _dotted(call.func)
            if name.split(".")[-1] in (
                "connect",
                "open",
                "read_text",
                "read_bytes",
                "urlopen",
                "Popen",
                "run",
            ):
                found.append(f"{module.name}:{call.lineno}: {name} at import")
    return found


def _suspects(node: ast.AST) -> Iterator[tuple[int, Decimal]]:
    if isinstance(node, ast.BinOp):
        yield from _meeting([node.left, node.right])
    elif isinstance(node, ast.Compare):
        yield from _meeting([node.left, *node.comparators])
    elif isinstance(node, ast.AugAssign | ast.Assign | ast.AnnAssign | ast.NamedExpr):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and any(_is_pay(target) for target in targets):
            yield from _plan_numbers(node.value)
    elif isinstance(node, ast.keyword):
        if node.arg and _is_pay_name(node.arg):
            yield from _plan_numbers(node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and _is_pay_name(key.value):
                yield from _plan_numbers(value)
    elif isinstance(node, ast.arguments):
        yield from _defaults(node)
    elif isinstance(node, ast.Call):
        if _dotted(node.func).split(".")[-1] in ("Decimal", "Fraction"):
            yield from (
                (line, number) for line, number in _numbers(node, in_text=True) if not _is_unit(number)
            )
        elif _dotted(node.func) in ("min", "max") and any(_is_pay(one) for one in node.args):
            yield from _direct([*node.args])
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _in_sql(node.value, node.lineno)


def _meeting(sides: list[ast.expr]) -> Iterator[tuple[int, Decimal]]:
    if any(_is_pay(side) for side in sides):
        yield from _direct(sides)


def _direct(values: list[ast.expr]) -> Iterator[tuple[int, Decimal]]:
    for value in values:
        inner = value.operand if isinstance(value, ast.UnaryOp) else value
        if isinstance(inner, ast.Constant):
            yield from _plan_numbers(inner)


def _defaults(node: ast.arguments) -> Iterator[tuple[int, Decimal]]:
    positional = [*node.posonlyargs, *node.args]
    pairs = [*zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)]
    pairs += [
        (name, value)
        for name, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)
        if value is not None
    ]
    for name, value in pairs:
        if _is_pay_name(name.arg):
            yield from _plan_numbers(value)


def _plan_numbers(node: ast.AST) -> Iterator[tuple[int, Decimal]]:
    if isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.BinOp):
        for one in _outside_calls(node):
            yield from ((line, number) for line, number in _numbers(one) if not _is_unit(number))


def _outside_calls(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Constant):
        yield node
    elif not isinstance(node, ast.Call) and not _is_power_of_ten(node):
        for child in ast.iter_child_nodes(node):
            yield from _outside_calls(child)


def _is_power_of_ten(node: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
        return False
    return isinstance(node.left, ast.Constant) and node.left.value == 10


def _numbers(node: ast.AST, *, in_text: bool = False) -> Iterator[tuple[int, Decimal]]:
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
        if isinstance(node.value, int | float):
            yield node.lineno, Decimal(str(node.value))
        elif in_text and isinstance(node.value, str):
            with suppress(InvalidOperation):
                yield node.lineno, Decimal(node.value)
    for child in ast.iter_child_nodes(node):
        yield from _numbers(child, in_text=in_text)


def _in_sql(text: str, line: int) -> Iterator[tuple[int, Decimal]]:
    if not re.search(r"\b(select|where|having|case when)\b", text, re.IGNORECASE) or not _is_pay_name(text):
        return
    for finding in policy_numbers(WrittenSql(text=COLUMN_NUMBERS.sub(" ", text))):
        number = re.sub(r"^line \d+: ", "", finding).strip("'")
        try:
            value = Decimal(number)
        except InvalidOperation:
            continue
        if not _is_unit(value):
            yield line, value


def _is_unit(number: Decimal) -> bool:
    if number in (Decimal(0), Decimal(1), Decimal(-1)):
        return True
    digits = number.normalize().as_tuple()
    return (
        digits.digits == (1,)
        and digits.sign == 0
        and (int(digits.exponent) >= 1 or int(digits.exponent) <= -2)
    )


def _is_pay(node: ast.AST) -> bool:
    names = (
        name
        for one in ast.walk(node)
        for name in (
            one.id
            if isinstance(one, ast.Name)
            else one.attr
            if isinstance(one, ast.Attribute)
            else one.value
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
            else "",
        )
    )
    return any(_is_pay_name(name) for name in names)


def _is_pay_name(name: str) -> bool:
    parts = re.findall(r"[a-z]+", name.lower())
    return not PAY_WORDS.isdisjoint(parts) and PRECISION_WORDS.isdisjoint(parts)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _chains(start: str, direct: Mapping[str, set[str]]) -> Iterator[list[str]]:
    seen, queue = {start}, [[start]]
    while queue:
        chain = queue.pop(0)
        for what in sorted(direct[chain[-1]]):
            if _within(what, "dagster") or _within(what, "dagster_dbt"):
                yield [*chain, what]
                return
            if what in direct and what not in seen:
                seen.add(what)
                queue.append([*chain, what])
