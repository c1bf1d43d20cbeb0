"""`meritline doctor`: is this installation able to run, and if not, what to do."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.options import EXISTING_FOLDER, FILE, FOLDER, Options, common_options
from orchestration.errors import ConfigurationError

EPILOG = """\b
Examples:
  meritline doctor --site /etc/meritline
  meritline doctor --profile my.yml --landing /data/landing"""


@click.command(epilog=EPILOG)
@common_options
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=FILE,
    help="Also check this profile (a file, or a shipped one's name); repeatable.",
)
@click.option("--policy", type=FOLDER, help="Check this policy folder.")
@click.option(
    "--landing",
    type=EXISTING_FOLDER,
    help="Also compare the roster of these exports with the policy. [default: the state's]",
)
@click.pass_obj
def doctor(
    options: Options, *, profiles: tuple[Path, ...], policy: Path | None, landing: Path | None
) -> None:
    """Check installation, policy, profiles and state folder, each with a remedy."""
    from orchestration.cli.health import examine
    from orchestration.policy.site import Site

    settings = options.settings_of_any_form()
    site = Site(settings.site)
    findings = list(
        examine(
            settings,
            policy=settings.policy if policy is None else policy.absolute(),
            profiles=[site.profile(path) for path in profiles or settings.profiles],
            landing=None if landing is None else landing.absolute(),
        )
    )
    for finding in findings:
        mark = "NB " if finding.is_noted else "ok " if finding.is_sound else "BAD"
        click.echo(f"{mark}  {finding.subject:<14}{finding.detail}")
        for line in finding.lines:
            click.echo(f"     {'':<16}{line}")
        if not finding.is_sound:
            click.echo(f"     {'':<14}→ {finding.remedy}")
    unsound = [finding.subject for finding in findings if not finding.is_sound]
    if unsound:
        raise ConfigurationError(
            problem=f"{len(unsound)} of {len(findings)} checks failed ({', '.join(unsound)})",
            remedy="Follow the remedies above",
        )
