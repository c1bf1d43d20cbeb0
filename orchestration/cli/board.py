"""`meritline board`: the static performance boards of a publication."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from orchestration.cli.options import FOLDER, Options, common_options
from orchestration.settings_table import BOARDS

EPILOG = """\b
Examples:
  meritline board --out boards
  meritline board --out team-boards --audience lead"""


@click.command(epilog=EPILOG)
@common_options
@click.option("--out", type=FOLDER, required=True, help="Folder to write, with a folder per audience.")
@click.option(
    "--audience",
    "audiences",
    type=click.Choice(BOARDS),
    multiple=True,
    help="Only this one; may be given again. [default: all]",
)
@click.option("--publication", "run_id", default="current", help="Of this publication. [default: the newest]")
@click.pass_obj
def board(options: Options, *, out: Path, audiences: tuple[str, ...], run_id: str) -> None:
    """Write performance boards as pages that open in any browser from a folder: no server, no network.

    BI and leads see no pay, an agent's page shows that agent's own. Each publication has its own in board/.
    """
    from orchestration.audit.publications import publication_folder, read_manifest
    from orchestration.board.library import bundle
    from orchestration.board.page import About
    from orchestration.board.write import write_boards
    from orchestration.errors import ConfigurationError

    state = options.state_folder()
    folder = publication_folder(state, run_id)
    manifest = read_manifest(folder)
    target = out.absolute()
    if target.is_dir() and any(target.iterdir()):
        raise ConfigurationError(
            path=target,
            problem="the folder is not empty: pages of an earlier board would stay among the new ones",
            remedy="Name a new folder, or remove what is in it",
        )
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    about = About(
        str(manifest["run_id"]), str(manifest["as_of"]), is_preview=bool(manifest.get("is_preview"))
    )
    pages = write_boards(folder, draft, about, library=bundle(state.root), audiences=audiences or BOARDS)
    if target.is_dir():
        target.rmdir()
    draft.rename(target)
    click.echo(f"{target / 'index.html'}: {pages:,} pages of publication {about.run_id}")
