"""The settings of a site: one row each, read from the environment, from `site.yml` or taken as shipped.

`docs/settings.md` is this table.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from orchestration.errors import ConfigurationError

PREFIX = "MERITLINE_"
SITE_FILE = "site.yml"
PROFILES = "profiles"
"""Folder of a site's own export profiles."""
ENGINES = ("duckdb", "spark")
BOARDS = ("bi", "lead", "agent", "payroll")
"""Whom there is a performance board for."""
NO_BOARDS = "none"
CRON_FIELDS = 5
LAST_PORT = 65535
WORD = re.compile(r"[A-Za-z0-9._:-]+")
SECRET = re.compile(r"://[^/@\s]*:[^/@\s]+@|\b(ssl)?password\s*=", re.IGNORECASE)
"""A password in a connection string of libpq."""
SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
OF_A_LOAD = ("_new", "_access")
"""Endings of the schemas that a load makes beside the one that readers ask."""


@dataclass(frozen=True)
class Given:
    """What a setting was given as: its text, where that stands (a variable, or a file and its key), and the
    folder from which a relative path leads; `site` is the site's folder, where there is one.
    """

    text: str
    place: str
    base: Path
    site: Path | None = None

    def refused(self, problem: str, remedy: str) -> ConfigurationError:
        """The error that names the place."""
        return ConfigurationError(path=self.place, problem=problem, remedy=remedy)


@dataclass(frozen=True)
class Setting:
    """One setting: its key in `site.yml` (the variable is `MERITLINE_` and it in capitals), its meaning and
    its default for readers, and how its text is read. Of one with a `separator` a list may be written.
    """

    key: str
    meaning: str
    default: str
    read: Callable[[Given], Any]
    separator: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that wins over the file."""
        return PREFIX + self.key.upper()


def said_of_site(folder: Path) -> Mapping[str, Given]:
    """What `site.yml` of a site's folder says, by key; what is left empty is not said, nor is anything where
    there is no such file.

    Raises ConfigurationError naming the file, the key and the nearest known one.
    """
    path = folder / SITE_FILE
    if not path.is_file():
        return {}
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), _Text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            path=path,
            problem=f"does not read: {' '.join(str(error).split())}",
            remedy="Write it as YAML in UTF-8, every key once",
        ) from error
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise ConfigurationError(
            path=path, problem="is no list of settings", remedy="Write one a line, such as cron: 30 2 * * *"
        )
    known = {setting.key: setting for setting in SETTINGS}
    given = (
        (key, Given(_text_of(path, key, value, known), f"{path}, {key}", folder, folder))
        for key, value in said.items()
    )
    return {key: one for key, one in given if one.text.strip()}


def _text_of(path: Path, key: str, value: object, known: Mapping[str, Setting]) -> str:
    if key not in known:
        near = get_close_matches(key, known, n=1)
        raise ConfigurationError(
            path=path,
            problem=f"there is no setting {key!r}",
            remedy=f"Did you mean {near[0]!r}?" if near else f"Settings are {', '.join(known)}",
        )
    separator = known[key].separator
    if isinstance(value, list) and separator and all(isinstance(one, str) for one in value):
        return separator.join(shlex.quote(one) if separator == " " else one for one in value)
    if not isinstance(value, str):
        form = "one value or a list of them" if separator else "one value"
        raise ConfigurationError(
            path=path, problem=f"{key} is not {form}", remedy=f"Write {form} behind {key}:"
        )
    return value


class _Text(yaml.SafeLoader):
    """Every scalar as the text that stands there, every key once."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The node's value; a scalar's is its text."""
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise yaml.YAMLError(f"{twice!r} stands there twice")
        return super().construct_object(node, deep)  # type: ignore[no-untyped-call]


def _path(given: Given) -> Path:
    return (given.base / given.text).absolute()


