"""Make a plan: build the published history under a policy and say what differs. Publishes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.audit.diff import Chosen, LineChange, Side, attached, compare_pair, comparing
from orchestration.audit.diff.pair import Pair
from orchestration.audit.publications import current_folder, read_manifest
from orchestration.errors import ConfigurationError
from orchestration.plan.build import Built, build
from orchestration.plan.folder import scratch
from orchestration.plan.published import inputs_of, settled_of
from orchestration.plan.result import (
    AgentChange,
    GradeMove,
    Group,
    Money,
    Plan,
    PlannedLine,
    SettledPeriod,
)
from orchestration.policy.site import Site
from orchestration.progress import stage
from orchestration.settlement.frozen import settlements
from orchestration.sql import literal, query
from orchestration.state.folder import StateFolder, auditor_parquet, require_of_this_release
from orchestration.state.memory import connect

POLICY_NOTE = "policy: "
"""How `diff` begins a note on a row of the policy in force."""


@dataclass(frozen=True)
class Request:
    """What is asked: a policy folder, the site that goes with it, and the periods to tell of (all where
    empty).
    """

    policy: Path
    site: Site
    first: str = ""
    last: str = ""


def make_plan(
    state: StateFolder, request: Request, *, keep: Callable[[Plan, Built, StateFolder], None] | None = None
) -> Plan:
    """The current publication of a state under the requested policy. `keep` may take what it needs of the
    plan and of the scratch folder before that goes.

    Raises ConfigurationError where there is no publication, a period is none of it, or the policy is unsound;
    what `build` raises.
    """
    publication = current_folder(state)
    manifest = read_manifest(publication)
    require_of_this_release(publication)
    _require_settled(state, publication)
    periods = _periods(publication, request)
    with scratch(state) as work:
        with stage("plan") as current:
            built = build(
                state,
                work,
                publication,
                manifest,
                policy=request.policy,
                site=request.site,
                progress=current.step,
            )
            current.message = f"{publication.name} under {request.policy}"
        with stage("compare") as current:
            plan = _compared(publication, manifest, built, periods)
            current.message = f"{len(plan.lines):,} lines differ"
        if keep is not None:
            keep(plan, built, work)
    return plan


def _compared(publication: Path, manifest: Mapping[str, Any], built: Built, periods: tuple[str, ...]) -> Plan:
    sides = Side.of(publication), built.side
    with attached(*sides, same=built.same, only=built.stated) as pair:
        with comparing(*sides):
            found = compare_pair(
                pair, (publication.name, built.side.name), Chosen(periods=frozenset(periods))
            )
        pair.rows(query(__file__, "chosen"), periods=list(periods))
        pair.rows(query(__file__, "planned"))
        groups = tuple(_group(row) for row in pair.rows(query(__file__, "groups")))
        of_periods = [group.money for group in groups if group.kind == "period"]
        # A correction that comes to nothing is no line any more.
        [corrected] = pair.rows(
            "select coalesce(sum(before_cny), 0) as before_cny, coalesce(sum(after_cny), 0) as after_cny "
            "from planned where not is_settled and adjusts_bonus_line_id is not null"
        )
        return Plan(
            publication=publication.name,
            as_of=str(manifest["as_of"]),
            content_hash=str(manifest["content_hash"]),
            policy_hash=pair.after["policy_hash"],
            policy_files=built.policy_files,
            site_files=dict((pair.after["site"] or {}).get("files", {})),
            code_hash=pair.after["code_hash"],
            inputs=inputs_of(manifest),
            settled_periods=settled_of(publication),
            is_other_code=pair.before["code_hash"] != pair.after["code_hash"],
            periods=periods,
            site_changes=pair.site_changes,
            rows_changed=tuple(
                note.removeprefix(POLICY_NOTE) for note in found.notes if note.startswith(POLICY_NOTE)
            ),
            money=Money(
                sum((one.before for one in of_periods), Decimal("0.00")),
                sum((one.after for one in of_periods), Decimal("0.00")),
            ),
            corrections=_money(corrected),
            groups=_in_order(groups, periods),
            agents=tuple(
                AgentChange(row["agent_id"], row["agent_name"], _money(row))
                for row in pair.rows(query(__file__, "agents"))
            ),
            lines=_lines(pair, found.lines),
            grades=tuple(
                GradeMove(row["grade_before"], row["grade_after"], row["bonus_count"])
                for row in pair.rows(query(__file__, "grades"))
            ),
            settled=tuple(
                SettledPeriod(row["period_id"], row["paid_cny"], _money(row), row["line_count"])
                for row in pair.rows(query(__file__, "settled"))
            ),
            from_exports=built.from_exports,
        )


def _money(row: Mapping[str, Any]) -> Money:
    return Money(row["before_cny"], row["after_cny"])


def _group(row: Mapping[str, Any]) -> Group:
    return Group(row["kind"], row["id"], row["name_en"], row["name_zh"], _money(row), row["bonus_count"])


def _in_order(groups: Sequence[Group], periods: Sequence[str]) -> tuple[Group, ...]:
    """Periods in the order of time, all else by id."""
    places = {period: place for place, period in enumerate(periods)}
    return tuple(sorted(groups, key=lambda one: (one.kind, places.get(one.id, 0), one.id)))


def _lines(pair: Pair, changes: Sequence[LineChange]) -> tuple[PlannedLine, ...]:
    changed = [change.bonus_line_id for change in changes]
    rows = pair.rows(
        "from planned where not is_settled and bonus_line_id in (select unnest($lines))", lines=changed
    )
    known = {row["bonus_line_id"]: row for row in rows}
    return tuple(
        PlannedLine(
            bonus_line_id=change.bonus_line_id,
            agent_id=change.agent_id,
            period_id=change.period_id,
            scheme_id=known[change.bonus_line_id]["scheme_id"],
            label_en=change.label,
            label_zh=known[change.bonus_line_id]["label_zh"] or change.label,
            before=change.before,
            after=change.after,
            corrects=known[change.bonus_line_id]["adjusts_bonus_line_id"],
            what=change.what,
            numbers=change.deepest,
            causes=change.causes,
        )
        for change in changes
        if change.bonus_line_id in known
    )


def _require_settled(state: StateFolder, publication: Path) -> None:
    """The publication knows every settlement: the next night freezes what was settled since, and pays
    differences of it as corrections.
    """
    since = sorted(settlements(state).keys() - set(settled_of(publication)))
    if since:
        raise ConfigurationError(
            path=publication.name,
            problem=f"{', '.join(since)} was settled since this publication, which has it open",
            remedy="Run meritline nightly, and plan on what it publishes",
        )


def _periods(publication: Path, request: Request) -> tuple[str, ...]:
    """Ids of the periods that end in the span asked for, in the order of time, shorter ones first."""
    with connect() as database:
        rows = database.execute(
            "select period_id, starts_on, ends_on, ends_on - starts_on as length from "
            f"read_parquet({literal(auditor_parquet(publication, 'facts.dim_period'))}) "
            "order by ends_on, length, period_id"
        ).fetchall()
    known = {str(row[0]): row for row in rows}
    for option, asked in (("--from", request.first), ("--to", request.last)):
        if asked and asked not in known:
            raise ConfigurationError(
                path=f"{option} {asked}",
                problem=f"is no period of {publication.name}",
                remedy=f"It has {', '.join(known)}",
            )
    starts_on = known[request.first][1] if request.first else None
    ends_on = known[request.last][2] if request.last else None
    if starts_on and ends_on and ends_on < starts_on:
        raise ConfigurationError(
            path=f"--from {request.first}",
            problem=f"begins after --to {request.last} ends",
            remedy="Give the earlier period first",
        )
    return tuple(
        period
        for period, row in known.items()
        if (starts_on is None or row[2] >= starts_on) and (ends_on is None or row[2] <= ends_on)
    )
