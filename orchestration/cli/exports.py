"""What `nightly` and `check` both take: exports, how they map, policy, day, what may be rejected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from orchestration.cli.options import FILE, FOLDER, Command, Options, Share
from orchestration.settings import ALLOWED_REJECTS, Settings

OPTIONS = (
    click.option(
        "--landing", type=FOLDER, required=True, help="Folder of exports: <source>/<table>*.<format>."
    ),
    click.option(
        "--profile",
        "profiles",
        multiple=True,
        type=FILE,
        help="Profile that maps foreign exports: a YAML file or a profile's name; repeatable.",
    ),
    click.option(
        "--as-of",
        type=click.DateTime(formats=["%Y-%m-%d"]),
        help="Business date. [default: the newest event's date that is not after today]",
    ),
    click.option(
        "--policy", type=FOLDER, help="Policy folder. [default: the site's, else the shipped policy]"
    ),
    click.option(
        "--allow-rejects",
        type=Share(),
        default=ALLOWED_REJECTS,
        show_default=True,
        help="Share of a table's rows that may be rejected.",
    ),
)


def exports_options(command: Command) -> Command:
    """Add `--landing`, `--profile`, `--as-of`, `--policy` and `--allow-rejects`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def settings_of_a_night(
    options: Options, *, landing: Path, profiles: tuple[Path, ...], policy: Path | None
) -> Settings:
    """The site's settings with what the command line says of exports and policy."""
    from orchestration.ingest.profile import resolve_profile
    from orchestration.policy.site import Site

    settings = options.settings()
    site = Site(settings.site)
    return replace(
        settings,
        landing=landing.absolute(),
        policy=settings.policy if policy is None else policy.absolute(),
        profiles=tuple(
            resolve_profile(site.profile(path)).absolute() for path in profiles or settings.profiles
        ),
    )