def _paths(given: Given) -> tuple[Path, ...]:
    """Files of profiles; the bare name of a profile is one of the site's, or stays for a shipped one."""
    return tuple(_profile(given, part.strip()) for part in given.text.split(":") if part.strip())


def _profile(given: Given, name: str) -> Path:
    if (given.base / name).is_file():
        return (given.base / name).absolute()
    own = own_profile(given.site, name)
    is_bare = Path(name).name == name and not Path(name).suffix
    return own or (Path(name) if is_bare else (given.base / name).absolute())


def own_profile(site: Path | None, name: str) -> Path | None:
    """The file of a site's own profile by its bare name; None where it has none of that name."""
    path = Path() if site is None else site.absolute() / PROFILES / f"{name.removesuffix('.yml')}.yml"
    return path if path.is_file() else None


def _timezone(given: Given) -> str:
    try:
        ZoneInfo(given.text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise given.refused(
            f"{given.text!r} is no time zone of this machine's time zone database",
            "Name one like Asia/Shanghai",
        ) from error
    return given.text


def _number(least: int) -> Callable[[Given], int]:
    def read(given: Given) -> int:
        if not given.text.isdigit() or int(given.text) < least:
            raise given.refused(
                f"{given.text!r} is not a whole number from {least} up", "Set it to one or unset it"
            )
        return int(given.text)

    return read


def _memory(given: Given) -> str:
    text = given.text.strip()
    if not re.fullmatch(r"[1-9][0-9]* ?[KMGT]i?B", text):
        raise given.refused(f"{text!r} is no amount of memory", "Set it to one like 8GB, or unset it")
    return text


def _command(given: Given) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(given.text))
    except ValueError as error:
        raise given.refused(
            f"{given.text!r} does not read as a command ({error})", "Close its quotes, or name a script"
        ) from error


def _web_address(given: Given) -> str:
    text = given.text.strip()
    if not text.startswith(("http://", "https://")):
        # The address itself may be a secret: it is not repeated.
        raise given.refused("it is no http:// or https:// address", "Set it to one or unset it")
    return text


def _dsn(given: Given) -> str:
    """A connection string of libpq, which is read by libpq alone; a password has no place in a file that is
    kept under version control.
    """
    text = given.text.strip()
    if given.place.startswith(PREFIX):
        return text
    if SECRET.search(text):
        raise given.refused(
            "it holds a password (not repeated here)",
            "Leave it out: libpq reads it from .pgpass (0600), a service file or PGPASSWORD. Or set the "
            f"variable {PREFIX}POSTGRES_DSN",
        )
    return text


def _schema(given: Given) -> str:
    text = given.text.strip()
    if not SCHEMA_NAME.fullmatch(text):
        raise given.refused(
            f"{text!r} is no name of a schema", "Take lower-case letters, digits and _, such as meritline"
        )
    if text.endswith(OF_A_LOAD):
        raise given.refused(
            f"{text!r} ends as the names of a load do",
            f"Take one that ends neither in {' nor in '.join(OF_A_LOAD)}",
        )
    return text


def _engine(given: Given) -> str:
    if given.text not in ENGINES:
        raise given.refused(f"{given.text!r} is no engine", f"Set it to {' or '.join(ENGINES)}")
    return given.text


def _word(given: Given) -> str:
    if not WORD.fullmatch(given.text):
        raise given.refused(f"{given.text!r} is no name", "Take letters, digits and . _ : -")
    return given.text


def _port(given: Given) -> int:
    number = int(_number(1)(given))
    if number > LAST_PORT:
        raise given.refused(f"{given.text} is no port", f"Take one up to {LAST_PORT}")
    return number


def _folder(given: Given) -> Path:
    if "://" in given.text:
        raise given.refused(
            f"{given.text!r} is an address",
            "Name a folder: an object store is one where it is mounted, at the same path everywhere",
        )
    return _path(given)


