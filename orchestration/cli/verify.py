"""`meritline verify`: is everything that is published what evidence and policy give, and unchanged since?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import EXISTING_FOLDER, Options, common_options

if TYPE_CHECKING:
    from orchestration.audit.verify.findings import Report

UNSOUND = 1


@click.command(epilog="Example: meritline verify --landing /data/landing")
@common_options
@click.option(
    "--pack",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify this evidence pack instead; needs no state folder.",
)
@click.option(
    "--landing",
    type=EXISTING_FOLDER,
    help="Folder of the input files. [default: where they lay when they were ingested]",
)
@click.option(
    "--publication",
    "run_id",
    help="Verify this publication or preview by itself. [default: all of the state, the newest in full]",
)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="HASH",
    help="A hash of a manifest or a settlement that was noted elsewhere: it must occur in the chain.",
)
@click.pass_obj
def verify(
    options: Options,
    *,
    pack: Path | None,
    landing: Path | None,
    run_id: str | None,
    anchors: tuple[str, ...],
) -> int:
    """Recompute every published amount and check every hash; exit 1 when anything is wrong."""
    from orchestration.audit.pack.verify import verify_pack
    from orchestration.audit.publications import publication_folder
    from orchestration.audit.verify.run import verify_publication, verify_state
    from orchestration.cli.console import new_console

    _require_all_to_be_checked(
        of_pack={"--landing": landing, "--publication": run_id, "--anchor": anchors} if pack else {},
        of_publication={"--anchor": anchors} if run_id is not None else {},
    )
    console = new_console()
    if pack is not None:
        report = verify_pack(pack)
    elif run_id is not None:
        state = options.state_folder()
        folder = publication_folder(state, run_id)
        with console.status("verifying") as status:
            report = verify_publication(folder, state, landing=landing, progress=status.update)
    else:
        with console.status("verifying") as status:
            report = verify_state(
                options.state_folder(), landing=landing, anchors=anchors, progress=status.update
            )
    _print(report)
    return 0 if report.is_sound else UNSOUND


def _require_all_to_be_checked(
    *, of_pack: Mapping[str, object], of_publication: Mapping[str, object]
) -> None:
    """Refuse what would not be looked at: an anchor that is passed over reads as one that was found."""
    for asked, others, why in (
        ("--pack", of_pack, "a pack has no exports and no chain"),
        ("--publication", of_publication, "the chain is that of the whole state"),
    ):
        if given := [name for name, value in others.items() if value not in (None, ())]:
            raise click.UsageError(
                f"{asked} does not go with {' and '.join(given)}: {why}. Run meritline verify once with each"
            )


def _print(report: Report) -> None:
    for check in report.checks:
        mark = "ok " if check.wrong == 0 else "BAD"
        wrong = "" if check.wrong == 0 else f", {check.wrong} wrong"
        click.echo(f"{mark} {check.name}: {check.looked_at:,} {check.unit}{wrong}")
    for one in report.not_checked:
        click.echo(f"not checked: {one}")
    for anchor in report.anchors:
        click.echo(f"{anchor} (keep this hash elsewhere, for --anchor: no later one holds it)")
    if report.is_sound:
        click.echo("Everything checked is sound.")
        return
    click.echo(f"\n{sum(check.wrong for check in report.checks)} findings:")
    for finding in report.findings:
        click.echo(f"  {finding}")
