"""What the radar says of findings made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.radar.fairness import Share
from orchestration.audit.radar.found import Finding, Radar, Signal
from orchestration.audit.radar.show import radar_json, radar_lines, sentence


def line(key: str, *, model: str = "fct_contact", says: str = "2026-10-01 +1") -> SourceLine:
    return SourceLine(model, key, "ticket/contact.csv", 7, None, None, says)


HIT = Finding(
    agent_id="A0001",
    team_id="T1",
    scheme_id="plan",
    queue=Phrase("general, VIP customers", "综合，贵宾客户"),
    signal_id="unrated",
    status="hit",
    numerator=2,
    denominator=3,
    rate=Decimal("0.666667"),
    peer_count=6,
    peer_low_rate=Decimal("0.1"),
    peer_middle_rate=Decimal("0.2"),
    peer_high_rate=Decimal("0.3"),
    surprise=Decimal("17.5"),
    paid={"csat": Phrase("Satisfaction", "满意度")},
    counters=(),
    rows=(line("K1"), line("K2"), line("K3"), line("S1", model="fct_survey", says="2026-10-02 -1")),
    taken_away=1,
)
SHARE = Share("plan", Phrase("shift", "班次"), Phrase("night", "夜班"), "A", 20, 14, 0.45, 0.88, 0.01, 0.32)


def signal(findings: Sequence[Finding], *, silence: str | None = None) -> Signal:
    words = (Phrase("contacts", "联络"), Phrase("contacts counted", "联络计"), Phrase("contacts", "联络"))
    return Signal("unrated", *words, Phrase("Why.", "为何。"), 60, 5, tuple(findings), silence)


def said(radar: Radar, *, agent_id: str | None = None, all_rows: bool = False) -> str:
    return "\n".join(radar_lines(radar, agent_id=agent_id, all_rows=all_rows))


def test_ratings_taken_away_are_said_so_that_the_rows_match() -> None:
    found = sentence(signal([HIT]), HIT)
    assert "6 agents of the queue (general, VIP customers), this one among them" in found.en
    assert found.en.endswith("; 2 = 3 contacts less 1 ratings")
    assert "同队列（综合，贵宾客户，含本人）6 人" in found.zh
    assert found.zh.endswith("；2 = 3 个联络减去 1 个评价")
    assert "less" not in sentence(signal([HIT]), replace(HIT, taken_away=0)).en


def test_surprise_is_explained_once_and_only_where_there_is_one() -> None:
    out = said(Radar("2026-10", "run", (signal([HIT]), signal([HIT])), ()))
    assert out.count("one in nine million") == 1 == out.count("九百万分之一")
    assert "A0001 (T1, plan): hit, surprise 17.5 · 命中，意外度 17.5" in out
    usual = said(Radar("2026-10", "run", (signal([replace(HIT, status="usual")]),), ()))
    assert "nine million" not in usual


def test_rows_are_numbered_in_both_languages() -> None:
    radar = Radar("2026-10", "run", (signal([HIT]),), ())
    assert "fct_contact K1  ticket/contact.csv row 7 · 第 7 行" in said(radar, all_rows=True)
    first = said(radar)
    assert "ticket/contact.csv row 7\n" in first and "ticket/contact.csv 第 7 行\n" in first


@pytest.mark.parametrize(
    ("silence", "agent_id", "en", "zh"),
    [
        ("not_in_service", "A0001", "not in service in the period", "本期不在职"),
        ("no_rows", "A0001", "no contacts in the period, at least 60 are needed", "本期没有联络"),
        ("not_asked", "A0001", "no plan of this agent pays", "该客服本期在所示队列的方案不按"),
        ("not_in_service", None, "nobody is in service", "本期无人在职"),
        ("no_rows", None, "has any contacts in the period", "的人员本期没有联络"),
        ("not_asked", None, "no plan of the period pays", "本期无方案按"),
    ],
)
def test_why_nothing_is_said(silence: str, agent_id: str | None, en: str, zh: str) -> None:
    out = said(Radar("2026-10", "run", (signal([], silence=silence),), None), agent_id=agent_id)
    assert en in out and zh in out


def test_a_period_without_grades_says_so_and_one_agent_has_no_groups() -> None:
    assert "no plan grades this period" in said(Radar("2026-10", "run", (), ()))
    assert "本期无方案评级" in said(Radar("2026-10", "run", (), ()))
    assert "Clopper" not in said(Radar("2026-10", "run", (), None))
    hidden = Share("plan", SHARE.grouping, SHARE.group, "A", 4)
    out = said(Radar("2026-10", "run", (), (hidden,)))
    assert "fewer than 5 people" in out and "不足 5 人" in out


def test_json_has_what_a_star_says() -> None:
    same = replace(SHARE, others_high=0.5)
    shares = json.loads(radar_json(Radar("2026-10", "run", (signal([HIT]),), (SHARE, same))))["shares"]
    assert [one["differs"] for one in shares] == [True, False]
    assert json.loads(radar_json(Radar("2026-10", "run", (), None)))["shares"] is None
