"""`trace`: the published nodes of one bonus as a tree, each with its calculation, clause and export lines.

Nothing is calculated anew: labels, calculations and evidence are put to the numbers that the build published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.audit import byhand
from orchestration.audit.evidence import Sources, read_events, read_evidence
from orchestration.audit.facts import BonusFacts
from orchestration.audit.labels import KINDS, PARTS, UNSCORED
from orchestration.audit.lookup import find_bonus
from orchestration.audit.node import Evidence, Kind, Node, SourceLine, Trace, Unpaid
from orchestration.audit.pay_nodes import Below, PayNodes, band_of_rate, event_key
from orchestration.audit.publications import read_manifest
from orchestration.audit.recompute.due import Due
from orchestration.audit.recompute.exact import rounded
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.text import money, plain
from orchestration.errors import ConfigurationError

ORDER: Sequence[Kind] = (
    "line",
    "recalculated",
    "settled",
    "quantity",
    "rate",
    "days",
    "parameter",
    "rate_row",
    "event",
    "base",
    "gate",
    "award",
    "deduction",
    "grade",
    "band",
    "score",
    "score_part",
    "score_line",
    "points",
    "value",
    "numerator",
    "denominator",
    "other",
    "bonus",
)

EVENT = "event:"
QUARTER_TOTAL, CENTRE_NPS = "quarter_total", "centre_nps"

NOT_NEEDED = "not_needed"
"""Why components pay nothing in most months, by design: there is nothing to take back or to make up."""
NOT_PAID, NOT_PAID_ZH = ": not paid, ", "：未发放，"

OF_MECHANISMS = frozenset(
    {"bonus_event", "bonus_coefficient", "bonus_deduction", "bonus_base", "bonus_attainment"}
)
"""Input models of the nodes that mechanisms add below quantity and rate."""

UNPAID = "bonus_unpaid"
"""Nodes of what is due and not paid for want of data: listed beside the tree, with their reason."""

SETTLED = "fct_settled_line"
"""A line of a frozen register: no export has it."""

MANIFEST_FIELDS = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash")


def trace_bonus(
    folder: Path,
    *,
    agent_id: str,
    period_id: str,
    line_no: int | None = None,
    show_all: bool = False,
    notes: Sequence[str] = (),
) -> Trace:
    """The trace of one agent's bonus of one period from the publication in `folder`.

    `line_no` keeps one line of the bonus, `show_all` every evidence row instead of the first few; `notes` are
    said beside the trace's own.
    Raises ConfigurationError, with near names, for an agent, period or line that does not exist.
    """
    manifest = read_manifest(folder)
    with AuditFile(folder) as audit:
        return trace_from(
            audit,
            manifest,
            agent_id=agent_id,
            period_id=period_id,
            line_no=line_no,
            show_all=show_all,
            notes=notes,
        )


def trace_from(
    audit: AuditFile,
    manifest: Mapping[str, Any],
    *,
    agent_id: str,
    period_id: str,
    line_no: int | None = None,
    show_all: bool = False,
    show_people: bool = True,
    notes: Sequence[str] = (),
) -> Trace:
    """As `trace_bonus`, on an open audit file; without `show_people` raters and reviewers stay unnamed."""
    facts = BonusFacts(audit, find_bonus(audit, agent_id=agent_id, period_id=period_id))
    kept = _kept_lines(facts, line_no)
    builder = _Builder(facts, Sources(audit), show_people=show_people)
    root = builder.tree(kept)
    scheme = audit.select(
        "policy.policy_scheme", {"period_id": period_id, "scheme_id": facts.bonus["scheme_id"]}
    )
    person = audit.select("facts.dim_agent", {"agent_id": agent_id})
    return Trace(
        agent_id=agent_id,
        agent_name=person[0]["agent_name"] if person else None,
        period_id=period_id,
        scheme_id=facts.bonus["scheme_id"],
        scheme_en=scheme[0]["name_en"] if scheme else facts.bonus["scheme_id"],
        scheme_zh=scheme[0]["name_zh"] if scheme else "",
        amount_cny=facts.bonus["amount_cny"],
        maturity=facts.bonus["maturity"],
        score_status=facts.bonus["score_status"],
        publication={name: str(manifest[name]) for name in MANIFEST_FIELDS if name in manifest},
        root=root,
        evidence=builder.evidence(root, show_all=show_all),
        unpaid=() if line_no is not None else _unpaid(facts),
        notes=(*notes, *_notes(facts)),
    )


def _kept_lines(facts: BonusFacts, line_no: int | None) -> frozenset[str]:
    kept = frozenset(
        line["bonus_line_id"] for line in facts.lines if line_no is None or line["line_no"] == line_no
    )
    if line_no is not None and not kept:
        numbers = ", ".join(f"{line['line_no']} {line['line_label']}" for line in facts.lines) or "none"
        raise ConfigurationError(
            problem=f"the bonus of {facts.agent_id} for {facts.period_id} has no line {line_no}",
            remedy=f"Its lines: {numbers}",
        )
    return kept


def _notes(facts: BonusFacts) -> tuple[str, ...]:
    notes = []
    settled = facts.audit.select("facts.dim_settled_period", {"period_id": facts.period_id})
    if settled:
        notes.append(
            f"in this publication the period is settled (on {settled[0]['run_id']}): "
            "its lines are those paid, scores and evidence are of this publication's night"
        )
    if facts.score is not None and facts.score["status"] == "awaiting_review":
        notes.append(
            "no supervisor rating yet: the data score counts alone, the grade is provisional (CG-04)"
        )
    if facts.score is not None and facts.score["status"] == "insufficient_data":
        notes.append("no KPI has the minimum sample: no score, no grade, no graded pay (S-MISSING)")
    return tuple(notes)


def _unpaid(facts: BonusFacts) -> tuple[Unpaid, ...]:
    """What is due and pays nothing, once per component, as the calculation gives the reason."""
    unpaid: dict[str, Unpaid] = {}
    for row in facts.unpaid:
        if row["reason"] == NOT_NEEDED or row["component_id"] in unpaid:
            continue
        label, _, said = row["label_en"].partition(NOT_PAID)
        label_zh, _, said_zh = row["label_zh"].partition(NOT_PAID_ZH)
        unpaid[row["component_id"]] = Unpaid(
            component_id=row["component_id"],
            label=label,
            label_zh=label_zh,
            clause_id=row["clause_id"],
            reason=f"{said} ({row['reason']}, {said_zh})",
        )
    return tuple(unpaid.values())


class _Builder:
    """Turns the published nodes of one bonus into a tree."""

    def __init__(
        self,
        facts: BonusFacts,
        sources: Sources,
        *,
        show_people: bool,
        by_period: dict[str, BonusFacts] | None = None,
    ) -> None:
        self._facts = facts
        self._show_people = show_people
        self._sources = sources
        self._pay = PayNodes(facts, sources, show_people=show_people)
        self._by_period = {} if by_period is None else by_period
        for period_id in (facts.period_id, *facts.months(facts.period_id)):
            self._by_period.setdefault(period_id, facts)
        self._enrich: Mapping[Kind, Callable[[Row, Node], Node]] = {
            "bonus": self._bonus,
            "line": self._line,
            "recalculated": self._line,
            "quantity": self._quantity,
            "rate": self._rate,
            "days": self._days,
            "rate_row": self._rate_row,
            "parameter": self._parameter,
            "grade": self._grade,
            "band": self._band,
            "score": self._score,
            "score_part": self._score_part,
            "score_line": self._score_line,
            "points": self._points,
            "value": self._value,
        }

    def tree(self, kept: frozenset[str]) -> Node:
        """The bonus's node with those of its lines that are in `kept`."""
        below: dict[str | None, list[Row]] = defaultdict(list)
        for row in self._facts.nodes:
            below[row["parent_node_id"]].append(row)
        [root] = below[None]
        below[root["node_id"]] = [
            row
            for row in below[root["node_id"]]
            if row["node_id"] in kept
            or (row["node_id"] not in self._facts.line_by_id and row["input_model"] != UNPAID)
        ]
        return self._node(root, below)

    def evidence(self, root: Node, *, show_all: bool) -> dict[str, Evidence]:
        """The evidence of every KPI in the tree, by `kpi@period`."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for node in root.walk():
            if node.evidence is not None:
                name, period_id = node.evidence.rsplit("@", 1)
                wanted[period_id].add(name)
        found: dict[str, Evidence] = {}
        for period_id, names in sorted(wanted.items()):
            facts = self._by_period.get(period_id, self._facts)
            months = facts.months(period_id)
            kinds = {name.removeprefix(EVENT) for name in names if name.startswith(EVENT)}
            evidence = read_evidence(
                self._facts.audit,
                self._sources,
                agent_id=self._facts.agent_id,
                months=months,
                definitions={
                    name: facts.definitions[name] for name in sorted(names) if not name.startswith(EVENT)
                },
                period_id=period_id,
                show_all=show_all,
                show_people=self._show_people,
            )
            found |= {f"{kpi_id}@{period_id}": one for kpi_id, one in evidence.items()}
            if kinds:
                events = read_events(
                    facts.recomputed.events,
                    self._sources,
                    kinds={kind: facts.event_labels.get(kind, "") for kind in sorted(kinds)},
                    months=months,
                    period_id=period_id,
                    show_all=show_all,
                )
                found |= {event_key(kind, period_id): one for kind, one in events.items()}
        return found

    def _node(self, row: Row, below: Mapping[str | None, Sequence[Row]]) -> Node:
        kind = _kind(row)
        if kind == "recalculated" and row["node_id"] not in self._facts.line_by_id:
            facts = self._facts.recalculated(row["input_key"], row["node_id"])
            if facts is not None:
                return self._around(facts)._node(row, below)
        is_of_mechanism = row["input_model"] in OF_MECHANISMS
        node = Node(
            node_id=row["node_id"],
            kind=kind,
            label=row["label"] or "",
            label_zh=KINDS[kind],
            value=row["value"],
            unit=row["unit"] or "",
            clause_id=row["clause_id"],
            input_model=row["input_model"],
            input_key=row["input_key"],
            parameter=row["parameter"],
            parameter_value=row["parameter_value"],
            effective_from=row["effective_from"],
        )
        enrich = self._pay.enriched if is_of_mechanism else self._enrich.get(kind, self._from_fact)
        node = enrich(row, node)
        children = [self._node(child, below) for child in below.get(row["node_id"], ())]
        return replace(node, children=tuple(sorted([*children, *node.children], key=self._place)))

    def _around(self, facts: BonusFacts) -> _Builder:
        """A builder of the nodes of another period, whose evidence this one reads too."""
        return _Builder(facts, self._sources, show_people=self._show_people, by_period=self._by_period)

    def _place(self, node: Node) -> tuple[Any, ...]:
        line = self._facts.line_by_id.get(node.node_id)
        names = [band["grade"] for band in self._facts.bands]
        name = (node.input_key or "").rsplit(":", 1)[-1]
        return (
            ORDER.index(node.kind),
            line["line_no"] if line is not None else 0,
            names.index(name) if node.kind == "band" and name in names else 0,
            node.value if node.kind == "rate_row" and node.value is not None else Decimal(0),
            node.node_id,
        )

    def _bonus(self, row: Row, node: Node) -> Node:
        amounts = [line["amount_cny"] for line in self._facts.lines]
        return replace(node, by_hand=(byhand.total(amounts, self._facts.bonus["amount_cny"]),))

    def _line(self, row: Row, node: Node) -> Node:
        line = self._facts.line_by_id[row["node_id"]]
        segments = [one for one in self._facts.lines if _same_item(one, line)]
        notes = []
        if line["adjusts_bonus_line_id"]:
            notes.append(f"corrects the settled line {line['adjusts_bonus_line_id']} (PR-04)")
            notes += self._correction(line["adjusts_bonus_line_id"])
        return replace(
            node,
            label_zh=line["line_label_zh"],
            origin=line["value_origin"],
            by_hand=(byhand.line_amount(line, segments),),
            notes=tuple(notes),
        )

    def _correction(self, bonus_line_id: str) -> list[str]:
        rows = self._facts.audit.select("marts.mart_correction", {"bonus_line_id": bonus_line_id})
        return [
            f"settled {money(row['settled_cny'])}, adjusted before {money(row['adjusted_cny'])}, "
            f"today's data gives {money(row['computed_cny'])}: owed {money(row['owed_cny'])}" + _moved(row)
            for row in rows
        ]

    def _quantity(self, row: Row, node: Node) -> Node:
        line = self._facts.line_by_id.get(row["parent_node_id"])
        if line is None:
            return node
        node = self._from_fact(row, replace(node, origin=line["value_origin"]))
        due = self._due(line)
        return node if due is None else _with(node, self._pay.below_quantity(line, due))

    def _rate(self, row: Row, node: Node) -> Node:
        line = self._facts.line_by_id.get(row["parent_node_id"])
        due = None if line is None else self._due(line)
        return node if line is None or due is None else _with(node, self._pay.below_rate(line, due))

    def _due(self, line: Row) -> Due | None:
        """What a line pays; None for an adjustment, which pays the difference of another period's line."""
        if line["adjusts_bonus_line_id"]:
            return None
        return self._facts.due.get((line["component_id"], line["segment_no"]))

    def _days(self, row: Row, node: Node) -> Node:
        line = self._facts.line_by_id.get(row["parent_node_id"])
        segment = None if line is None else self._facts.segments.get(line["segment_no"])
        if segment is None:
            return node
        return replace(
            node,
            notes=(f"{segment['first_day_on']} to {segment['last_day_on']}, both days included",),
            sources=self._pay.segment(segment["segment_no"]),
        )

    def _rate_row(self, row: Row, node: Node) -> Node:
        rate = self._facts.rates.get(row["input_key"])
        if rate is None:
            return node
        line = self._facts.line_by_id[row["parent_node_id"].removesuffix("/rate")]
        words = ["rate" if rate["rate"] is not None else "amount"]
        if rate["rate_key"]:
            words.append(rate["rate_key"])
        if rate["lower_bound"] or rate["upper_bound"] is not None:
            words.append(band_of_rate(rate))
        return replace(
            node,
            label=" ".join(words),
            origin=rate["value_origin"],
            is_chosen=self._applies(rate, line),
        )

    def _applies(self, rate: Row, line: Row) -> bool:
        """Whether a row of a rate table is the one (or one of the tiers) that the line took."""
        due = self._due(line)
        if due is None:
            return False
        chosen = self._facts.recomputed.chosen_rates(due)
        if _item(line):
            chosen = [one for one in chosen if str(rounded(one["lower_bound"], 2)) == _item(line)]
        return any(
            one["rate_key"] == rate["rate_key"] and one["lower_bound"] == rate["lower_bound"]
            for one in chosen
        )

    def _parameter(self, row: Row, node: Node) -> Node:
        parameter = self._facts.parameters.get(row["input_key"])
        return replace(
            node,
            label=row["parameter"] or node.label,
            origin=parameter["value_origin"] if parameter else None,
        )

    def _grade(self, row: Row, node: Node) -> Node:
        grade = self._facts.grade
        if grade is None:
            return node
        label = (
            f"grade {grade['grade']}: rank {grade['rank']} of {grade['cohort_size']} in {grade['cohort_id']}"
        )
        if grade["method"] == "forced":
            note = f"forced shares: the first band whose cumulative share is above {plain(grade['position'])}"
        else:
            score = plain(grade["total_score"])
            note = f"absolute bands: the first that {score} reaches (the group is too small to rank)"
        return replace(
            node,
            label=label,
            by_hand=(byhand.position(grade["rank"], grade["cohort_size"], grade["position"]),),
            notes=(note,),
        )

    def _band(self, row: Row, node: Node) -> Node:
        grade = self._facts.grade
        name = row["input_key"].rsplit(":", 1)[1]
        band = next((one for one in self._facts.bands if one["grade"] == name), None)
        if grade is None or band is None:
            return node
        inside = [one for one in self._facts.cohort if one["grade"] == name]
        if band["method"] == "forced":
            label = f"{name}: position below {plain(band['cumulative_share'])}"
        else:
            label = (
                f"{name}: score from {plain(band['min_score'])}"
                if band["min_score"] is not None
                else f"{name}: the rest"
            )
        notes = (
            (
                f"ranks {inside[0]['rank']}–{inside[-1]['rank']}, {len(inside)} of {grade['cohort_size']}; "
                f"cut-off score {plain(min(one['total_score'] for one in inside))}",
            )
            if inside
            else ("nobody",)
        )
        return replace(
            node, label=label, origin=band["value_origin"], is_chosen=name == grade["grade"], notes=notes
        )

    def _score(self, row: Row, node: Node) -> Node:
        score = self._facts.score
        if score is None or score["total_score"] is None:
            return node
        return replace(node, by_hand=(byhand.total_score(score),))

    def _score_part(self, row: Row, node: Node) -> Node:
        node = replace(node, label_zh=PARTS.get(node.label, node.label_zh))
        if node.label == "data score" and node.value is not None:
            weighted = [
                line["weighted_points"] for line in self._facts.score_lines.values() if line["is_scored"]
            ]
            return replace(node, by_hand=(byhand.data_score(weighted, node.value),))
        if node.label == "supervisor score" and node.value is not None:
            ratings = self._facts.ratings("supervisor")
            keys = {one["rating_id"]: f"score {plain(one['score'])}{self._by(one)}" for one in ratings}
            return replace(
                node,
                by_hand=(byhand.mean([one["score"] for one in ratings], node.value),),
                sources=self._sources.lines("fct_rating", keys),
            )
        if node.label == "collaboration score":
            return replace(node, evidence=f"collaboration_score@{self._facts.period_id}")
        return node

    def _by(self, rating: Row) -> str:
        return f" by {rating['rater_id']}" if self._show_people and rating["rater_id"] else ""

    def _score_line(self, row: Row, node: Node) -> Node:
        line = self._facts.score_lines[row["input_key"].rsplit(":", 1)[1]]
        definition = self._facts.definitions.get(line["kpi_id"]) or self._facts.measures[line["kpi_id"]]
        node = replace(
            node,
            label=f"{line['kpi_id']} · {definition['name_en']} ({line['block']})",
            label_zh=definition["name_zh"],
            origin=line["value_origin"],
            children=tuple(self._measure(line, node)),
        )
        if not line["is_scored"]:
            return replace(node, notes=(self._why_unscored(line),))
        scored = [
            (one["block"], policy["block_weight"], policy["kpi_weight"])
            for one in self._facts.score_lines.values()
            if one["is_scored"]
            and (policy := self._facts.score_policy.get((one["block"], one["kpi_id"]))) is not None
        ]
        own = self._facts.score_policy.get((line["block"], line["kpi_id"]))
        by_hand = [byhand.score_line(line["points"], line["effective_weight"], line["weighted_points"])]
        if own is not None:
            by_hand.append(
                byhand.effective_weight(scored, line["block"], own["kpi_weight"], line["effective_weight"])
            )
        return replace(node, by_hand=tuple(by_hand))

    def _why_unscored(self, line: Row) -> str:
        reason = line["unscored_reason"]
        policy = self._facts.score_policy.get((line["block"], line["kpi_id"]))
        least = f" of {policy['min_sample']}" if policy else ""
        said = {
            "no_export": "no_export: no export of what it counts ever came",
            "not_observed": "nothing of it was observed",
            "below_min_sample": f"below the minimum sample{least}",
            "weighs_nothing": "it weighs nothing",
        }.get(reason, reason)
        rule = "S-EXPORT, S-MISSING" if reason == "no_export" else "S-MISSING"
        return f"not scored: {said} · {UNSCORED.get(reason, '')}; its weight goes to the others ({rule})"

    def _measure(self, line: Row, node: Node) -> Iterator[Node]:
        """The value of a measure that is no KPI, with what it is made of."""
        measure = line["kpi_id"]
        if measure in self._facts.definitions or line["value"] is None:
            return
        children: tuple[Node, ...] = ()
        sources: tuple[SourceLine, ...] = ()
        notes: tuple[str, ...] = ()
        if measure == QUARTER_TOTAL:
            children = tuple(
                _Builder(quarter, self._sources, show_people=self._show_people).score_tree(node.node_id)
                for quarter in self._facts.quarters()
            )
        elif measure == CENTRE_NPS:
            notes = ("the centre's own, over everyone's responses: kpi.kpi_group_observation",)
        else:
            ratings = self._facts.ratings(measure)
            keys = {one["rating_id"]: f"score {plain(one['score'])}{self._by(one)}" for one in ratings}
            sources = self._sources.lines("fct_rating", keys)
        yield replace(
            node,
            node_id=f"{node.node_id}/value",
            kind="value",
            label=f"{measure} value",
            label_zh=KINDS["value"],
            value=line["value"],
            unit="numerator / denominator",
            clause_id=None,
            parameter=None,
            parameter_value=None,
            effective_from=None,
            by_hand=(byhand.value(line["numerator"], line["denominator"], line["value"]),),
            notes=notes,
            sources=sources,
            children=children,
        )

    def score_tree(self, prefix: str) -> Node:
        """The score of the builder's own period down to its KPIs, as a tree below `prefix`."""
        score = self._facts.score
        assert score is not None
        root = f"{prefix}/{score['period_id']}"
        key = f"{score['agent_id']}:{score['period_id']}"
        below: dict[str | None, list[Row]] = defaultdict(list)
        below[root].append(
            _row(f"{root}/data score", "data score", score["data_score"], "points", "score_line", key)
        )
        if score["supervisor_share"]:
            below[root].append(
                _row(
                    f"{root}/supervisor",
                    "supervisor score",
                    score["supervisor_score"],
                    "points",
                    "fct_rating",
                    key,
                )
            )
        if score["collaboration_share"]:
            below[root].append(
                _row(
                    f"{root}/collaboration",
                    "collaboration score",
                    score["collaboration_score"],
                    "points",
                    "kpi_observation",
                    key,
                )
            )
        for kpi_id, line in self._facts.score_lines.items():
            at, row_key = f"{root}/{kpi_id}", f"{key}:{kpi_id}"
            below[f"{root}/data score"].append(
                _row(
                    at,
                    kpi_id,
                    line["weighted_points"],
                    "weighted points",
                    "score_line",
                    row_key,
                    line["clause_id"],
                )
            )
            below[at].append(
                _row(
                    f"{at}/points",
                    "points on the curve",
                    line["points"],
                    "points",
                    "policy_score_kpi",
                    row_key,
                )
            )
            if kpi_id in self._facts.definitions and line["value"] is not None:
                below[at].append(
                    _row(
                        f"{at}/value",
                        "value",
                        line["value"],
                        "numerator / denominator",
                        "kpi_observation",
                        row_key,
                    )
                )
        label = f"total score of {score['period_id']} ({score['status']})"
        return self._node(_row(root, label, score["total_score"], "points", "score", key), below)

    def _points(self, row: Row, node: Node) -> Node:
        line = self._facts.score_lines[row["input_key"].rsplit(":", 1)[1]]
        node = replace(node, origin=line["value_origin"])
        if line["points"] is None or not line["is_scored"]:
            return node
        convention = self._facts.convention
        calculation = byhand.points(
            line, target_points=convention["target_points"], stretch_points=convention["stretch_points"]
        )
        if calculation is not None:
            return replace(node, by_hand=(calculation,))
        reached = "not better than the floor" if line["points"] == 0 else "at or beyond the end of the curve"
        return replace(node, notes=(f"{plain(line['value'])} is {reached}",))

    def _value(self, row: Row, node: Node) -> Node:
        kpi_id, period_id = self._kpi_of(row["input_key"])
        observation = self._facts.observation(period_id, kpi_id)
        if observation is None:
            return node
        node = replace(
            node,
            label=f"{kpi_id} value",
            evidence=f"{kpi_id}@{period_id}",
            notes=(f"{observation['pending_count']} rows pending",) if observation["pending_count"] else (),
        )
        if observation["value"] is None:
            return node
        return replace(
            node,
            by_hand=(
                byhand.value(observation["numerator"], observation["denominator"], observation["value"]),
            ),
        )

    def _kpi_of(self, key: str) -> tuple[str, str]:
        period_id, kpi_id = key.removeprefix(f"{self._facts.agent_id}:").rsplit(":", 1)
        return kpi_id, period_id

    def _from_fact(self, row: Row, node: Node) -> Node:
        """A number read from one fact row ends in that row's export line."""
        model, key = row["input_model"], row["input_key"]
        if model is None or key is None or model == SETTLED or not model.startswith(("fct_", "dim_")):
            return node
        return replace(node, sources=node.sources + self._sources.lines(model, {key: ""}))


