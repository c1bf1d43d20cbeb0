"""`meritline docs`: the models' documentation as one page."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.options import FILE, Options, common_options

EPILOG = """\b
Example:
  meritline docs --out models.html --state /data/meritline"""


@click.command(epilog=EPILOG)
@common_options
@click.option("--out", type=FILE, required=True, help="HTML file to write.")
@click.pass_obj
def docs(options: Options, *, out: Path) -> None:
    """Write lineage, SQL, tests and columns of every model, also of a site's own, as one page."""
    from orchestration.state.lock import hold
    from orchestration.warehouse.documentation import write_documentation

    state = options.state_folder()
    with hold(state, "docs"):
        write_documentation(state, out.absolute())
    click.echo(f"{out}: {out.stat().st_size:,} bytes. Open it in a browser")
