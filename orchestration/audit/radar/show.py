"""The radar as lines of a terminal, and as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal

from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.radar.fairness import CONFIDENCE, LEAST_PEOPLE, Share
from orchestration.audit.radar.found import FEW_PEERS, FEW_ROWS, HIT, CounterKpi, Finding, Radar, Signal
from orchestration.audit.radar.words import said
from orchestration.text import plain

HUNDRED = 100


def radar_lines(radar: Radar, *, agent_id: str | None, all_rows: bool) -> Iterator[str]:
    """The radar for people, line by line: the sentence of each hit in both languages, with its rows."""
    title = said("title", period_id=radar.period_id)
    yield f"{title.en} · {title.zh}"
    yield from _both(said("meaning"), "")
    for signal in radar.signals:
        yield ""
        yield f"{signal.label.en} · {signal.label.zh} ({signal.signal_id})"
        if agent_id is None:
            yield from _signal(signal, all_rows=all_rows)
        elif not signal.findings:
            yield from _both(said("not_asked"))
        for finding in signal.findings if agent_id is not None else ():
            yield from _finding(signal, finding, all_rows=all_rows)
    if radar.shares:
        yield ""
        yield from _shares(radar.shares)


def sentence(signal: Signal, finding: Finding) -> Phrase:
    """What was found of an agent, in a plain sentence."""
    values = {
        "counted": signal.counted,
        "of": signal.of,
        "numerator": finding.numerator,
        "denominator": finding.denominator,
        "peer_count": finding.peer_count,
        "queue": finding.queue,
        "min_rows": signal.min_rows,
        "min_peers": signal.min_peers,
    }
    if finding.status in (FEW_ROWS, FEW_PEERS):
        return said(f"agent_{finding.status}", **values)
    low, high = (percent(one) for one in (finding.peer_low_rate, finding.peer_high_rate))
    return said("found", rate=percent(finding.rate), low=low, high=high, **values)


def percent(rate: Decimal | float | None) -> str:
    """A share of 0 to 1 as hundredths with one decimal."""
    return "–" if rate is None else f"{Decimal(str(rate)) * HUNDRED:.1f}"


def place(line: SourceLine) -> str:
    """A row by its key, and where it stands in the exports."""
    where = f"{line.file or '–'} row {plain(line.row_number)}"
    return f"{line.says}  {line.model} {line.key}  {where}"


def radar_json(radar: Radar) -> str:
    """Everything of the radar as JSON; numbers that are exact are texts."""
    document = asdict(radar)
    for signal, found in zip(radar.signals, document["signals"], strict=True):
        for finding, one in zip(signal.findings, found["findings"], strict=True):
            one["sentence"] = asdict(sentence(signal, finding))
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


def _signal(signal: Signal, *, all_rows: bool) -> Iterator[str]:
    counts = signal.statuses
    compared = sum(count for status, count in counts.items() if status not in (FEW_ROWS, FEW_PEERS))
    if signal.hits:
        yield from _both(signal.why)
    elif compared:
        yield from _both(said("no_hit", count=compared))
    elif counts:
        yield from _both(said("nobody"))
    else:
        yield from _both(said("not_asked"))
    for finding in signal.hits:
        yield from _finding(signal, finding, all_rows=all_rows)
    if counts[FEW_ROWS] or counts[FEW_PEERS]:
        yield from _both(
            said(
                "too_few",
                rows=counts[FEW_ROWS],
                peers=counts[FEW_PEERS],
                min_rows=signal.min_rows,
                min_peers=signal.min_peers,
            )
        )


def _finding(signal: Signal, finding: Finding, *, all_rows: bool) -> Iterator[str]:
    plan = f"{finding.team_id or '–'}, {finding.scheme_id or '–'}"
    surprise = "" if finding.status != HIT else f", surprise {plain(finding.surprise)}"
    yield f"  {finding.agent_id} ({plan}): {finding.status}{surprise}"
    yield from _both(sentence(signal, finding), "    ")
    if finding.status == HIT:
        paid = Phrase(
            ", ".join(f"{name.en} ({paid_id})" for paid_id, name in finding.paid.items()),
            "、".join(name.zh for name in finding.paid.values()),
        )
        counters = [_counter(one) for one in finding.counters]
        counter = Phrase(", ".join(one.en for one in counters), "、".join(one.zh for one in counters))
        yield from _both(said("serves", paid=paid, counter=counter), "    ")
    if all_rows:
        yield from (f"    {place(line)}" for line in finding.rows)
    elif finding.status == HIT and finding.rows:
        yield from _both(said("rows", count=len(finding.rows), first=place(finding.rows[0])), "    ")


def _counter(counter: CounterKpi) -> Phrase:
    value, middle = plain(counter.value), plain(counter.middle)
    return said("counter", name=counter.name, value=value, middle=middle)


def _shares(shares: Sequence[Share]) -> Iterator[str]:
    confidence = round(CONFIDENCE * HUNDRED)
    yield from _both(said("group_title", confidence=confidence), "")
    yield from _both(said("group_meaning"), "")
    groups: dict[tuple[str, Phrase, Phrase], list[Share]] = defaultdict(list)
    for share in shares:
        groups[share.scheme_id, share.grouping, share.group].append(share)
    for (scheme_id, grouping, group), found in groups.items():
        few = said("group_few", least=LEAST_PEOPLE)
        cells = [
            f"{one.grade} {percent(one.count / one.total)} % [{percent(one.low)}–{percent(one.high)}]"
            + ("*" if one.differs else "")
            for one in found
            if one.count is not None
        ] or [f"{few.en} · {few.zh}"]
        name = f"{grouping.en} {grouping.zh}: {group}"
        yield f"  {scheme_id}  {name} (n = {found[0].total}):  {'   '.join(cells)}"


def _both(words: Phrase, indent: str = "  ") -> Iterator[str]:
    yield indent + words.en
    yield indent + words.zh