def _boards(given: Given) -> tuple[str, ...]:
    """Audiences in their own order; `none` is none of them."""
    said = [part.strip() for part in given.text.split(",") if part.strip()]
    odd = [part for part in said if part not in BOARDS]
    if odd and said != [NO_BOARDS]:
        raise given.refused(
            f"{odd[0]!r} is no audience of a performance board",
            f"Name some of {', '.join(BOARDS)}, or {NO_BOARDS}",
        )
    return tuple(audience for audience in BOARDS if audience in said)


def _cron(given: Given) -> str:
    # Whether each field is one is Dagster's to say, which takes long to load: `doctor` asks it.
    if len(given.text.split()) != CRON_FIELDS:
        raise given.refused(
            f"{given.text!r} is no time of a schedule",
            "Write minute, hour, day, month and weekday, such as 30 2 * * *",
        )
    return given.text


SETTINGS = (
    Setting("state", "Folder that holds everything a run writes", "`./var`", _path),
    Setting("landing", "Folder of exports of scheduled runs", "`<state>/landing`", _path),
    Setting("policy", "Policy folder of scheduled runs", "the site's `policy/`, else as shipped", _path),
    Setting(
        "profiles",
        "Profiles of scheduled runs: files or names, a list or separated by `:`",
        "every file of the site's `profiles/`",
        _paths,
        separator=":",
    ),
    Setting("timezone", "Business time zone: days, months and periods are its", "`Asia/Shanghai`", _timezone),
    Setting("cron", "When the nightly schedule fires, in that time zone", "`30 2 * * *`", _cron),
    Setting("keep_publications", "Publications whose data is kept", "35", _number(1)),
    Setting(
        "statement_months",
        "Newest months of which each person's statement is a file of its own; earlier ones are in a zip",
        "3",
        _number(1),
    ),
    Setting(
        "board",
        "Performance boards of each publication: a list of `bi`, `lead`, `agent`, `payroll`, or `none`",
        "`bi,lead,agent,payroll`",
        _boards,
        separator=",",
    ),
    Setting("engine", "What builds the warehouse: `duckdb` or `spark` (docs/scale.md)", "`duckdb`", _engine),
    Setting("spark_host", "Host of Spark's Thrift server", "`127.0.0.1`", _word),
    Setting("spark_port", "Its port", "10000", _port),
    Setting("spark_user", "Who builds there, as that server knows them", "`meritline`", _word),
    Setting(
        "spark_warehouse",
        "Folder of the tables that Spark builds, at the same path for its server, its workers and meritline",
        "`<state>/spark`",
        _folder,
    ),
    Setting(
        "memory",
        "Memory that DuckDB may take, like `8GB`; more goes to disk",
        "half of the machine's",
        _memory,
    ),
    Setting(
        "retries", "Times that a stage is tried again after a fault that passes by itself", "2", _number(0)
    ),
    Setting(
        "retry_seconds", "Wait before the first of them, doubled before each further one", "10", _number(0)
    ),
    Setting(
        "notify_command",
        "Command that gets a notice as JSON on standard input (no shell)",
        "none",
        _command,
        separator=" ",
    ),
    Setting(
        "notify_webhook",
        "http or https address that gets a notice as the body of a POST; a secret one belongs into the "
        "variable",
        "none",
        _web_address,
    ),
    Setting(
        "postgres_dsn",
        "PostgreSQL database that each night is loaded into, as libpq reads it (`service=NAME`, "
        "`host=… dbname=…`, an address); never with a password in `site.yml`",
        "none: nothing is loaded",
        _dsn,
    ),
    Setting(
        "postgres_schema",
        "Schema that readers ask there; group roles and the schema of who may read begin with its name",
        "`meritline`",
        _schema,
    ),
    Setting(
        "postgres_readers",
        "CSV file of who reads there (`login`, `audience`, `agent_id`, `team_id`), taken up by every load",
        "whoever was mapped before",
        _path,
    ),
)
"""Every setting, in the order of the document."""
