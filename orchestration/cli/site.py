"""`meritline site init`: a site's own folder, with commented samples of every part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from orchestration.cli.options import FOLDER, Options, common_options
from orchestration.errors import ConfigurationError
from orchestration.scratch import scratch_folder
from orchestration.settings import POLICY_DIR
from orchestration.settings_table import SETTINGS, SITE_FILE

TEMPLATE = Path(__file__).parent / "site_template"
BOOK = ("policy_book.md", "glossary.md")


@click.group()
def site() -> None:
    """The folder of everything that a site decides."""


@site.command(epilog="Example: meritline site init /etc/meritline")
@click.argument("folder", type=FOLDER, metavar="DIR")
def init(folder: Path) -> None:
    """Make DIR with commented samples: settings, policy, rules, bounds, profiles, KPIs.

    Nothing in it changes anything until it is uncommented, or its `.sample` ending is taken off.
    """
    if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise ConfigurationError(
            path=folder,
            problem="the folder is not empty",
            remedy="Name a new one; a site's folder that is there already is checked by "
            f"meritline --site {folder} doctor",
        )
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True)
    (folder / SITE_FILE).write_text("\n".join(_settings()) + "\n", encoding="utf-8")
    click.echo(f"{folder}: begin with its README.md, then meritline --site {folder} doctor")


@site.command(epilog="Example: meritline site book --out book --site /etc/meritline")
@common_options
@click.option(
    "--out", type=FOLDER, required=True, help="Folder to write policy_book.md and glossary.md into."
)
@click.pass_obj
def book(options: Options, out: Path) -> None:
    """Write the policy book and the glossary of the site's own policy, rules and KPIs."""
    from orchestration.book.documents import rendered
    from orchestration.policy.folder import check_policy_folder, lay_out_policy
    from orchestration.policy.site import Site

    settings = options.settings()
    own = Site(settings.site)
    check_policy_folder(settings.policy, site=own)
    out.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as folder:
        lay_out_policy(settings.policy, own, folder)
        for name in BOOK:
            text = rendered(f"{name}.jinja", folder / POLICY_DIR.name, own_rules=own.clauses)
            (out / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
            click.echo(f"{out / name}")


def _settings() -> Iterator[str]:
    """`site.yml` with every setting as a comment."""
    yield "# Settings of this site. Environment variables of the same names (MERITLINE_TIMEZONE …) win; paths"
    yield "# begin in this folder. 本单位的设置;同名环境变量优先,相对路径从此目录算起。"
    for setting in SETTINGS:
        yield ""
        yield f"# {setting.meaning}. Default: {setting.default.replace('`', '')}"
        yield f"# {setting.key}:"
