"""The command line. Commands import what they work with when they run, so that `--help` answers at once."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from orchestration.cli.accept import accept
from orchestration.cli.board import board
from orchestration.cli.check import check
from orchestration.cli.demo import demo
from orchestration.cli.diff import diff
from orchestration.cli.docs import docs
from orchestration.cli.doctor import doctor
from orchestration.cli.garbage import collect_rarely, no_last_collection
from orchestration.cli.generate import generate
from orchestration.cli.nightly import nightly
from orchestration.cli.options import Options, common_options
from orchestration.cli.pack import pack
from orchestration.cli.plan import plan
from orchestration.cli.publish import publish
from orchestration.cli.radar import radar
from orchestration.cli.sensitivity import sensitivity
from orchestration.cli.settle import settle
from orchestration.cli.site import site
from orchestration.cli.status import status
from orchestration.cli.trace import trace
from orchestration.cli.ui import ui
from orchestration.cli.verify import verify
from orchestration.cli.why import why
from orchestration.errors import MeritlineError, expected_error
from orchestration.interruption import INTERRUPTED, leave, noted_signals, status_of_signal
from orchestration.scratch import remove_scratch
from orchestration.settings import kept_site
from orchestration.state.folder import keep_private

UNEXPECTED, USAGE = 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@common_options
@click.version_option(package_name="meritline", prog_name="meritline")
def cli() -> None:
    """Performance pay of a service centre: from exports to checked, traceable bonuses."""


for command in (
    *(nightly, check, accept, demo, generate, settle),
    *(plan, trace, why, sensitivity, radar, diff, verify, pack),
    *(publish, status, doctor, site, board, docs, ui),
):
    cli.add_command(command)


def main() -> None:
    """The console script: run the command line and exit with its status."""
    collect_rarely()
    with noted_signals():
        status = run(sys.argv[1:])
        if status_of_signal() is None:
            no_last_collection()
            sys.exit(status)
        remove_scratch()
        leave(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; errors are one readable paragraph on standard
    error.
    """
    options = Options()
    keep_private()
    try:
        with kept_site():
            result = cli.main(args=list(arguments), prog_name="meritline", standalone_mode=False, obj=options)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt, Exception) as error:
        if options.is_debug:
            traceback.print_exc()
        # A library may turn the interruption into an error of its own: what was signalled counts.
        stopped = status_of_signal()
        if stopped is None and isinstance(error, click.Abort | KeyboardInterrupt):
            stopped = INTERRUPTED
        if stopped is None:
            return _report(error)
        click.echo("Interrupted. The last publication stays; run the command again.", err=True)
        return stopped


def _report(error: BaseException) -> int:
    expected = error if isinstance(error, MeritlineError) else expected_error(error)
    if expected is not None:
        click.echo(str(expected), err=True)
        return expected.exit_status
    text = " ".join(str(error).split()) or "no message"
    click.echo(
        f"{type(error).__name__}: {text}. This was not foreseen; the last publication stays. "
        "Run the command again with --debug for the traceback.",
        err=True,
    )
    return UNEXPECTED
