"""The radar as lines of a terminal, and as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal

from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.radar.fairness import CONFIDENCE, LEAST_PEOPLE, Share
from orchestration.audit.radar.found import (
    FEW_PEERS,
    FEW_ROWS,
    HIT,
    CounterKpi,
    Finding,
    Radar,
    Signal,
)
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
        else:
            yield from _silence(signal, agent_id)
        for finding in signal.findings if agent_id is not None else ():
            yield from _finding(signal, finding, all_rows=all_rows)
    if radar.shares is not None:
        yield ""
        yield from _shares(radar.shares)
    if any(signal.hits for signal in radar.signals):
        yield ""
        yield from _both(said("surprise_means"), "")


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
    found = said("found", rate=percent(finding.rate), low=low, high=high, **values)
    if not finding.taken_away:
        return found
    added = len(finding.rows) - finding.taken_away
    less = said("less", contacts=added, ratings=finding.taken_away, numerator=finding.numerator)
    return Phrase(f"{found.en}; {less.en}", f"{found.zh}；{less.zh}")


def percent(rate: Decimal | float | None) -> str:
    """A share of 0 to 1 as hundredths with one decimal."""
    return "–" if rate is None else f"{Decimal(str(rate)) * HUNDRED:.1f}"


def place(line: SourceLine) -> Phrase:
    """A row by its key, and where it stands in the exports."""
    what, number = f"{line.says}  {line.model} {line.key}  {line.file or '–'}", _row(line)
    return Phrase(f"{what} {number.en}", f"{what} {number.zh}")


def _row(line: SourceLine) -> Phrase:
    return said("row", number=plain(line.row_number))


def radar_json(radar: Radar) -> str:
    """Everything of the radar as JSON; numbers that are exact are texts."""
    document = asdict(radar)
    for signal, found in zip(radar.signals, document["signals"], strict=True):
        for finding, one in zip(signal.findings, found["findings"], strict=True):
            one["sentence"] = asdict(sentence(signal, finding))
    for share, shown in zip(radar.shares or (), document["shares"] or (), strict=True):
        shown["differs"] = share.differs
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
        yield from _silence(signal, None)
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


def _silence(signal: Signal, agent_id: str | None) -> Iterator[str]:
    if signal.silence is not None:
        whose = "nobody" if agent_id is None else "agent"
        yield from _both(said(f"{whose}_{signal.silence}", of=signal.of, min_rows=signal.min_rows))


def _finding(signal: Signal, finding: Finding, *, all_rows: bool) -> Iterator[str]:
    plan = f"{finding.team_id or '–'}, {finding.scheme_id or '–'}"
    status = said(finding.status)
    if finding.status == HIT:
        surprise = said("surprise", value=plain(finding.surprise))
        status = Phrase(f"{status.en}, {surprise.en}", f"{status.zh}，{surprise.zh}")
    yield f"  {finding.agent_id} ({plan}): {status.en} · {status.zh}"
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
        yield from (f"    {place(line).en} · {_row(line).zh}" for line in finding.rows)
    elif finding.status == HIT and finding.rows:
        yield from _both(said("rows", count=len(finding.rows), first=place(finding.rows[0])), "    ")


def _counter(counter: CounterKpi) -> Phrase:
    value, middle = plain(counter.value), plain(counter.middle)
    return said("counter", name=counter.name, value=value, middle=middle)


def _shares(shares: Sequence[Share]) -> Iterator[str]:
    confidence = round(CONFIDENCE * HUNDRED)
    yield from _both(said("group_title", confidence=confidence), "")
    if not shares:
        yield from _both(said("group_none"))
        return
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
