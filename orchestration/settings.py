"""Where things are and how a site runs them: the only module that reads or writes the environment.

| variable | meaning | default |
|---|---|---|
| `MERITLINE_STATE` | folder that holds everything a run writes | `./var` |
| `MERITLINE_LANDING` | landing folder of scheduled runs | `<state>/landing` |
| `MERITLINE_POLICY` | policy folder of scheduled runs | the policy shipped with the project |
| `MERITLINE_PROFILES` | profile files of scheduled runs, separated by `:` | none |
| `MERITLINE_TIMEZONE` | business time zone | `Asia/Shanghai` |
| `MERITLINE_CRON` | when the nightly schedule fires, in that time zone | `30 2 * * *` |
| `MERITLINE_KEEP_PUBLICATIONS` | publications whose data is kept | 35 |
| `MERITLINE_MEMORY` | memory that DuckDB may take, like `8GB`; more goes to disk | half of the machine's |
| `MERITLINE_RETRIES` | times that a stage is tried again after a fault that passes by itself | 2 |
| `MERITLINE_RETRY_SECONDS` | wait before the first of them, doubled before each further one | 10 |
| `MERITLINE_NOTIFY_COMMAND` | command that gets a notice as JSON on standard input (no shell) | none |
| `MERITLINE_NOTIFY_WEBHOOK` | http or https address that gets a notice as the body of a POST | none |
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
CONTRACT_DIR = DBT_PROJECT_DIR / "models" / "staging"
SEEDS_DIR = PROJECT_ROOT / "seeds"
POLICY_DIR = SEEDS_DIR / "policy"
REFERENCE_DIR = SEEDS_DIR / "reference"
ALLOWED_REJECTS = "0.05"
"""Share of a table's rows that may be rejected, unless a run says another."""
BOUNDS_DIR = PROJECT_ROOT / "expectations" / "bounds"
SOURCE_DIRS = (DBT_PROJECT_DIR, PROJECT_ROOT / "orchestration", PROJECT_ROOT / "expectations")
"""The code whose hash a publication records."""


@dataclass(frozen=True)
class Settings:
    """A site's settings; paths are absolute, `keep_publications` counts publications whose data stays on
    disk, `retries` counts attempts after the first, `notify_command` is a program and its arguments.
    """

    state: Path
    landing: Path
    policy: Path
    profiles: tuple[Path, ...]
    business_timezone: str
    nightly_cron: str
    keep_publications: int
    retries: int = 2
    retry_seconds: int = 10
    notify_command: tuple[str, ...] = ()
    notify_webhook: str = ""
    memory: str = ""

    def nightly_command(self, *, as_of: str, allow_rejects: str) -> str:
        """The command of a night with these settings, as its operator would write it: `as_of` is empty where
        none was asked for.
        """
        words = ["meritline", "nightly", "--landing", str(self.landing)]
        for profile in self.profiles:
            words += ["--profile", str(profile)]
        words += ["--as-of", as_of] if as_of else []
        words += ["--policy", str(self.policy)] if self.policy != POLICY_DIR else []
        words += ["--allow-rejects", allow_rejects] if allow_rejects != ALLOWED_REJECTS else []
        return shlex.join([*words, "--state", str(self.state)])


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environment` (default: this process's). Raises ConfigurationError naming the
    variable.
    """
    env = os.environ if environment is None else environment
    state = Path(env.get("MERITLINE_STATE") or "var").absolute()
    return Settings(
        state=state,
        landing=Path(env.get("MERITLINE_LANDING") or state / "landing").absolute(),
        policy=Path(env.get("MERITLINE_POLICY") or POLICY_DIR).absolute(),
        profiles=tuple(
            Path(part).absolute() for part in env.get("MERITLINE_PROFILES", "").split(":") if part.strip()
        ),
        business_timezone=_timezone(env.get("MERITLINE_TIMEZONE") or "Asia/Shanghai"),
        nightly_cron=env.get("MERITLINE_CRON") or "30 2 * * *",
        keep_publications=_number(env, "MERITLINE_KEEP_PUBLICATIONS", default=35, least=1),
        retries=_number(env, "MERITLINE_RETRIES", default=2, least=0),
        retry_seconds=_number(env, "MERITLINE_RETRY_SECONDS", default=10, least=0),
        notify_command=_command(env, "MERITLINE_NOTIFY_COMMAND"),
        memory=_memory(env, "MERITLINE_MEMORY"),
        notify_webhook=_web_address(env, "MERITLINE_NOTIFY_WEBHOOK"),
    )


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            path="MERITLINE_TIMEZONE",
            problem=f"{name!r} is no time zone of this machine's time zone database",
            remedy="Name one like Asia/Shanghai",
        ) from error
    return name


def _number(env: Mapping[str, str], variable: str, *, default: int, least: int) -> int:
    text = env.get(variable) or str(default)
    if not text.isdigit() or int(text) < least:
        raise ConfigurationError(
            path=variable,
            problem=f"{text!r} is not a whole number from {least} up",
            remedy="Set it to one or unset it",
        )
    return int(text)


def _memory(env: Mapping[str, str], variable: str) -> str:
    text = env.get(variable, "").strip()
    if text and not re.fullmatch(r"[1-9][0-9]* ?[KMGT]i?B", text):
        raise ConfigurationError(
            path=variable,
            problem=f"{text!r} is no amount of memory",
            remedy="Set it to one like 8GB, or unset it",
        )
    return text


def _command(env: Mapping[str, str], variable: str) -> tuple[str, ...]:
    text = env.get(variable, "")
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigurationError(
            path=variable,
            problem=f"{text!r} does not read as a command ({error})",
            remedy="Close its quotes, or name a script",
        ) from error


def _web_address(env: Mapping[str, str], variable: str) -> str:
    text = env.get(variable, "").strip()
    if text and not text.startswith(("http://", "https://")):
        # The address itself may be a secret: it is not repeated.
        raise ConfigurationError(
            path=variable,
            problem="it is no http:// or https:// address",
            remedy="Set it to one or unset it",
        )
    return text


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """This process's environment with `variables` set, put back on leaving."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process: this one's with `variables` on top."""
    return {**os.environ, **variables}


def set_default(name: str, value: str) -> None:
    """Set a variable that the environment leaves unset: for libraries that read theirs while they are
    imported.
    """
    os.environ.setdefault(name, value)
