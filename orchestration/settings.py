"""Where things are and how a site runs them: the only module that reads or writes the environment.

The settings themselves, one row each, are `settings_table`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.settings_table import BOARDS, PROFILES, SETTINGS, Given, said_of_site

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
CONTRACT_DIR = DBT_PROJECT_DIR / "models" / "staging"
SEEDS_DIR = PROJECT_ROOT / "seeds"
POLICY_DIR = SEEDS_DIR / "policy"
REFERENCE_DIR = SEEDS_DIR / "reference"
STATEMENT_MONTHS = 3
"""Months of which each person's statement is a file, unless a site says another number."""
ALLOWED_REJECTS = "0.05"
"""Share of a table's rows that may be rejected, unless a run says another."""
BOUNDS_DIR = PROJECT_ROOT / "expectations" / "bounds"
SOURCE_DIRS = (DBT_PROJECT_DIR, PROJECT_ROOT / "orchestration", PROJECT_ROOT / "expectations")
"""The code whose hash a publication records."""


SITE_VARIABLE = "MERITLINE_SITE"


@dataclass(frozen=True)
class Settings:
    """A site's settings; paths are absolute, `keep_publications` counts publications whose data stays on
    disk, `retries` counts attempts after the first, `notify_command` is a program and its arguments, `boards`
    are the audiences that each publication has a performance board for. `site` is the site's own folder,
    where there is one; `statement_months` counts the newest months whose statements are files of their own.
    `postgres_dsn` may hold a password: it is shown nowhere. `spark_warehouse` is in the state folder where
    none is said.
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
    engine: str = "duckdb"
    spark_host: str = "127.0.0.1"
    spark_port: int = 10000
    spark_user: str = "meritline"
    spark_warehouse: Path | None = None
    statement_months: int = STATEMENT_MONTHS
    boards: tuple[str, ...] = BOARDS
    site: Path | None = None
    postgres_dsn: str = field(default="", repr=False)
    postgres_schema: str = "meritline"
    postgres_readers: Path | None = None

    def nightly_command(self, *, as_of: str, allow_rejects: str) -> str:
        """The command of a night with these settings, as its operator would write it: `as_of` is empty where
        none was asked for.
        """
        words = ["meritline", "nightly", "--landing", str(self.landing)]
        words += ["--site", str(self.site)] if self.site else []
        for profile in self.profiles:
            words += ["--profile", str(profile)]
        words += ["--as-of", as_of] if as_of else []
        is_default = self.policy == (_own_policy(self.site) or POLICY_DIR)
        words += [] if is_default else ["--policy", str(self.policy)]
        words += [] if self.engine == _usual_engine(self.site) else ["--engine", self.engine]
        words += ["--allow-rejects", allow_rejects] if allow_rejects != ALLOWED_REJECTS else []
        return shlex.join([*words, "--state", str(self.state)])


def load_settings(environment: Mapping[str, str] | None = None, *, site: Path | None = None) -> Settings:
    """Settings from `environment` (default: this process's), then from `site.yml` of the site's folder, then
    as shipped. `site` is that folder (default: the one that the environment names).

    Raises ConfigurationError naming the variable, or the file and its key.
    """
    env = os.environ if environment is None else environment
    folder = site or (Path(env[SITE_VARIABLE]) if env.get(SITE_VARIABLE) else None)
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(
            path=folder,
            problem="there is no such folder of a site",
            remedy="Name one with --site, or make it: meritline site init DIR",
        )
    told = {} if folder is None else dict(said_of_site(folder.absolute()))
    for setting in SETTINGS:
        if env.get(setting.variable, "").strip():
            told[setting.key] = Given(env[setting.variable], setting.variable, Path(), folder)
    said = {setting.key: setting.read(told[setting.key]) for setting in SETTINGS if setting.key in told}
    state = said.get("state", Path("var").absolute())
    return Settings(
        state=state,
        landing=said.get("landing", state / "landing"),
        policy=said.get("policy") or _own_policy(folder) or POLICY_DIR,
        profiles=said.get("profiles", _own_profiles(folder)),
        business_timezone=said.get("timezone", "Asia/Shanghai"),
        nightly_cron=said.get("cron", "30 2 * * *"),
        keep_publications=said.get("keep_publications", 35),
        retries=said.get("retries", 2),
        retry_seconds=said.get("retry_seconds", 10),
        notify_command=said.get("notify_command", ()),
        notify_webhook=said.get("notify_webhook", ""),
        memory=said.get("memory", ""),
        engine=said.get("engine", "duckdb"),
        spark_host=said.get("spark_host", "127.0.0.1"),
        spark_port=said.get("spark_port", 10000),
        spark_user=said.get("spark_user", "meritline"),
        spark_warehouse=said.get("spark_warehouse"),
        statement_months=said.get("statement_months", STATEMENT_MONTHS),
        boards=said.get("board", BOARDS),
        site=None if folder is None else folder.absolute(),
        postgres_dsn=said.get("postgres_dsn", ""),
        postgres_schema=said.get("postgres_schema", "meritline"),
        postgres_readers=said.get("postgres_readers"),
    )


def _usual_engine(site: Path | None) -> str:
    """What builds where a command does not say; '' where that cannot be read."""
    try:
        return load_settings(site=site).engine
    except ConfigurationError:
        return ""


def _own_policy(site: Path | None) -> Path | None:
    return (site / POLICY_DIR.name).absolute() if site and (site / POLICY_DIR.name).is_dir() else None


def _own_profiles(site: Path | None) -> tuple[Path, ...]:
    return tuple(sorted((site.absolute() / PROFILES).glob("*.yml"))) if site else ()


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


@contextmanager
def kept_site() -> Iterator[None]:
    """Whatever site is named meanwhile, the environment names the one from before on leaving."""
    with environment({SITE_VARIABLE: os.environ.get(SITE_VARIABLE, "")}):
        yield


def use_site(folder: Path) -> None:
    """Have this process and its children be of the site whose folder this is."""
    os.environ[SITE_VARIABLE] = str(folder.absolute())


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process: this one's with `variables` on top."""
    return {**os.environ, **variables}


def set_default(name: str, value: str) -> None:
    """Set a variable that the environment leaves unset: for libraries that read theirs while they are
    imported.
    """
    os.environ.setdefault(name, value)
