"""Options that every command takes, before or after the command's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestration.settings import Settings, load_settings, use_site
from orchestration.state.folder import StateFolder
from orchestration.state.form import require_known_form

Command = TypeVar("Command", bound=Callable[..., Any])


class NamedPath(click.Path):
    """A path that has a name: an empty one (a variable that no script set) would be the working folder."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path, or a usage error."""
        if not os.fspath(value):
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = NamedPath(file_okay=False, path_type=Path)
EXISTING_FOLDER = NamedPath(exists=True, file_okay=False, path_type=Path)
FILE = NamedPath(dir_okay=False, path_type=Path)


class Share(click.ParamType[Decimal]):
    """A share from 0 to 1, kept exact."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The share, or a usage error."""
        try:
            share = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not a number", param, ctx)
        # Not a number is a Decimal too, and comparing it raises.
        if not share.is_finite() or not 0 <= share <= 1:
            self.fail(f"{value} is not between 0 and 1", param, ctx)
        return share


@dataclass
class Options:
    """What the common options came to."""

    state: Path | None = None
    is_debug: bool = False

    def settings(self) -> Settings:
        """The site's settings, with the state folder of `--state`.

        Raises ConfigurationError for a state whose form this release does not know: the one place where
        commands ask.
        """
        settings = self.settings_of_any_form()
        require_known_form(settings.state)
        return settings

    def settings_of_any_form(self) -> Settings:
        """The same for who looks into nothing before having said what is wrong with the state."""
        settings = load_settings()
        if self.state is None:
            return settings
        state = self.state.absolute()
        landing = state / "landing" if settings.landing == settings.state / "landing" else settings.landing
        return replace(settings, state=state, landing=landing)

    def state_folder(self) -> StateFolder:
        """Paths of the state folder; touches nothing."""
        return StateFolder(self.settings().state)


def common_options(command: Command) -> Command:
    """Add `--state`, `--site` and `--debug`, kept in the context's `Options`."""

    def keep(context: click.Context, parameter: click.Parameter, value: Path | bool | None) -> None:
        if value:
            setattr(context.ensure_object(Options), str(parameter.name), value)

    def keep_site(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
        # Into the environment: children of this process and whoever else reads settings are of the same site.
        if value:
            use_site(value)

    state = click.option(
        "--state",
        type=FOLDER,
        help="Folder that holds everything a run writes. [default: $MERITLINE_STATE or ./var]",
        expose_value=False,
        callback=keep,
    )
    site = click.option(
        "--site",
        type=FOLDER,
        help="Folder of what this site decides: settings, policy, profiles … [default: $MERITLINE_SITE]",
        expose_value=False,
        callback=keep_site,
    )
    debug = click.option(
        "--debug",
        "is_debug",
        is_flag=True,
        help="Show the traceback of an error.",
        expose_value=False,
        callback=keep,
    )
    return state(site(debug(command)))


def publication_option(what: str) -> Callable[[Command], Command]:
    """Add `--publication`, as `run_id`, to a command about one agent and period."""
    return click.option(
        "--publication",
        "run_id",
        help=f"{what} this publication. [default: the newest; of a settled period the one it was settled on]",
    )
