"""`meritline accept`: let exactly the refused content pass failed checks, once, in somebody's name."""

from __future__ import annotations

import click

from orchestration.cli.options import Options, common_options

EPILOG = """\b
Example:
  meritline accept raw.contacts_are_fresh kpi.evidence_collapsed \\
    --by "Li Na" --why "first load of a closed quarter"
  meritline nightly --landing /data/landing

Exit status: 0 recorded, 2 nothing is refused, a name is no check, a check did not fail or may never be
accepted, --by or --why says nothing, 5 another run holds the state."""


@click.command(epilog=EPILOG)
@common_options
@click.argument("checks", nargs=-1, required=True, metavar="CHECK…")
@click.option("--by", "accepted_by", required=True, help="Who accepts it; recorded with the publication.")
@click.option("--why", required=True, help="Why it is right as it is; recorded with the publication.")
@click.pass_obj
def accept(options: Options, *, checks: tuple[str, ...], accepted_by: str, why: str) -> None:
    """Let the content that the last night refused pass each CHECK (a name as the refusal prints it).

    It is for exactly this content, as seen now, and once: the next nightly that builds it publishes it, and
    its manifest, calibration page and status say who accepted what and why. Any other content is judged as
    ever.
    """
    from orchestration.policy.site import Site
    from orchestration.publish.accept import accept as accept_checks
    from orchestration.publish.accept import require_refused
    from orchestration.state.lock import hold

    state, site = options.state_folder(), Site(options.settings().site)
    # A state without anything refused is not written to, nor made.
    require_refused(state, site=site)
    with hold(state, f"accept {' '.join(checks)}"):
        done = accept_checks(state, checks, by=accepted_by, why=why, site=site)
    click.echo(f"content {done.content_hash[:16]}…")
    for one in done.accepted:
        click.echo(f"  accepted  {one.name}: observed {one.observed}, bound {one.bound}")
        click.echo(f"            by {one.accepted_by}: {one.why}")
    for check in done.refusing:
        click.echo(f"  refuses   {check.name}: observed {check.seen}, bound {check.bound}")
    if done.refusing:
        click.echo("What still refuses it must be corrected, or be accepted as well.")
    else:
        click.echo("Run the same meritline nightly again: it publishes this content, and no other.")
