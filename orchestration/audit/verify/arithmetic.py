"""Every published number held against the rules: evidence, observation, score, grade, line, bonus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.due import RANKED
from orchestration.audit.recompute.exact import exact, money
from orchestration.audit.recompute.grade import grades
from orchestration.audit.recompute.kpi import EvidenceSums, Expected, group_observations, observations
from orchestration.audit.recompute.lines import Lines
from orchestration.audit.recompute.ranking import Ranking
from orchestration.audit.recompute.score import score_lines, scores
from orchestration.audit.recompute.settled import adjustments, settled_lines
from orchestration.audit.verify.data import ParquetData, RelationUnreadable
from orchestration.audit.verify.evidence import EVIDENCE, evidence_sums
from orchestration.audit.verify.findings import Finding, Report, compare
from orchestration.audit.verify.stated import check_cells, check_due, check_numbers
from orchestration.audit.verify.traced import TRACE, check_trace
from orchestration.state import AUDITOR, place_of

LINE_COLUMNS = (
    "quantity",
    "quantity_unit",
    "rate",
    "day_count",
    "period_day_count",
    "amount_cny",
    "clause_id",
)


CONTRADICTIONS = (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, ValueError)
"""Rows that contradict each other (a period that is not in dim_period) break a rule's own look-ups."""


def check_arithmetic(data: ParquetData, report: Report) -> None:
    """Recompute everything from evidence to bonus; what does not read is skipped and said."""
    book = Book(data)
    lines = Lines(book)

    @cache
    def sums() -> EvidenceSums:
        return evidence_sums(data)

    for name, check in (
        ("evidence rows are counted or set aside with a reason, and lead to an export line", _evidence),
        ("observation = sum of evidence", lambda *_: _observations(book, sums())),
        ("group observation = sum of evidence", lambda *_: _group_observations(book, sums())),
        (
            "score line = curve, weight and missing rule",
            _relation_check("score.score_line", score_lines, _BY_KPI),
        ),
        ("score = sum of score lines with its shares", _relation_check("score.score", scores, _BY_PERIOD)),
        ("rank, position and grade", _relation_check("grade.grade", grades, _BY_PERIOD)),
        ("bonus line = quantity × rate × days, from policy", lambda *_: check_lines(book, lines)),
        ("line of open and settled periods, adjustments", lambda *_: check_published_lines(book)),
        ("bonus = sum of its lines", lambda *_: check_bonuses(book)),
        ("register = bonus lines", lambda *_: _register(book)),
        ("ranks that win an award", lambda *_: _won(book, lines)),
        ("award = line, team's rank or honour", lambda *_: _awards(book)),
        ("trace = the rows that it is of", lambda *_: _traced(data, report)),
        ("every number follows from its operands", lambda *_: check_numbers(data)),
        ("every number is the published cell that it names", lambda *_: check_cells(data)),
        ("everything due is there, and part of what it is due in", lambda *_: check_due(data)),
    ):
        _run(report, name, check, data, book)
    try:
        unknown = lines.unknown_mechanisms
    except (RelationUnreadable, *CONTRADICTIONS):
        return  # said by the check of the lines
    for mechanism, count in unknown.items():
        report.skip(f"{count} components of mechanism {mechanism}", "verify does not know how it calculates")


Checked = tuple[int, str, list[Finding]]
_BY_KPI = ("agent_id", "period_id", "kpi_id")
_BY_PERIOD = ("agent_id", "period_id")


def _run(
    report: Report, name: str, check: Callable[[ParquetData, Book], Checked], data: ParquetData, book: Book
) -> None:
    try:
        looked_at, unit, findings = check(data, book)
    except RelationUnreadable as error:
        report.skip(name, str(error))
        return
    except CONTRADICTIONS as error:
        problem = f"the published rows do not fit together ({type(error).__name__}: {error})"
        report.add(name, 0, "rows", [Finding(f"{AUDITOR}/ ({name})", problem)])
        return
    report.add(name, looked_at, unit, findings)


def _relation_check(
    relation: str, recompute: Callable[[Book], Expected], key: Sequence[str]
) -> Callable[[ParquetData, Book], Checked]:
    def check(data: ParquetData, book: Book) -> Checked:
        published = book.rows(relation)
        return len(published), "rows", compare(place_of(relation), published, dict(recompute(book)), key=key)

    return check


