"""What settling a period would freeze, and everything that stands in the way of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from orchestration.errors import ConfigurationError, MeritlineError, PublicationRefused
from orchestration.gate.acceptance import Acceptance
from orchestration.publish.accept import ACCEPTED
from orchestration.publish.publication import Publication, current_publication
from orchestration.settlement.frozen import Settlement, settlements
from orchestration.sql import query
from orchestration.state.folder import StateFolder, auditor_database, require_of_this_release
from orchestration.state.record import NIGHTLY, read_records
from orchestration.state.signature import signed_by


@dataclass(frozen=True)
class PlanTotal:
    """What a plan pays in a period: lines, agents who have any, their sum in yuan."""

    scheme_id: str
    lines: int
    agents: int
    amount_cny: Decimal


@dataclass(frozen=True)
class Closing:
    """What settling a period would freeze, and what stands in its way.

    `pending` are the rulings still open on its rows, `awaiting` the agents whose supervisor's review is
    missing (CG-04), `accepted` the failed checks that were let pass; `refusal` is why it cannot be settled as
    asked, None when it can.
    """

    run_id: str
    period_id: str
    plans: tuple[PlanTotal, ...]
    agents: int
    pending: tuple[str, ...]
    awaiting: tuple[str, ...]
    accepted: tuple[str, ...]
    refusal: MeritlineError | None

    @property
    def lines(self) -> int:
        """Lines of the register."""
        return sum(plan.lines for plan in self.plans)

    @property
    def amount_cny(self) -> Decimal:
        """Sum of the register in yuan."""
        return sum((plan.amount_cny for plan in self.plans), start=Decimal(0))


def closing(
    state: StateFolder,
    *,
    period_id: str,
    carry_pending: bool = False,
    waived_agents: Sequence[str] = (),
    waives_all: bool = False,
) -> Closing:
    """What `settle` with the same arguments would freeze or refuse; writes nothing.

    Raises ConfigurationError for a period that cannot be shown: unknown, settled already, not yet ended.
    """
    publication, done = closable_publication(state, period_id)
    with duckdb.connect(str(auditor_database(publication.folder)), read_only=True) as database:
        period_kind = require_ended(database, period_id)
        plans = database.execute(query(__file__, "plans"), {"period_id": period_id}).fetchall()
        [agents] = database.execute(
            "select count(distinct agent_id) from bonus.bonus_line where period_id = ?", [period_id]
        ).fetchone() or (0,)
        refusal: MeritlineError | None = None
        try:
            require_checked(state, publication)
            require_earlier_closed(database, period_id, period_kind, done)
            require_ruled(database, period_id, carry_pending=carry_pending)
            require_reviewed(database, period_id, waived_agents, waives_all=waives_all)
        except MeritlineError as error:
            refusal = error
        return Closing(
            run_id=publication.run_id,
            period_id=period_id,
            plans=tuple(PlanTotal(str(plan), *rest) for plan, *rest in plans),
            agents=int(agents),
            pending=_named(database, "pending", period_id),
            awaiting=_named(database, "awaiting", period_id),
            accepted=accepted_checks(publication),
            refusal=refusal,
        )


def _named(database: duckdb.DuckDBPyConnection, name: str, period_id: str) -> tuple[str, ...]:
    """The names that a query of `sql/` gives for a period."""
    rows = database.execute(query(__file__, name), {"period_id": period_id}).fetchall()
    return tuple(str(one) for (one,) in rows)


def settler(name: str) -> str:
    """The name of who settles, on one line. Raises ConfigurationError (exit 2) for one that says nobody."""
    return signed_by(name, deed="settles the period")


def closable_publication(state: StateFolder, period_id: str) -> tuple[Publication, dict[str, Settlement]]:
    """The current publication and what is settled already, which `period_id` must not be."""
    publication = current_publication(state)
    if publication is None:
        raise ConfigurationError(
            path=state.published, problem="nothing is published yet", remedy="Run meritline nightly first"
        )
    done = settlements(state)
    if period_id in done:
        raise ConfigurationError(
            path=period_id,
            problem=f"was settled by {done[period_id].settled_by} on {done[period_id].settled_at}",
            remedy="A closed period never changes: corrections become lines of the next open month",
        )
    require_of_this_release(publication.folder)
    return publication, done


def require_checked(state: StateFolder, publication: Publication) -> None:
    """Raise PublicationRefused where the last night did not publish."""
    nights = [record for record in read_records(state) if record.command.startswith(NIGHTLY)]
    if nights and nights[-1].outcome != "published":
        raise PublicationRefused(
            path=publication.run_id,
            problem=f"the last nightly run ({nights[-1].number:06d}) was not published: {nights[-1].outcome}",
            remedy="Correct its cause and run meritline nightly again before settling",
        )


def accepted_checks(publication: Publication) -> tuple[str, ...]:
    """The failed checks that were accepted of a publication, each with by whom and why: they count as
    passed.
    """
    return tuple(str(Acceptance(**one)) for one in publication.manifest.get(ACCEPTED, ()))


def require_ended(database: duckdb.DuckDBPyConnection, period_id: str) -> str:
    """The kind of a period that is over. Raises ConfigurationError for any other."""
    rows = database.execute(
        "select period_kind, has_ended from facts.dim_period where period_id = ?", [period_id]
    ).fetchall()
    if not rows:
        known = database.execute(
            "select period_id from facts.dim_period order by starts_on, period_id"
        ).fetchall()
        raise ConfigurationError(
            path=period_id,
            problem="is no period of the current publication",
            remedy="It has " + ", ".join(str(name) for (name,) in known),
        )
    period_kind, has_ended = str(rows[0][0]), bool(rows[0][1])
    if not has_ended:
        raise ConfigurationError(
            path=period_id,
            problem="the period has not ended on the publication's business date",
            remedy="Settle it after its last day has been published",
        )
    return period_kind


def require_earlier_closed(
    database: duckdb.DuckDBPyConnection, period_id: str, period_kind: str, done: Mapping[str, Settlement]
) -> None:
    """Raise PublicationRefused while a period before this one, or a month within it, is open."""
    still_open = [name for name in _named(database, "earlier", period_id) if name not in done]
    if still_open:
        raise PublicationRefused(
            path=period_id,
            problem=f"{', '.join(still_open)} must be settled before it",
            remedy=f"Run meritline settle {still_open[0]} first; a {period_kind} follows its earlier ones",
        )


def require_ruled(
    database: duckdb.DuckDBPyConnection, period_id: str, *, carry_pending: bool
) -> tuple[str, ...]:
    """The pending rulings that are carried on. Raises PublicationRefused for any that are not."""
    names = _named(database, "pending", period_id)
    if names and not carry_pending:
        raise PublicationRefused(
            path=period_id,
            problem=f"{len(names)} ruling(s) on its rows are pending: {', '.join(names[:5])}",
            remedy="Decide them, or move them on to the next open period with --carry-pending",
        )
    return names


def require_reviewed(
    database: duckdb.DuckDBPyConnection,
    period_id: str,
    waived_agents: Sequence[str],
    *,
    waives_all: bool,
) -> tuple[str, ...]:
    """Agents settled without the review they await, each by name. Raises PublicationRefused for others."""
    awaiting = _named(database, "awaiting", period_id)
    unknown = sorted(set(waived_agents) - set(awaiting))
    if unknown:
        raise ConfigurationError(
            path=period_id,
            problem=f"{', '.join(unknown)} is named in --waive but awaits no review",
            remedy="Awaiting review: " + (", ".join(awaiting) or "nobody"),
        )
    missing = [agent for agent in awaiting if agent not in waived_agents]
    if missing and not waives_all:
        raise PublicationRefused(
            path=period_id,
            problem=f"{len(missing)} agent(s) await their supervisor's review: {', '.join(missing[:10])}",
            remedy="Export the ratings and run nightly again, waive each by name with --waive AGENT, or "
            "all of them in the name of --by with --waive-review",
        )
    return awaiting
