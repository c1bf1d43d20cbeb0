"""What the radar of a period found, read from a publication: hits with their rows, what is too few."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from orchestration.audit.beside import text_beside
from orchestration.audit.lookup import require_agent_and_period, require_period
from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.radar.fairness import Share, grade_shares, queue
from orchestration.audit.relations import AuditFile, Row

HIT, USUAL, FEW_ROWS, FEW_PEERS = "hit", "usual", "too_few_rows", "too_few_peers"
NOT_IN_SERVICE, NO_ROWS, NOT_ASKED = "not_in_service", "no_rows", "not_asked"
"""Why a signal has no finding: nobody was in service, no row is looked at, no plan pays by what it serves."""

Counted = Mapping[tuple[str, str], Sequence[tuple[SourceLine, bool]]]
"""Lines by agent and signal, each with whether it takes one away."""


@dataclass(frozen=True)
class CounterKpi:
    """The KPI to be looked at beside a signal: the agent's value, and the queue's middle."""

    kpi_id: str
    name: Phrase
    value: Decimal | None
    middle: Decimal | None


@dataclass(frozen=True)
class Finding:
    """An agent, a signal: `numerator` of `denominator` rows, against the peers of the queue (shares 0 to 1).

    `paid` are KPIs or kinds of events, by id, that the agent's plan pays by and the signal may serve; `rows`
    the export lines that it counts, of hits and of what was asked for; `taken_away` of them take one away.
    """

    agent_id: str
    team_id: str | None
    scheme_id: str | None
    queue: Phrase
    signal_id: str
    status: str
    numerator: int
    denominator: int
    rate: Decimal
    peer_count: int
    peer_low_rate: Decimal | None
    peer_middle_rate: Decimal | None
    peer_high_rate: Decimal | None
    surprise: Decimal | None
    paid: Mapping[str, Phrase]
    counters: tuple[CounterKpi, ...]
    rows: tuple[SourceLine, ...] = ()
    taken_away: int = 0


@dataclass(frozen=True)
class Signal:
    """A signal with its words and limits, and what it found of the agents that it is asked of.

    `silence` is why it has no finding: NOT_IN_SERVICE, NO_ROWS or NOT_ASKED; None where it has any.
    """

    signal_id: str
    label: Phrase
    counted: Phrase
    of: Phrase
    why: Phrase
    min_rows: int
    min_peers: int
    findings: tuple[Finding, ...]
    silence: str | None

    @property
    def hits(self) -> tuple[Finding, ...]:
        """The findings that ask for a look, the most surprising first."""
        return tuple(one for one in self.findings if one.status == HIT)

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many agents have which status."""
        return Counter(one.status for one in self.findings)


@dataclass(frozen=True)
class Radar:
    """The radar of a period, and the grade shares of groups; None where one agent or signal is asked for."""

    period_id: str
    run_id: str
    signals: tuple[Signal, ...]
    shares: tuple[Share, ...] | None


def read_radar(
    folder: Path, *, period_id: str, agent_id: str | None = None, signal_id: str | None = None
) -> Radar:
    """The radar of a period of the publication in `folder`: of everyone or one agent, every signal or one.

    Raises ConfigurationError, with near names, for an unknown period or agent.
    """
    with AuditFile(folder) as audit:
        if agent_id is None:
            require_period(audit, period_id)
        else:
            require_agent_and_period(audit, agent_id=agent_id, period_id=period_id)
        findings = _findings(audit, period_id, agent_id)
        asked = [
            one
            for one in findings
            if one.status == HIT or agent_id is not None
            if signal_id in (None, one.signal_id)
        ]
        lines = _lines(audit, period_id, asked)
        silent = _silence(audit, period_id, agent_id)
        found = {one.signal_id for one in findings}
        signals = tuple(
            Signal(
                signal_id=row["signal_id"],
                label=Phrase(row["label_en"], row["label_zh"]),
                counted=Phrase(row["counted_en"], row["counted_zh"]),
                of=Phrase(row["of_en"], row["of_zh"]),
                why=Phrase(row["why_en"], row["why_zh"]),
                min_rows=row["min_denominator"],
                min_peers=row["min_peer_count"],
                findings=tuple(
                    _with_rows(one, lines) for one in findings if one.signal_id == row["signal_id"]
                ),
                silence=None if row["signal_id"] in found else silent(row["signal_id"]),
            )
            for row in audit.select("policy.policy_radar_signal", order=["position"])
            if signal_id in (None, row["signal_id"])
        )
        shares = None if agent_id is not None or signal_id is not None else grade_shares(audit, period_id)
        return Radar(period_id, folder.name, signals, shares)


def _silence(audit: AuditFile, period_id: str, agent_id: str | None) -> Callable[[str], str]:
    """Why a signal has nothing to say of the agent, or of anybody."""
    of = {"period": period_id, "agent": agent_id}
    served = audit.query(
        "select 1 from facts.dim_agent_period where period_id = $period "
        "and (agent_id = $agent or $agent is null) limit 1",
        of,
    )
    paid = {row["signal_id"] for row in audit.query(text_beside(__file__, "sql/paid.sql"), of)}
    return lambda signal_id: NOT_IN_SERVICE if not served else NO_ROWS if signal_id in paid else NOT_ASKED


def _findings(audit: AuditFile, period_id: str, agent_id: str | None) -> list[Finding]:
    rows = audit.query(text_beside(__file__, "sql/finding.sql"), {"period": period_id, "agent": agent_id})
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["agent_id"], row["signal_id"]].append(row)
    return [_finding(found) for found in grouped.values()]


def _finding(rows: Sequence[Row]) -> Finding:
    row = rows[0]
    counters = {
        one["counter_kpi_id"]: CounterKpi(
            one["counter_kpi_id"],
            Phrase(one["counter_name_en"], one["counter_name_zh"]),
            one["counter_value"],
            one["counter_middle"],
        )
        for one in rows
    }
    same = (
        *("agent_id", "team_id", "scheme_id", "signal_id", "status", "numerator", "denominator", "rate"),
        *("peer_count", "peer_low_rate", "peer_middle_rate", "peer_high_rate", "surprise"),
    )
    return Finding(
        **{name: row[name] for name in same},
        queue=queue(row),
        paid={one["paid_id"]: Phrase(one["paid_name_en"], one["paid_name_zh"]) for one in rows},
        counters=tuple(counters[kpi_id] for kpi_id in sorted(counters)),
    )


def _lines(audit: AuditFile, period_id: str, asked: Sequence[Finding]) -> Counted:
    found: dict[tuple[str, str], list[tuple[SourceLine, bool]]] = defaultdict(list)
    if asked:
        rows = audit.query(
            text_beside(__file__, "sql/rows.sql"),
            {
                "period": period_id,
                "agents": [one.agent_id for one in asked],
                "signals": [one.signal_id for one in asked],
            },
        )
        for row in rows:
            line = SourceLine(
                model=row["evidence_model"],
                key=row["evidence_key"],
                file=row["file"],
                row_number=row["row_number"],
                row_hash=row["row_hash"],
                file_hash=None,
                says=f"{row['event_on']} {row['numerator']:+d}",
            )
            found[row["agent_id"], row["signal_id"]].append((line, row["numerator"] < 0))
    return found


def _with_rows(finding: Finding, counted: Counted) -> Finding:
    lines = counted.get((finding.agent_id, finding.signal_id), ())
    return replace(
        finding,
        rows=tuple(line for line, _ in lines),
        taken_away=sum(takes_away for _, takes_away in lines),
    )
