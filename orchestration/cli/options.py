"""Options that every command takes, before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestration.settings import Settings, load_settings
from orchestration.state import StateFolder

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Options:
    """What the common options came to."""

    state: Path | None = None
    is_debug: bool = False

    def settings(self) -> Settings:
        """The site's settings, with the state folder of `--state`."""
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
    """Add `--state` and `--debug`, kept in the context's `Options`."""

    def keep_state(context: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            context.ensure_object(Options).state = value

    def keep_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            context.ensure_object(Options).is_debug = True

    state = click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder that holds everything a run writes. [default: $MERITLINE_STATE or ./var]",
        expose_value=False,
        callback=keep_state,
    )
    debug = click.option(
        "--debug",
        is_flag=True,
        help="Show the traceback of an error.",
        expose_value=False,
        callback=keep_debug,
    )
    return state(debug(command))