def _evidence(data: ParquetData, book: Book) -> Checked:
    scan, source = data.scan(EVIDENCE), data.scan("audit.source_row")
    rows = data.query(
        f"""
        select
            evidence.kpi_id, evidence.evidence_model, evidence.evidence_key,
            case
                when evidence.is_counted <> (evidence.exclusion_reason is null)
                    then 'is_counted and exclusion_reason contradict each other'
                when evidence.is_counted and evidence.agent_id is null then 'is counted for nobody'
                when evidence.exclusion_reason = 'ruling' and evidence.ruling_id is null
                    then 'is set aside by a ruling that it does not name'
                when evidence.month_id is distinct from strftime(evidence.event_on, '%Y-%m')
                    then 'stands in month ' || coalesce(evidence.month_id, 'none')
                    || ' though its date is ' || coalesce(cast(evidence.event_on as varchar), 'missing')
                when source.evidence_key is null then 'leads to no export line'
                when source.file is null or source.row_hash is null or source.row_number is null
                    then 'leads to an export line without file, row or hash'
            end as problem
        from {scan} as evidence
        left join {source} as source
            on evidence.evidence_model = source.evidence_model and evidence.evidence_key = source.evidence_key
        where
            evidence.is_counted <> (evidence.exclusion_reason is null)
            or (evidence.is_counted and evidence.agent_id is null)
            or (evidence.exclusion_reason = 'ruling' and evidence.ruling_id is null)
            or evidence.month_id is distinct from strftime(evidence.event_on, '%Y-%m')
            or source.file is null or source.row_hash is null or source.row_number is null
        """,
        relation=EVIDENCE,
    )
    findings = [
        Finding(
            place_of(EVIDENCE),
            row["problem"],
            row=f"kpi_id={row['kpi_id']} {row['evidence_model']} {row['evidence_key']}",
        )
        for row in rows
    ]
    [count] = data.query(f"select count(*) as n from {scan}", relation=EVIDENCE)
    return count["n"], "rows", findings


def _observations(book: Book, sums: EvidenceSums) -> Checked:
    relation = "kpi.kpi_observation"
    published = book.rows(relation)
    return (
        len(published),
        f"observations over {sums.rows:,} evidence rows",
        compare(place_of(relation), published, dict(observations(book, sums)), key=_BY_KPI),
    )


def _group_observations(book: Book, sums: EvidenceSums) -> Checked:
    relation = "kpi.kpi_group_observation"
    published = book.rows(relation)
    expected = dict(group_observations(book, sums))
    key = ("group_kind", "group_id", "period_id", "kpi_id")
    return len(published), "rows", compare(place_of(relation), published, expected, key=key)


def check_lines(book: Book, lines: Lines) -> Checked:
    """Computed lines against policy and what they rest on."""
    relation = "bonus.bonus_line_computed"
    published = [row for row in book.rows(relation) if row["mechanism"] not in lines.unknown_mechanisms]
    expected = {
        (line_id,): {
            "bonus_id": f"{line.due.period_id}:{line.due.agent_id}",
            "period_id": line.due.period_id,
            "agent_id": line.due.agent_id,
            "scheme_id": line.due.place["scheme_id"],
            "component_id": line.due.component_id,
            "mechanism": line.due.component["mechanism"],
            "segment_no": line.due.segment_no,
            **{column: getattr(line, column) for column in LINE_COLUMNS},
        }
        for line_id, line in lines.all.items()
    }
    return len(published), "lines", compare(place_of(relation), published, expected, key=("bonus_line_id",))


def check_published_lines(book: Book, *, with_adjustments: bool = True) -> Checked:
    """Published lines: computed ones of open periods, frozen ones of settled periods, adjustments.

    Without `with_adjustments` those are left out: they rest on periods that a pack does not cover.
    """
    relation = "bonus.bonus_line"
    published = book.rows(relation)
    settled = {row["period_id"] for row in book.rows("facts.dim_settled_period")}
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {
        (row["bonus_line_id"],): {**row, "adjusts_bonus_line_id": None}
        for row in book.rows("bonus.bonus_line_computed")
        if row["period_id"] not in settled
    }
    frozen = settled_lines(book)
    if with_adjustments:
        expected |= frozen | adjustments(book)
    else:
        periods = {row["period_id"] for row in published}
        published = [row for row in published if row["adjusts_bonus_line_id"] is None]
        expected |= {
            key: row
            for key, row in frozen.items()
            if row["period_id"] in periods and row["adjusts_bonus_line_id"] is None
        }
    findings = compare(place_of(relation), published, expected, key=("bonus_line_id",))
    findings += _products(place_of(relation), published)
    return len(published), "lines", findings


