"""`docs/policy_book.md`: every plan as sentences and tables, each number with its clause."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from orchestration.audit.text import band
from orchestration.book.rows import Rows, dates, origin, read_rows, table
from orchestration.policy.clauses import clauses

BOUNDS = ("lower", "upper")
KINDS = {"month": "Month · 月度", "quarter": "Quarter · 季度", "year": "Year · 年度"}

MECHANISMS = {
    "fixed": "pays an amount, or a table's amount",
    "graded": "pays its base × the coefficient of the grade",
    "scored": "pays its base × the share × score / 100",
    "commission": "pays the rate of the tier that attainment reaches",
    "points": "pays points × unit value",
    "threshold": "pays for reaching a target, and for each step above it",
    "top_n": "pays by rank",
    "improvement": "pays for the largest improvement",
    "per_event": "pays an amount for each event",
}


def policy_book(policy_dir: Path) -> str:
    """The whole book as Markdown, from the rows in `policy_dir`."""
    book = _Book(policy_dir)
    return "\n".join(_trimmed(book.lines()))


def _trimmed(lines: Iterator[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line


class _Book:
    def __init__(self, policy_dir: Path) -> None:
        names = (
            "scheme",
            "scheme_rule",
            "score_block",
            "score_kpi",
            "grade_band",
            "component",
            "component_rate",
            "component_parameter",
            "component_event",
            "event_kind",
            "grade_consequence",
            "career_condition",
            "kpi",
            "score_measure",
        )
        self._rows: dict[str, Rows] = {name: read_rows(policy_dir, name) for name in names}
        self._names = {
            row.get("kpi_id") or row.get("measure_id", ""): (row["name_en"], row["name_zh"])
            for name in ("kpi", "score_measure")
            for row in self._rows[name].rows
        }

    def lines(self) -> Iterator[str]:
        yield "# Policy book · 薪酬制度手册"
        yield ""
        yield (
            "Generated from `seeds/policy/` by `make book`; CI refuses a stale one. **site** marks a number"
            " that the document leaves blank: a sample until the site sets its own. Rows without a date have"
            " always held."
        )
        yield ""
        for scheme in self._rows["scheme"].rows:
            yield from self._plan(scheme)
        yield from _clause_list()

    def _plan(self, scheme: dict[str, str]) -> Iterator[str]:
        scheme_id = scheme["scheme_id"]
        yield f"## {scheme['name_en']} · {scheme['name_zh']} (`{scheme_id}`)"
        yield ""
        yield f"Document {scheme['document']}. {dates(scheme)}".strip()
        yield ""
        for kind, title in KINDS.items():
            section = [
                *self._scoring(scheme_id, kind),
                *self._grades(scheme_id, kind),
                *self._pay(scheme_id, kind),
            ]
            if section:
                yield f"### {title}"
                yield ""
                yield from section
        yield from self._consequences(scheme_id)
        yield from self._conditions(scheme_id)

    def _scoring(self, scheme_id: str, kind: str) -> Iterator[str]:
        blocks = self._rows["score_block"].where(scheme_id=scheme_id, period_kind=kind)
        if not blocks:
            return
        parts = ", ".join(
            f"{row['block']} {_percent(row['weight'])}" + (f" ({row['role']})" if row["role"] != "*" else "")
            for row in blocks
        )
        yield f"**Score.** Blocks: {parts}."
        yield ""
        yield from table(
            (
                "block",
                "role",
                "KPI",
                "指标",
                "weight",
                "floor",
                "target",
                "stretch",
                "smallest sample",
                "clause",
                "",
                "",
            ),
            (
                (
                    row["block"],
                    "every" if row["role"] == "*" else row["role"],
                    self._names.get(row["kpi_id"], (row["kpi_id"], ""))[0],
                    self._names.get(row["kpi_id"], ("", ""))[1],
                    _percent(row["weight"]),
                    row["floor_value"],
                    row["target_value"],
                    row["stretch_value"] or "none",
                    row["min_sample"],
                    row["clause_id"],
                    origin(row),
                    dates(row),
                )
                for row in self._rows["score_kpi"].where(scheme_id=scheme_id, period_kind=kind)
            ),
        )
        yield from table(
            ("rule", "value", "clause", "", ""),
            (
                (row["parameter"].replace("_", " "), row["value"], row["clause_id"], origin(row), dates(row))
                for row in self._rows["scheme_rule"].where(scheme_id=scheme_id, period_kind=kind)
            ),
        )

    def _grades(self, scheme_id: str, kind: str) -> Iterator[str]:
        for method, what in (("forced", "share"), ("absolute", "min_score")):
            bands = self._rows["grade_band"].where(scheme_id=scheme_id, period_kind=kind, method=method)
            if bands:
                sentence = (
                    "**Grade by rank** among the peer group, best first; ties share the better grade."
                    if method == "forced"
                    else "**Grade by score** where there is no ranking or the peer group is too small."
                )
                yield sentence
                yield ""
                yield from table(
                    ("grade", "share of the group" if method == "forced" else "from score", "clause", "", ""),
                    (
                        (
                            row["grade"],
                            (_percent(row[what]) if method == "forced" else row[what]) or "below",
                            row["clause_id"],
                            origin(row),
                            dates(row),
                        )
                        for row in bands
                    ),
                )

    def _pay(self, scheme_id: str, kind: str) -> Iterator[str]:
        for row in self._rows["component"].where(scheme_id=scheme_id, period_kind=kind):
            role = "" if row["role"] == "*" else f" Only {row['role']}."
            basis = f" Basis: {row['basis'].replace('_', ' ')}." if row["basis"] else ""
            does = MECHANISMS.get(row["mechanism"], row["mechanism"])
            yield (
                f"**{row['label_en']} · {row['label_zh']}** ({row['clause_id']}, {row['pay_kind']})"
                f" {does}.{basis}{role} {dates(row)}".rstrip()
            )
            yield ""
            component_id = row["component_id"]
            rates = self._rows["component_rate"].where(component_id=component_id)
            yield from table(
                ("parameter", "value", "clause", "", ""),
                (
                    (
                        parameter["parameter"].replace("_", " "),
                        parameter["text_value"] or parameter["value"],
                        parameter["clause_id"],
                        origin(parameter),
                        dates(parameter),
                    )
                    for parameter in self._rows["component_parameter"].where(component_id=component_id)
                ),
            )
            yield from self._events(component_id)
            yield from table(
                ("for", "band", "rate", "amount, CNY", "clause", "", ""),
                (
                    (
                        rate["rate_key"] or "all",
                        _band(rate, rates, is_upper=self._is_upper(component_id)),
                        rate["rate"],
                        rate["amount_cny"],
                        rate["clause_id"],
                        origin(rate),
                        dates(rate),
                    )
                    for rate in rates
                ),
            )

    def _is_upper(self, component_id: str) -> bool:
        """Whether the bands of a component hold their upper bound (PT-05, PT-06)."""
        sides = self._rows["component_parameter"].where(component_id=component_id, parameter="band_side")
        return any(row["text_value"] == "upper" for row in sides)

    def _events(self, component_id: str) -> Iterator[str]:
        labels = {row["event_kind"]: row for row in self._rows["event_kind"].rows}
        for use, title in (("weight", "what counts"), ("gate", "pays only where")):
            yield from table(
                (title, "", "points" if use == "weight" else "holds", "clause", "", ""),
                (
                    (
                        labels.get(row["event_kind"], {}).get("label_en", row["event_kind"]),
                        labels.get(row["event_kind"], {}).get("label_zh", ""),
                        row["weight"]
                        if use == "weight"
                        else f"{row['comparison'].replace('_', ' ')} {row['threshold_value']}",
                        row["clause_id"],
                        origin(row),
                        dates(row),
                    )
                    for row in self._rows["component_event"].where(component_id=component_id, use=use)
                ),
            )

    def _consequences(self, scheme_id: str) -> Iterator[str]:
        rows = self._rows["grade_consequence"].where(scheme_id=scheme_id)
        if rows:
            yield "### What follows from grades · 等级应用"
            yield ""
        yield from table(
            ("consequence", "", "grade", "how often", "clause", "", ""),
            (
                (
                    row["label_en"],
                    row["label_zh"],
                    f"{row['grade']} of the {row['graded_period_kind']}",
                    f"{row['required_count']} {row['counting']}",
                    row["clause_id"],
                    origin(row),
                    dates(row),
                )
                for row in rows
            ),
        )

    def _conditions(self, scheme_id: str) -> Iterator[str]:
        rows = self._rows["career_condition"].where(scheme_id=scheme_id)
        if rows:
            yield "### Reviews and promotion · 晋升与评定"
            yield ""
        yield from table(
            ("review", "from level", "to level", "condition", "", "threshold", "clause", "", ""),
            (
                (
                    row["review"].replace("_", " "),
                    row["level"],
                    row["to_level"],
                    row["label_en"],
                    row["label_zh"],
                    f"{row['comparison'].replace('_', ' ')} {row['threshold_value']}",
                    row["clause_id"],
                    origin(row),
                    dates(row),
                )
                for row in rows
            ),
        )


def _clause_list() -> Iterator[str]:
    yield "## The clauses in the documents' words · 条款原文"
    yield ""
    yield from table(
        ("clause", "says", "条款", "the document's words"),
        ((clause.clause_id, clause.says, clause.title_zh, clause.words) for clause in clauses().values()),
    )


def _band(rate: dict[str, str], table_rows: list[dict[str, str]], *, is_upper: bool) -> str:
    lower, upper = (Decimal(rate[f"{side}_bound"]) if rate[f"{side}_bound"] else None for side in BOUNDS)
    lowest = min(
        (Decimal(one["lower_bound"] or 0) for one in table_rows if one["rate_key"] == rate["rate_key"]),
        default=None,
    )
    if not is_upper and not lower and upper is None:
        return "all"
    return band(None if is_upper and lower == lowest else lower, upper, is_upper=is_upper)


def _percent(share: str) -> str:
    if not share:
        return ""
    whole, _, fraction = share.partition(".")
    digits = (whole + (fraction + "00")[:2]).lstrip("0") or "0"
    rest = fraction[2:].rstrip("0")
    return f"{digits}{'.' + rest if rest else ''} %"
