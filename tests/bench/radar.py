"""Twelve agents of six kinds who displace work, among a thousand who do not: whom does the radar find?

    .venv/bin/python -m tests.bench.radar --state /tmp/radar

Generates a centre, plants the agents into its exports (tests/gamers.py), runs one night and lists every hit
of any month, quarter or year. Ends with status 1 when fewer than nine in ten were found with the right
signal, or when more than one in a thousand was hit by a signal that was not planted. The state stays behind.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.audit.relations import AuditFile
from orchestration.generate import generate
from orchestration.nightly.execute import JobRequest, execute
from orchestration.nightly.run import NightlyRun
from orchestration.publish.publication import current_publication
from orchestration.settings import load_settings
from orchestration.state.folder import StateFolder
from tests.gamers import Gamer, choose, plant


@dataclass(frozen=True)
class Found:
    """How the hits of a publication compare with who was planted: the signals by agent."""

    hits: Mapping[str, frozenset[str]]
    gamers: Sequence[Gamer]

    @property
    def right(self) -> list[Gamer]:
        """The planted who are hit by the signal planted."""
        return [one for one in self.gamers if one.kind in self.hits.get(one.agent_id, ())]

    @property
    def false(self) -> list[str]:
        """Agents hit by a signal for which nothing was planted with them."""
        planted = {one.agent_id: one.kind for one in self.gamers}
        return sorted(agent for agent, signals in self.hits.items() if signals - {planted.get(agent)})


def found_in(state: StateFolder, gamers: Sequence[Gamer]) -> Found:
    """The hits of the current publication, of whatever period."""
    publication = current_publication(state)
    assert publication is not None, "nothing is published"
    with AuditFile(publication.folder) as audit:
        rows = audit.query(
            "select agent_id, array_agg(distinct signal_id) as signals from marts.mart_kpi_radar "
            "where status = 'hit' group by agent_id"
        )
    return Found({str(row["agent_id"]): frozenset(row["signals"]) for row in rows}, gamers)


def main() -> int:
    """Plant, run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--tickets", type=int, default=500_000)
    parser.add_argument("--each", type=int, default=2, help="planted agents of each kind")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    landing, state = arguments.state / "landing", StateFolder(arguments.state / "state")
    made = generate(
        out=landing,
        agents=arguments.agents,
        months=arguments.months,
        tickets=arguments.tickets,
        seed=arguments.seed,
        last_month="2026-10",
    )
    least = arguments.tickets // arguments.agents // 2
    gamers = choose(landing, each=arguments.each, least_tickets=least) if arguments.each else ()
    plant(landing, gamers)
    settings = replace(load_settings({}), state=state.root, landing=landing)
    run = NightlyRun.of(settings).model_copy(update={"as_of": made.last_day.isoformat()})
    began = time.monotonic()
    execute(settings, JobRequest(run=run, command="radar bench"))
    found = found_in(state, gamers)
    print(f"{arguments.agents} agents, night {time.monotonic() - began:.0f} s")
    for one in gamers:
        hits = ", ".join(sorted(found.hits.get(one.agent_id, ()))) or "not found"
        print(f"  {one.agent_id} planted {one.kind}: {hits}")
    print(
        f"{len(found.right)} of {len(gamers)} found with the right signal; "
        f"others hit: {found.false or 'none'}"
    )
    is_enough = len(found.right) * 10 >= len(gamers) * 9
    return 0 if is_enough and len(found.false) * 1000 <= arguments.agents else 1


if __name__ == "__main__":
    sys.exit(main())
