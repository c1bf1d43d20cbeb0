"""The check of a policy folder, with the reference tables that go with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.policy.clock import CLOCK_TABLES, clock_faults
from orchestration.policy.grades import GRADE_TABLES, grade_faults
from orchestration.policy.mechanisms import MECHANISM_TABLES, mechanism_faults
from orchestration.policy.plans import (
    PLAN_TABLES,
    REVIEW_TABLES,
    RULE_TABLES,
    date_faults,
    plan_faults,
    review_faults,
    rule_faults,
)
from orchestration.policy.rows import PolicyFault, PolicyTable, Tables, read_tables
from orchestration.policy.site import SHIPPED, Site
from orchestration.policy.words import KnownWords, Lists, number_faults, tables_read, word_faults
from orchestration.settings import POLICY_DIR, REFERENCE_DIR

POLICY_YAML = POLICY_DIR / "_policy__seeds.yml"
REFERENCE_YAML = REFERENCE_DIR / "_reference__seeds.yml"


def check_policy(folder: Path, *, known: KnownWords, site: Site = SHIPPED) -> None:
    """Raise ConfigurationError listing every fault of the policy in `folder`, each with file and row.

    `known` are the words that stand outside it: rules, documents, exports, KPI models.
    """
    faults = policy_faults(folder, known=known, site=site)
    if faults:
        raise ConfigurationError(
            path=folder,
            problem=f"the policy has {len(faults)} fault(s): {'; '.join(told(faults))}",
            remedy="Correct the rows; nothing was run",
        )


def policy_faults(folder: Path, *, known: KnownWords, site: Site = SHIPPED) -> list[PolicyFault]:
    """Every fault of the policy in `folder`, in the order of files and rows."""
    tables, faults = policy_tables(folder, site=site)
    faults += PolicyChecker(known).faults(tables)
    return sorted(set(faults), key=lambda fault: (fault.file, fault.row or 0, fault.problem))


def policy_tables(folder: Path, *, site: Site = SHIPPED) -> tuple[dict[str, PolicyTable], list[PolicyFault]]:
    """The tables of a policy folder, and the cells that do not have their column's type.

    Of the site's own folder what it does not replace is as shipped; reference tables are those of
    `folder/reference`, else the site's, else as shipped; the KPIs of the site are added to the catalogue.
    """
    return read_tables(
        [(POLICY_YAML, row_folders(folder, site)), (REFERENCE_YAML, reference_folders(folder, site))],
        more={"kpi": site.catalogue} if site.catalogue else {},
    )


def row_folders(folder: Path, site: Site) -> list[Path]:
    """Where the files of a policy are looked for, in order; a policy that is not the site's is whole."""
    return [folder, POLICY_DIR] if folder == site.policy else [folder]


def reference_folders(folder: Path, site: Site) -> list[Path]:
    """Where calendar and business hours are looked for, in order."""
    own = [site.reference] if site.reference else []
    return [folder / REFERENCE_DIR.name, *own, REFERENCE_DIR]


@dataclass(frozen=True)
class _Check:
    """One check and the tables that it reads."""

    name: str
    reads: tuple[str, ...]
    find: Callable[[Tables, Lists], Iterable[PolicyFault]]


class PolicyChecker:
    """The checks of a policy. What a check found is kept for the tables that it read.

    Of a policy that differs in one table, only what reads that table is looked at again.
    """

    def __init__(self, known: KnownWords) -> None:
        self._known = known
        self._found: dict[tuple[str, tuple[PolicyTable, ...]], list[PolicyFault]] = {}

    def faults(self, tables: Tables) -> Iterator[PolicyFault]:
        """The faults of tables as read, one after the other, those of single words first."""
        lists = Lists(tables, self._known)
        for check in _checks(tables):
            key = check.name, tuple(tables[name] for name in check.reads)
            if key not in self._found:
                self._found[key] = list(check.find(tables, lists))
            yield from self._found[key]


def _checks(tables: Tables) -> Iterator[_Check]:
    for name, table in tables.items():
        yield _Check(f"words of {name}", tables_read(table), partial(_words_of, name))
        yield _Check(f"dates of {name}", (name,), partial(_dates_of, name))
        yield _Check(f"numbers of {name}", (name,), partial(_numbers_of, name))
    yield _Check("rules", RULE_TABLES, rule_faults)
    yield _Check("reviews", REVIEW_TABLES, review_faults)
    yield _Check("grades", GRADE_TABLES, grade_faults)
    yield _Check("plans", PLAN_TABLES, plan_faults)
    yield _Check("mechanisms", MECHANISM_TABLES, mechanism_faults)
    yield _Check("business clock", CLOCK_TABLES, clock_faults)


def _words_of(name: str, tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    return word_faults(tables[name], lists)


def _dates_of(name: str, tables: Tables, _: Lists) -> Iterator[PolicyFault]:
    return date_faults(tables[name])


def _numbers_of(name: str, tables: Tables, _: Lists) -> Iterator[PolicyFault]:
    return number_faults(tables[name])


def told(faults: Iterable[PolicyFault]) -> list[str]:
    """Faults in words; what is wrong with several rows of a file in the same way is said once."""
    rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for fault in faults:
        rows[fault.file, fault.problem, fault.remedy] += [] if fault.row is None else [fault.row]
    return [
        f"{file}{_place(numbers)}: {problem}. {remedy}" for (file, problem, remedy), numbers in rows.items()
    ]


def _place(rows: list[int]) -> str:
    if not rows:
        return ""
    return f", row{'s' if len(rows) > 1 else ''} {', '.join(_ranges(rows))}"


def _ranges(rows: list[int]) -> Iterator[str]:
    """Numbers in order, neighbours as `2-12`."""
    start = rows[0]
    for row, following in zip(rows, [*rows[1:], 0], strict=True):
        if following != row + 1:
            yield str(row) if start == row else f"{start}-{row}"
            start = following
