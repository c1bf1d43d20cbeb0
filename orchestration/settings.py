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
"""

from __future__ import annotations

import os
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
BOUNDS_DIR = PROJECT_ROOT / "expectations" / "bounds"
PROFILES_DIR = PROJECT_ROOT / "orchestration" / "ingest" / "profiles"
SOURCE_DIRS = (DBT_PROJECT_DIR, PROJECT_ROOT / "orchestration", PROJECT_ROOT / "expectations")
"""The code whose hash a publication records."""


@dataclass(frozen=True)
class Settings:
    """A site's settings; paths are absolute, `keep_publications` counts publications whose data stays on
    disk.
    """

    state: Path
    landing: Path
    policy: Path
    profiles: tuple[Path, ...]
    business_timezone: str
    nightly_cron: str
    keep_publications: int


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
        keep_publications=_positive(
            "MERITLINE_KEEP_PUBLICATIONS", env.get("MERITLINE_KEEP_PUBLICATIONS") or "35"
        ),
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


def _positive(variable: str, text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(
            path=variable,
            problem=f"{text!r} is not a whole number above 0",
            remedy="Set it to one or unset it",
        )
    return int(text)


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