def _products(place: str, published: Sequence[Row]) -> Iterator[Finding]:
    """Quantity × rate × days of each item; of its segments the last absorbs what rounding leaves."""
    items: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in published:
        prefix = f"{row['period_id']}:{row['agent_id']}:{row['component_id']}:{row['segment_no']}:"
        item = row["bonus_line_id"].removeprefix(prefix)
        items[row["bonus_id"], row["component_id"], item].append(row)
    for rows in items.values():
        product = sum(
            (exact(row["quantity"]) * exact(row["rate"]) * row["day_count"] for row in rows), Fraction(0)
        )
        whole = money(product / rows[0]["period_day_count"])
        paid = sum((row["amount_cny"] for row in rows), Decimal(0))
        if paid != whole:
            yield Finding(
                place,
                f"amount {paid} is not quantity × rate × days = {whole}",
                row=" ".join(f"bonus_line_id={row['bonus_line_id']}" for row in rows),
                column="amount_cny",
            )


def check_bonuses(book: Book) -> Checked:
    """Each bonus is the sum of its lines."""
    relation = "bonus.bonus"
    published = book.rows(relation)
    by_bonus: dict[str, list[Row]] = defaultdict(list)
    for line in book.rows("bonus.bonus_line"):
        by_bonus[line["bonus_id"]].append(line)
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {
        (bonus_id,): {
            "agent_id": lines[0]["agent_id"],
            "period_id": lines[0]["period_id"],
            "amount_cny": sum((line["amount_cny"] for line in lines), Decimal(0)),
            "line_count": len(lines),
        }
        for bonus_id, lines in by_bonus.items()
    }
    for row in published:
        expected.setdefault((row["bonus_id"],), {"amount_cny": Decimal(0), "line_count": 0})
    return len(published), "bonuses", compare(place_of(relation), published, expected, key=("bonus_id",))


def _register(book: Book) -> Checked:
    relation = "marts.mart_bonus_register"
    published = book.rows(relation)
    bonuses = {row["bonus_id"]: row for row in book.rows("bonus.bonus")}
    lines = book.rows("bonus.bonus_line")
    # Everything that the register has of a line, whatever columns either gains.
    columns = [name for name in (published[0] if published else ()) if lines and name in lines[0]]
    expected = {}
    for line in lines:
        bonus, agent = bonuses.get(line["bonus_id"], {}), book.agents.get(line["agent_id"], {})
        expected[line["bonus_line_id"],] = {
            **{column: line[column] for column in columns},
            "bonus_amount_cny": bonus.get("amount_cny"),
            "maturity": bonus.get("maturity"),
            "agent_name": agent.get("agent_name"),
        }
    return len(published), "lines", compare(place_of(relation), published, expected, key=("bonus_line_id",))


def _won(book: Book, lines: Lines) -> Checked:
    """Awarded rows of the ranking are those that a recomputed rank earns, with the amount of its table."""
    relation = "bonus.bonus_ranking"
    published = [row for row in book.rows(relation) if row["is_awarded"]]
    ranking = lines.awards
    if not isinstance(ranking, Ranking):
        raise TypeError("ranks are stated, not recomputed")
    expected = {key: {"amount_cny": row["amount_cny"]} for key, row in ranking.won.items()}
    key = ("component_id", "period_id", "subject", "subject_id")
    return len(published), "ranks", compare(place_of(relation), published, expected, key=key)


def _awards(book: Book) -> Checked:
    relation = "marts.mart_award"
    published = book.rows(relation)
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for line in book.rows("bonus.bonus_line"):
        if line["mechanism"] not in RANKED:
            continue
        expected[f"{line['period_id']}:{line['component_id']}:{line['agent_id']}",] = {
            "agent_id": line["agent_id"],
            "period_id": line["period_id"],
            "component_id": line["component_id"],
            "amount_cny": line["amount_cny"],
            "bonus_line_id": line["bonus_line_id"],
        }
    for row in book.rows("bonus.bonus_ranking"):
        if row["subject"] == "team" and row["is_awarded"]:
            expected[f"{row['period_id']}:{row['component_id']}:{row['subject_id']}",] = {
                "team_id": row["subject_id"],
                "period_id": row["period_id"],
                "component_id": row["component_id"],
                "rank": row["rank"],
                "amount_cny": row["amount_cny"],
                "bonus_line_id": None,
            }
    for row in book.rows("grade.grade_outcome"):
        if row["kind"] == "award" and row["is_met"]:
            expected[f"{row['period_id']}:{row['consequence']}:{row['subject_id']}",] = {
                "period_id": row["period_id"],
                f"{row['subject']}_id": row["subject_id"],
                "amount_cny": None,
                "bonus_line_id": None,
            }
    return len(published), "awards", compare(place_of(relation), published, expected, key=("award_id",))


def _traced(data: ParquetData, report: Report) -> Checked:
    looked_at, unit, findings, rest = check_trace(data)
    if rest:
        report.skip(
            f"{rest:,} nodes of {TRACE}",
            "counted events, gates, deductions, bases and targets under a line are no published relation; "
            "the line itself is recomputed",
        )
    return looked_at, unit, findings