def _with(node: Node, below: Below) -> Node:
    return replace(
        node,
        by_hand=node.by_hand + below.by_hand,
        notes=node.notes + below.notes,
        sources=node.sources + below.sources,
        children=below.children,
    )


def _moved(correction: Row) -> str:
    """What others' corrections did to a corrected line, in words."""
    if correction["moved_cny"] == 0:
        return ""
    moved, rule = money(correction["moved_cny"]), correction["ranking_correction"]
    return f" (others' corrections moved it by {moved}: {rule})"


def _same_item(one: Row, other: Row) -> bool:
    """Whether two lines are segments of the same item of the same component."""
    return bool(one["component_id"] == other["component_id"] and _item(one) == _item(other))


def _item(line: Row) -> str:
    prefix = f"{line['period_id']}:{line['agent_id']}:{line['component_id']}:{line['segment_no']}:"
    return str(line["bonus_line_id"]).removeprefix(prefix)


def _row(
    node_id: str,
    label: str,
    value: Decimal | None,
    unit: str,
    model: str,
    key: str,
    clause_id: str | None = None,
) -> Row:
    """A row in the form of `audit.bonus_trace`."""
    return {
        "node_id": node_id,
        "label": label,
        "value": value,
        "unit": unit,
        "clause_id": clause_id,
        "input_model": model,
        "input_key": key,
        "parameter": None,
        "parameter_value": None,
        "effective_from": None,
    }


_BY_LABEL: Mapping[str, Kind] = {
    "quantity": "quantity",
    "rate": "rate",
    "rate table": "rate_row",
    "parameter": "parameter",
    "points on the curve": "points",
    **dict.fromkeys(PARTS, "score_part"),
}

_BY_INPUT: Mapping[tuple[str, str], Kind] = {
    ("bonus", "cny"): "bonus",
    ("bonus_line", "cny"): "line",
    ("bonus_line_computed", "cny"): "recalculated",
    (SETTLED, "cny"): "settled",
    ("grade", "position"): "grade",
    ("policy_grade_band", "cumulative share"): "band",
    ("policy_grade_band", "score"): "band",
    ("score", "points"): "score",
    ("score_line", "weighted points"): "score_line",
    ("kpi_observation", "numerator / denominator"): "value",
}


def _kind(row: Row) -> Kind:
    label = row["label"] or ""
    if label in _BY_LABEL:
        return _BY_LABEL[label]
    if label.startswith("days of "):
        return "days"
    if row["input_model"] == "kpi_evidence":
        return "numerator" if label.endswith(" numerator") else "denominator"
    return _BY_INPUT.get((row["input_model"] or "", row["unit"] or ""), "other")
