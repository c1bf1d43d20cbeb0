"""`meritline pack`: an evidence pack of one agent's bonus, verifiable offline."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.options import FILE, Options, common_options, publication_option

EPILOG = """\b
Example:
  meritline pack A0007 2026-10 --out A0007-2026-10.zip"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("agent")
@click.argument("period")
@click.option("--out", type=FILE, required=True, help="Zip file to write.")
@publication_option("Take")
@click.pass_obj
def pack(options: Options, *, agent: str, period: str, out: Path, run_id: str | None) -> None:
    """Write everything that AGENT's bonus of PERIOD rests on into one zip."""
    from orchestration.audit.pack.write import write_pack
    from orchestration.audit.settled import explaining

    source = explaining(options.state_folder(), agent_id=agent, period_id=period, run_id=run_id)
    written = write_pack(
        source.folder, agent_id=agent, period_id=period, out=out.absolute(), notes=source.notes
    )
    click.echo(
        f"{written}: {written.stat().st_size:,} bytes. Check it with meritline verify --pack {written}"
    )
