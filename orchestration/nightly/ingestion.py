"""The ingest stage of a run: settled registers, the policy in force, then the exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.clock import today
from orchestration.errors import ConfigurationError
from orchestration.ingest import ingest
from orchestration.ingest.guard import restore_raw, seal_raw
from orchestration.nightly.run import NightlyRun
from orchestration.policy.folder import install_policy
from orchestration.policy.installed import installed_site
from orchestration.policy.needs import lack_sentences
from orchestration.policy.roster import require_known_plans
from orchestration.policy.state_needs import needs_of_state, write_plan_needs
from orchestration.progress import Stage
from orchestration.publish.publication import published_business_date
from orchestration.settings import CONTRACT_DIR
from orchestration.settlement.frozen import ensure_register
from orchestration.state.folder import StateFolder


def take_exports(nightly: NightlyRun, current: Stage) -> None:
    """Bring the landing folder's exports into raw, as the run's settings say; reports figures on the
    stage.
    """
    require_no_earlier(nightly.state_folder, nightly.business_date)
    ensure_register(nightly.state_folder)
    install_policy(nightly.state_folder, Path(nightly.policy), site=nightly.site_folder)
    for restored in restore_raw(nightly.state_folder, Path(nightly.landing)):
        current.note(restored)
    report = ingest(
        landing=Path(nightly.landing),
        state=nightly.state_folder.root,
        profiles=[Path(path) for path in nightly.profiles],
        contract_dir=CONTRACT_DIR,
        as_of=nightly.business_date,
        today=today(nightly.business_timezone),
        business_timezone=nightly.business_timezone,
        allow_rejects=Decimal(nightly.allow_rejects),
        progress=current.step,
        note=current.note,
        again=nightly.command_line,
    )
    needs = needs_of_state(
        nightly.state_folder.raw,
        nightly.state_folder.seeds / "policy",
        report.as_of,
        site=installed_site(nightly.state_folder),
    )
    write_plan_needs(nightly.state_folder.raw, needs)
    seal_raw(nightly.state_folder)
    require_known_plans(nightly.state_folder.raw, nightly.state_folder.seeds / "policy", report.as_of)
    nightly.report_late(list(report.late))
    totals = report.totals.values()
    current.figures.update(
        files=sum(one.file_count for one in totals),
        rows=sum(one.row_count for one in totals),
        accepted=sum(one.accepted_row_count for one in totals),
        rejected=sum(one.fault_row_count for one in totals),
        excluded=sum(one.excluded_row_count for one in totals),
        unreadable_files=sum(one.unreadable_file_count for one in totals),
        late_exports=len(report.late),
    )
    current.message = (
        f"{current.figures['files']} new files, {current.figures['rows']:,} rows: "
        f"{current.figures['accepted']:,} taken, {current.figures['rejected']:,} rejected, "
        f"{current.figures['excluded']:,} excluded by a profile; business date {report.as_of}, "
        f"days and months of {report.business_timezone}"
    )
    for note in report.notes:
        current.note(note)
    for note in lack_sentences(needs):
        current.note(note)
    for note in earlier_than_published(nightly.state_folder, report.as_of):
        current.note(note)
    for name, table in sorted(report.totals.items()):
        if table.fault_row_count or table.unreadable_file_count:
            current.note(
                f"{name}: {table.fault_row_count:,} rows and {table.unreadable_file_count} files rejected, "
                "listed in audit.rejected_row"
            )


def require_no_earlier(state: StateFolder, as_of: date | None) -> None:
    """A business date that was asked for and lies before the current publication's is for a preview, which
    has a state of its own.
    """
    published = published_business_date(state)
    if as_of is not None and published is not None and as_of.isoformat() < published:
        raise ConfigurationError(
            path=as_of.isoformat(),
            problem=f"the business date is before {published}, that of the current publication",
            remedy="Run meritline nightly --as-of with it, which makes a preview, or take a later date",
        )


def earlier_than_published(state: StateFolder, as_of: date) -> Iterator[str]:
    """A note when the business date lies before the current publication's: allowed, but seldom meant."""
    published = published_business_date(state)
    if published is not None and as_of.isoformat() < published:
        yield (
            f"the business date {as_of} is before {published}, that of the current publication: the next one "
            "will lack what came in between"
        )
