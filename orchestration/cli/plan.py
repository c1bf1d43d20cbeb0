"""`meritline plan`: what another policy would change, before it is applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import FILE, FOLDER, Options, common_options

if TYPE_CHECKING:
    from orchestration.plan.result import Plan

UNEXPLAINED = 1
FORMS = ("table", "json", "html", "xlsx")

EPILOG = """\b
Examples:
  meritline plan --policy policy_2027
  meritline plan --policy policy_2027 --from 2026-07 --to 2026-12 --format html --out plan.html
  meritline plan --policy policy_2027 --save spring && meritline nightly --landing … --policy policy_2027"""


@click.command(epilog=EPILOG)
@common_options
@click.option(
    "--policy", type=FOLDER, required=True, help="The other policy: a folder as `nightly` takes it."
)
@click.option("--from", "first", default="", metavar="PERIOD", help="First period told of. [default: all]")
@click.option("--to", "last", default="", metavar="PERIOD", help="Last period told of. [default: all]")
@click.option("--format", "form", type=click.Choice(FORMS), default="table", show_default=True)
@click.option("--out", type=FILE, help="File to write, the owner's alone. [default: standard output]")
@click.option(
    "--save",
    "name",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[NAME]",
    help="Keep the plan in the state; the night that applies this policy says whether every cent agrees.",
)
@click.pass_obj
def plan(
    options: Options, *, policy: Path, first: str, last: str, form: str, out: Path | None, name: str | None
) -> int:
    """Show what the published history would come to under another policy.

    Facts are as published; everything from the policy on is built by the models of a night, in a scratch
    folder. No publication is touched, and settled periods stay as they are. A change that nothing explains is
    an error.
    """
    from orchestration.cli.console import new_console, shown_progress
    from orchestration.errors import ConfigurationError
    from orchestration.plan.make import Request, make_plan
    from orchestration.plan.saved import Keeper
    from orchestration.policy.site import Site

    if form == "xlsx" and out is None:
        raise ConfigurationError(
            path="--format xlsx", problem="a workbook is no text", remedy="Name a file with --out"
        )
    if out is not None and not out.absolute().parent.is_dir():
        raise ConfigurationError(
            path=out, problem="there is no such folder", remedy="Make it, or name another file"
        )
    settings = options.settings()
    state = options.state_folder()
    keeper = None if name is None else Keeper(state, name)
    with shown_progress(new_console(is_error=True)):
        made = make_plan(
            state,
            Request(policy.absolute(), Site(settings.site), first, last),
            keep=None if keeper is None else keeper.keep,
        )
    _show(made, form, out)
    if keeper is not None:
        click.echo(f"saved as {keeper.name_of(made)}", err=True)
    if made.unexplained:
        click.echo(f"{len(made.unexplained)} changes have no cause in policy or code.", err=True)
        return UNEXPLAINED
    return 0


def _show(made: Plan, form: str, out: Path | None) -> None:
    from orchestration.plan.show.document import plan_json
    from orchestration.plan.show.page import plan_page
    from orchestration.plan.show.text import plan_text
    from orchestration.plan.show.workbook import plan_workbook
    from orchestration.state.folder import write_private

    if form == "xlsx":
        content = plan_workbook(made)
    else:
        content = {"table": plan_text, "json": plan_json, "html": plan_page}[form](made).encode()
    if out is None:
        click.echo(content.decode(), nl=False)
    else:
        write_private(out, content)
        click.echo(f"{out}: {len(made.lines):,} lines change", err=True)
