"""Ranking and grades (S-RANK)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.exact import exact, ratio
from orchestration.audit.recompute.kpi import Expected

FORCED, ABSOLUTE = "forced", "absolute"


def rank_of(total: Decimal, totals: Sequence[Decimal]) -> int:
    """Competition rank: 1 + how many totals are better (1, 2, 2, 4)."""
    return 1 + sum(1 for other in totals if other > total)


def method_of(bands: Sequence[Row], size: int, min_group_size: int | None) -> str:
    """Forced where the plan has forced shares and the group is large enough, else absolute bands."""
    has_forced = any(band["method"] == FORCED for band in bands)
    return FORCED if has_forced and min_group_size is not None and size >= min_group_size else ABSOLUTE


def band_of(bands: Sequence[Row], method: str, *, rank: int, size: int, total: Decimal) -> Row | None:
    """The first band whose cumulative share is above (rank − 1) / n, or whose lowest score is reached."""
    cumulative = exact(0)
    for band in bands:
        if band["method"] != method:
            continue
        if method == FORCED:
            cumulative += exact(band["share"])
            if rank - 1 < cumulative * size:
                return band
        elif band["min_score"] is None or total >= band["min_score"]:
            return band
    return None


def grade_under(book: Book, agent_id: str, period_id: str, scheme_id: str) -> str | None:
    """The grade by which a plan held pays (S-MOVE).

    The plan scored under pays by the grade itself; any other reads the score by its own absolute bands, or
    pays its lowest grade where it has none. None without a score.
    """
    score = book.scores.get((agent_id, period_id))
    if score is None or score["total_score"] is None:
        return None
    if score["scheme_id"] == scheme_id:
        own = book.grades.get((agent_id, period_id))
        return None if own is None else own["grade"]
    bands = book.bands.get((period_id, scheme_id), ())
    if not any(band["method"] == ABSOLUTE for band in bands):
        return bands[-1]["grade"] if bands else None
    band = band_of(bands, ABSOLUTE, rank=1, size=1, total=score["total_score"])
    return None if band is None else band["grade"]


def cohort_of(score: Row, scheme: Row) -> str:
    """The peer group of a score: plan × role × period, or the plan where a policy row widens it."""
    role = (score["role"] or "") if scheme["cohort_scope"] == "role" else "*"
    return f"{score['scheme_id']}:{role}:{score['period_id']}"


def grades(book: Book) -> Expected:
    """`grade.grade` from the published scores: (agent, period) and its columns."""
    cohorts: dict[str, list[Row]] = defaultdict(list)
    for score in book.scores.values():
        scheme = book.schemes.get((score["period_id"], score["scheme_id"]))
        if scheme is not None and (score["period_id"], score["scheme_id"]) in book.bands:
            cohorts[cohort_of(score, scheme)].append(score)
    for cohort_id, members in cohorts.items():
        totals = [score["total_score"] for score in members if score["total_score"] is not None]
        ranks = _ranks(totals)
        key = members[0]["period_id"], members[0]["scheme_id"]
        bands = book.bands[key]
        method = method_of(bands, len(totals), book.schemes[key]["min_group_size"])
        for score in members:
            total = score["total_score"]
            rank = None if total is None else ranks[total]
            band = None if rank is None else band_of(bands, method, rank=rank, size=len(totals), total=total)
            yield (
                (score["agent_id"], score["period_id"]),
                {
                    "period_kind": score["period_kind"],
                    "scheme_id": score["scheme_id"],
                    "role": score["role"],
                    "cohort_id": cohort_id,
                    "cohort_size": len(totals),
                    "rank": rank,
                    "position": None if rank is None else ratio(rank - 1, len(totals)),
                    "total_score": total,
                    "grade": None if band is None else band["grade"],
                    "method": None if rank is None else method,
                    "status": score["status"],
                    "maturity": score["maturity"],
                    "clause_id": None if band is None else band["clause_id"],
                },
            )


def _ranks(totals: Sequence[Decimal]) -> dict[Decimal, int]:
    found: dict[Decimal, int] = {}
    for place, total in enumerate(sorted(totals, reverse=True), start=1):
        found.setdefault(total, place)
    return found
