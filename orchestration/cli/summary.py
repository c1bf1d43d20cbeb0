"""What a night came to: published, checked, set aside, and where to look."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from orchestration.cli.booked import adjustments, rulings_in_vain
from orchestration.gate.acceptance import Acceptance
from orchestration.gate.result import said
from orchestration.plan.saved import agreements
from orchestration.publish.accept import ACCEPTED
from orchestration.publish.publication import CALIBRATION_PAGE, Publication, current_publication
from orchestration.publish.warnings import Standing, said_of_warnings, standing_warnings
from orchestration.sql import literal
from orchestration.state.folder import StateFolder, auditor_parquet, is_published
from orchestration.state.memory import connect


def print_summary(state: StateFolder, console: Console, preview: Publication | None = None) -> None:
    """Print the current publication, or a preview: identity, rows, checks, what was set aside, folder."""
    publication = preview or current_publication(state)
    if publication is None:
        return
    manifest = publication.manifest
    checks = manifest["checks"]
    lines = [
        f"{'preview' if preview else 'published'} {publication.run_id}, business date {manifest['as_of']}",
        f"  content   {manifest['content_hash'][:16]}…, {sum(manifest['rows'].values()):,} rows in "
        f"{len(manifest['rows'])} relations",
        f"  checks    {said(checks, manifest.get(ACCEPTED, ()))}",
    ]
    lines += [f"  accepted  {Acceptance(**one)}" for one in manifest.get(ACCEPTED, ())]
    standing = standing_warnings(state, manifest)
    lines += [f"  warnings  {said_of_warnings(standing)}"] if standing else []
    lines += [f"  warning   {text}" for text in _warnings(publication, standing)]
    lines += [f"  set aside {text}" for text in _set_aside(publication)]
    lines += [f"  in vain   {text}" for text in rulings_in_vain(publication)]
    lines += [f"  booked    {text}" for text in adjustments(publication)]
    lines += [f"  planned   {text}" for text in agreements(state, publication)]
    lines += [f"  folder    {publication.folder}", f"  checks at {publication.folder / CALIBRATION_PAGE}"]
    console.print("\n".join(lines), markup=False, soft_wrap=True)


def _warnings(publication: Publication, standing: Sequence[Standing]) -> list[str]:
    """Each failed warning with what was seen, and since when it has stood."""
    since = {one.name: "new" if one.is_new else f"since {one.as_of}" for one in standing}
    found = {
        f"{check['suite']}.{check['check_id']}": check for check in publication.manifest["checks"]["results"]
    }
    return [
        f"{name} ({said}): observed {found[name]['observed']}, bound {found[name]['bound']}"
        for name, said in since.items()
    ]


def _set_aside(publication: Publication) -> list[str]:
    """Evidence rows that do not count, by reason."""
    if not is_published(publication.folder, "kpi.kpi_daily"):
        return []
    path = auditor_parquet(publication.folder, "kpi.kpi_daily")
    with connect() as database:
        rows = database.execute(
            f"""
            select exclusion_reason, cast(sum(row_count) as bigint) as row_count
            from read_parquet({literal(path)})
            where not is_counted group by exclusion_reason order by row_count desc, exclusion_reason
            """
        ).fetchall()
    return [f"{count:,} evidence rows: {reason or 'no reason given'}" for reason, count in rows]
