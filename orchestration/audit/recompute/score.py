"""Score lines and scores: the curve, missing KPIs, supervisor, collaboration (S-CURVE, S-MISSING, CG-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.exact import exact, ratio, rounded
from orchestration.audit.recompute.kpi import Expected

POINT_PLACES, WEIGHT_PLACES = 4, 12


def curve(
    value: Decimal,
    *,
    floor: Decimal,
    target: Decimal,
    stretch: Decimal | None,
    target_points: Decimal,
    stretch_points: Decimal,
) -> Decimal:
    """S-CURVE: points of a value, linear between floor, target and stretch, clipped outside them."""
    direction = 1 if target >= floor else -1
    reached = direction * (exact(value) - exact(floor))
    to_target = direction * (exact(target) - exact(floor))
    if reached <= 0:
        return rounded(0, POINT_PLACES)
    if reached < to_target:
        return rounded(reached * exact(target_points) / to_target, POINT_PLACES)
    if stretch is None:
        return rounded(target_points, POINT_PLACES)
    to_stretch = direction * (exact(stretch) - exact(target))
    if reached - to_target >= to_stretch:
        return rounded(stretch_points, POINT_PLACES)
    beyond = (reached - to_target) * (exact(stretch_points) - exact(target_points)) / to_stretch
    return rounded(exact(target_points) + exact(rounded(beyond, POINT_PLACES)), POINT_PLACES)


def weights(scored: Sequence[tuple[str, Decimal, Decimal, bool]]) -> list[Decimal]:
    """S-MISSING: effective weights of KPIs given as block, block weight, KPI weight, is scored."""
    inside: dict[str, Fraction] = defaultdict(Fraction)
    block_weight: dict[str, Decimal] = {}
    for block, weight, kpi_weight, is_scored in scored:
        block_weight[block] = max(weight, block_weight.get(block, weight))
        inside[block] += exact(kpi_weight) if is_scored else 0
    between = sum((exact(block_weight[block]) for block, total in inside.items() if total > 0), Fraction(0))
    found = []
    for block, weight, kpi_weight, is_scored in scored:
        if not is_scored:
            found.append(rounded(0, WEIGHT_PLACES))
            continue
        in_block = ratio(kpi_weight, inside[block], WEIGHT_PLACES)
        of_blocks = ratio(weight, between, WEIGHT_PLACES)
        found.append(rounded(exact(in_block) * exact(of_blocks), WEIGHT_PLACES))
    return found


def data_score(parts: Iterable[tuple[Decimal | None, Decimal]]) -> Decimal:
    """Σ points × effective weight, each to twelve decimals; the sum to eight, then to four."""
    total = sum(
        (exact(rounded(exact(points) * exact(weight), WEIGHT_PLACES)) for points, weight in parts),
        Fraction(0),
    )
    return rounded(rounded(total, 8), POINT_PLACES)


def total_score(
    data: Decimal,
    *,
    supervisor: Decimal | None,
    supervisor_share: Decimal,
    collaboration: Decimal | None,
    collaboration_share: Decimal,
) -> Decimal:
    """CG-04, CG-05: (1 − c) × ((1 − s) × data + s × supervisor) + c × collaboration."""
    of_supervisor = exact(supervisor_share) if supervisor is not None else Fraction(0)
    of_collaboration = exact(collaboration_share) if collaboration is not None else Fraction(0)
    inner = (1 - of_supervisor) * exact(data) + of_supervisor * exact(supervisor)
    return rounded((1 - of_collaboration) * inner + of_collaboration * exact(collaboration), POINT_PLACES)


def score_lines(book: Book) -> Expected:
    """`score.score_line` from the published observations: (agent, period, KPI) and its columns."""
    for (agent_id, period_id), place in places(book).items():
        due = scored_rows(book, place)
        if not due:
            continue
        measured = measures(book, agent_id, place)
        convention = book.conventions[period_id]
        ended = "final" if book.periods[period_id]["has_ended"] else "provisional"
        observed = [measured.get(row["kpi_id"]) for row in due]
        is_scored = [
            one is not None
            and one["value"] is not None
            and one["denominator"] >= row["min_sample"]
            and row["block_weight"] > 0
            and row["kpi_weight"] > 0
            for row, one in zip(due, observed, strict=True)
        ]
        effective = weights(
            [
                (row["block"], row["block_weight"], row["kpi_weight"], flag)
                for row, flag in zip(due, is_scored, strict=True)
            ]
        )
        for row, one, flag, weight in zip(due, observed, is_scored, effective, strict=True):
            points = (
                curve(
                    one["value"],
                    floor=row["floor_value"],
                    target=row["target_value"],
                    stretch=row["stretch_value"],
                    target_points=convention["target_points"],
                    stretch_points=convention["stretch_points"],
                )
                if flag and one is not None
                else None
            )
            yield (
                (agent_id, period_id, row["kpi_id"]),
                {
                    "period_kind": place["period_kind"],
                    "scheme_id": place["scheme_id"],
                    "block": row["block"],
                    "numerator": None if one is None else one["numerator"],
                    "denominator": None if one is None else one["denominator"],
                    "value": None if one is None else one["value"],
                    "floor_value": row["floor_value"],
                    "target_value": row["target_value"],
                    "stretch_value": row["stretch_value"],
                    "is_scored": flag,
                    "points": points,
                    "weight": rounded(exact(row["block_weight"]) * exact(row["kpi_weight"]), 6),
                    "effective_weight": weight,
                    "weighted_points": rounded(exact(points) * exact(weight), WEIGHT_PLACES),
                    "maturity": ended if one is None else one["maturity"],
                    "clause_id": row["clause_id"],
                    "value_origin": row["value_origin"],
                },
            )


def places(book: Book) -> Mapping[tuple[str, str], Row]:
    """S-MOVE: where an agent is scored in a period: the last segment whose plan has a score for it."""
    found = {}
    for (agent_id, period_id), segments in book.period_segments.items():
        for segment in reversed(segments):
            if book.scored_kpis.get((period_id, segment["scheme_id"])):
                found[agent_id, period_id] = segment
                break
    return found


def scored_rows(book: Book, place: Row) -> list[Row]:
    """What the plan of an agent's period scores for the agent's role."""
    rows = book.scored_kpis.get((place["period_id"], place["scheme_id"]), ())
    return [row for row in rows if row["role"] in ("*", place["role"])]


def measures(book: Book, agent_id: str, place: Row) -> dict[str, Mapping[str, Any]]:
    """What can be scored: KPIs, ratings; for a year also the quarters' totals and the centre's NPS."""
    period_id = place["period_id"]
    ended = "final" if book.periods[period_id]["has_ended"] else "provisional"
    found: dict[str, Mapping[str, Any]] = dict(book.observations.get((agent_id, period_id), {}))
    for dimension in {dimension for _, _, dimension in book.ratings}:
        rating = book.rating(agent_id, period_id, dimension)
        if rating is not None:
            found[dimension] = {
                "numerator": rating.total,
                "denominator": rating.count,
                "value": ratio(rating.total, rating.count),
                "maturity": ended,
            }
    if place["period_kind"] == "year":
        found.update(_year_measures(book, agent_id, period_id))
    return found


def _year_measures(book: Book, agent_id: str, period_id: str) -> dict[str, Mapping[str, Any]]:
    year = book.periods[period_id]
    found: dict[str, Mapping[str, Any]] = {}
    quarters = [
        score
        for quarter_id, quarter in book.periods.items()
        if quarter["period_kind"] == "quarter"
        and year["starts_on"] <= quarter["starts_on"] < year["ends_before_on"]
        and (score := book.scores.get((agent_id, quarter_id))) is not None
        and score["total_score"] is not None
    ]
    if quarters:
        total = sum((exact(score["total_score"]) for score in quarters), Fraction(0))
        is_final = year["has_ended"] and all(score["maturity"] == "final" for score in quarters)
        found["quarter_total"] = {
            "numerator": rounded(total, 6),
            "denominator": len(quarters),
            "value": ratio(total, len(quarters)),
            "maturity": "final" if is_final else "provisional",
        }
    nps = book.group_observations.get(("centre", "centre", period_id), {}).get("nps")
    if nps is not None:
        found["centre_nps"] = {
            "numerator": nps["numerator"],
            "denominator": nps["denominator"],
            "value": nps["value"],
            "maturity": "final" if year["has_ended"] else "provisional",
        }
    return found


def scores(book: Book) -> Expected:
    """`score.score` from the published score lines: (agent, period) and its columns."""
    scored = places(book)
    for (agent_id, period_id), lines in book.score_lines.items():
        place = scored.get((agent_id, period_id))
        scheme = None if place is None else book.schemes.get((period_id, place["scheme_id"]))
        if place is None or scheme is None:
            continue
        yield (agent_id, period_id), _score(book, place, scheme, lines)


def _score(book: Book, place: Row, scheme: Row, lines: Sequence[Row]) -> dict[str, Any]:
    agent_id, period_id = place["agent_id"], place["period_id"]
    data = (
        data_score((line["points"], line["effective_weight"]) for line in lines)
        if any(line["is_scored"] for line in lines)
        else None
    )
    rating = book.rating(agent_id, period_id, "supervisor")
    supervisor = None if rating is None else ratio(rating.total, rating.count, POINT_PLACES)
    observed = book.observations.get((agent_id, period_id), {}).get("collaboration_score")
    collaboration = None if observed is None or observed["value"] is None else rounded(observed["value"], 4)
    supervisor_share = scheme["supervisor_share"] or Decimal(0)
    collaboration_share = scheme["collaboration_share"] or Decimal(0)
    is_unreviewed = supervisor_share > 0 and supervisor is None
    if place["period_kind"] == "year":
        is_unreviewed = is_unreviewed or _rests_on_unreviewed(book, agent_id, period_id, lines)
    scored = "awaiting_review" if is_unreviewed else "scored"
    return {
        "period_kind": place["period_kind"],
        "scheme_id": place["scheme_id"],
        "role": place["role"],
        "data_score": data,
        "supervisor_score": supervisor if scheme["supervisor_share"] is not None else None,
        "collaboration_score": collaboration if scheme["collaboration_share"] is not None else None,
        "supervisor_share": Decimal(0) if supervisor is None else supervisor_share,
        "collaboration_share": Decimal(0) if collaboration is None else collaboration_share,
        "total_score": None
        if data is None
        else total_score(
            data,
            supervisor=supervisor,
            supervisor_share=supervisor_share,
            collaboration=collaboration,
            collaboration_share=collaboration_share,
        ),
        "status": "insufficient_data" if data is None else scored,
        "maturity": "provisional" if any(line["maturity"] == "provisional" for line in lines) else "final",
    }


def _rests_on_unreviewed(book: Book, agent_id: str, period_id: str, lines: Sequence[Row]) -> bool:
    """CG-06: a year that rests on a quarter still awaiting its review awaits it too."""
    if not any(line["kpi_id"] == "quarter_total" and line["is_scored"] for line in lines):
        return False
    year = book.periods[period_id]
    return any(
        quarter["period_kind"] == "quarter"
        and year["starts_on"] <= quarter["starts_on"] < year["ends_before_on"]
        and (score := book.scores.get((agent_id, quarter_id))) is not None
        and score["status"] == "awaiting_review"
        for quarter_id, quarter in book.periods.items()
    )
