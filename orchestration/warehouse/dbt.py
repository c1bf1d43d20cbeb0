"""dbt in this process: parse once, build with the parsed manifest, events as they happen. Nothing here asks
the network.

One process saves the start of a second one and a second parse (about 5 s of a nightly run).
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orchestration.errors import (
    ConfigurationError,
    MeritlineError,
    PublicationRefused,
    expected_error,
    out_of_memory,
    says_out_of_memory,
)
from orchestration.hashing import file_hash
from orchestration.policy.installed import installed_site
from orchestration.policy.kpi_models import own_kpis
from orchestration.scratch import scratch_folder
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, environment, load_settings
from orchestration.state.folder import StateFolder, write_atomically
from orchestration.state.memory import memory_limit, spill_folder
from orchestration.transient import is_transient
from orchestration.warehouse.engine import DUCKDB, Engine
from orchestration.warehouse.quicker import quicker
from orchestration.warehouse.threads import LostThread, watched_threads

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROVE, PROVEN = "prove", "proven"
NEW, KEPT = "new", "kept"
PARSED_DIR = Path(sys.prefix) / "share" / "meritline"
"""Where an installation keeps the parsed project."""

TEMPLATES = "templates.bin"
SITE_MODELS = "MERITLINE_SITE_MODELS"
"""Variable of the folder that has a site's own models, from the project."""
GRACE_SECONDS = 10.0
"""Without any event for so long after a thread has died, dbt is given up."""
BUILD = ("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
"""A night's command: every seed, model and data test. Unit tests are of the code, exposures are words."""
NO_FILES = "--no-write-json"
"""Without dbt's manifest and results, half a second: what failed is in the log, what was parsed is kept."""
BROKEN_STATUSES = frozenset({"error", "runtime error"})
"""Of a node that could not be run at all, as over a damaged file; a test that finds rows has failed."""
FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})


class BuildFailed(MeritlineError):
    """A model could not be built: the warehouse stays private, nothing is published."""


@dataclass
class DbtOutcome:
    """What a dbt command came to: whether it succeeded, what failed (node name → message), which models and
    tests could not be run though there was memory and no lock, an unexpected exception.
    """

    is_success: bool = False
    failed_models: dict[str, str] = field(default_factory=dict)
    failed_tests: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    exception: BaseException | None = None

    def said_of_broken(self) -> str:
        """What could not be run, in a sentence without an end."""
        return f"{len(self.broken)} node(s) could not be run: {_listed(self.broken)}"

    def raise_if_failed(self, log: Path) -> None:
        """Raise BuildFailed for a model, PublicationRefused for a data test; nothing when the build
        succeeded.
        """
        for message in (*self.failed_models.values(), *self.failed_tests.values()):
            if says_out_of_memory(message):
                raise out_of_memory(message)
        if self.failed_models:
            raise BuildFailed(
                path=log,
                problem=f"{len(self.failed_models)} model(s) were not built: {_listed(self.failed_models)}",
                remedy="Read the log; if a model fails on new data, the export it reads has changed",
            )
        if self.failed_tests:
            raise PublicationRefused(
                path=log,
                problem=f"{len(self.failed_tests)} data test(s) failed: {_listed(self.failed_tests)}",
                remedy="The last publication stays. Read the test's SQL under compiled/, correct the cause",
            )
        if not self.is_success and self.exception is not None:
            expected = expected_error(self.exception)
            if expected is not None:
                raise expected from self.exception
        if not self.is_success:
            raise BuildFailed(
                path=log,
                problem=f"dbt stopped: {_one_line(str(self.exception or 'no reason given'))}",
                remedy="Read the log",
            )


def stream_dbt(
    state: StateFolder,
    arguments: Sequence[str],
    *,
    outcome: DbtOutcome,
    manifest: Manifest | None = None,
    contracts: str = PROVEN,
    is_kept: bool = False,
    is_quick: bool = False,
    engine: Engine = DUCKDB,
) -> Iterator[dict[str, Any]]:
    """Run one dbt command on the state's warehouse, or on another `engine`, in a thread.

    Yields dbt's structured events as they happen and has filled `outcome` at the end. Without a `manifest`
    dbt parses the project first. `contracts` says whether dbt holds each model's columns against its contract
    (PROVE) or the tests have done so: both follow from the code alone. `is_kept` brings a warehouse up to
    date that `ledger.keep_warehouse` has prepared; else relations are made as they are asked for. `is_quick`
    takes dbt's own work down where its insides are known.
    """
    events: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def work() -> None:
        try:
            said = {
                "MERITLINE_BUILD_MEMORY": memory_limit(),
                "MERITLINE_SPILL": str(spill_folder()),
                "MERITLINE_CONTRACTS": contracts,
                "MERITLINE_WAREHOUSE_IS": KEPT if is_kept else NEW,
            }
            less = quicker(state.dbt / TEMPLATES) if is_quick else nullcontext()
            asked = [*arguments, NO_FILES] if is_quick else arguments
            given = {**state.dbt_environment(), **_of_the_site(state), **engine.variables, **said}
            with environment(given), less:
                _invoke([*asked, *_common_arguments(state, engine)], events, outcome, manifest)
        except BaseException as error:
            outcome.exception = error
        finally:
            _release_warehouse()
            events.put(None)

    worker = threading.Thread(target=work, name="dbt", daemon=True)
    with watched_threads() as lost:
        worker.start()
        while (event := _next_event(events, lost)) is not None:
            yield event
        if lost.happened.is_set():
            outcome.is_success, outcome.exception = False, lost.error
            # It may wait for ever for a node that nobody has: it is a daemon and goes with the process.
            worker.join(GRACE_SECONDS)
        else:
            worker.join()


def _next_event(events: queue.Queue[dict[str, Any] | None], lost: LostThread) -> dict[str, Any] | None:
    """The next event; None at the end, or when a thread has died and nothing happens any more."""
    while True:
        try:
            return events.get(timeout=GRACE_SECONDS)
        except queue.Empty:
            if lost.happened.is_set():
                return None


_unused: dict[Path, tuple[str, Manifest]] = {}
"""By state folder, the fingerprint and manifest of a parse that no build has used yet: parse, definitions and
build share one.
"""


def take_parsed(state: StateFolder) -> Manifest:
    """The manifest of the project as it is now, for one build: the last parse's if nothing has changed since,
    or a new one.
    """
    fingerprint, manifest = _unused.pop(state.root, ("", None))
    found = _project_fingerprint(state)
    if manifest is not None and fingerprint == found:
        return manifest
    if is_parsed(state, found):
        # What lies there is read, and would be written as it is.
        return _parsed(state, NO_FILES)
    parse_project(state)
    return _unused.pop(state.root)[1]


def parse_project(state: StateFolder) -> None:
    """Parse the dbt project into `<state>/dbt`; connects to nothing.

    The profile is read without the state's paths: dbt takes up no saved parse of another connection.

    Raises ConfigurationError with dbt's own words when the project or a policy file does not parse.
    """
    fingerprint = _project_fingerprint(state)
    if not _parsed_file(state.dbt).exists() and _parsed_file(PARSED_DIR).exists():
        shutil.copyfile(_parsed_file(PARSED_DIR), _parsed_file(state.dbt))
    manifest = _parsed(state)
    # Each build writes dbt's own manifest.json again, in place: a kill in there leaves half of it.
    write_atomically(manifest_path(state), (state.dbt / "manifest.json").read_text(encoding="utf-8"))
    write_atomically(_fingerprint_file(state), f"{fingerprint} {file_hash(manifest_path(state))}")
    _unused[state.root] = (fingerprint, manifest)


def parsed_for(state: StateFolder, engine: Engine) -> Manifest:
    """What dbt makes of the project for another engine: a relation is called otherwise there."""
    return _parsed(state, engine=engine)


def _parsed(state: StateFolder, *options: str, engine: Engine = DUCKDB) -> Manifest:
    """What dbt makes of the project, with the state's own seeds and models in their places."""
    from dbt.cli.main import dbtRunner

    with environment({**_of_the_site(state), **engine.variables}):
        result = dbtRunner().invoke(["parse", *options, *_common_arguments(state, engine)])
    if not result.success or result.result is None:
        raise ConfigurationError(
            path=DBT_PROJECT_DIR,
            problem=f"the dbt project does not parse: {_one_line(str(result.exception))}",
            remedy="Correct the file that dbt names",
        )
    manifest = cast("Manifest", result.result)
    _root_seeds(manifest, state)
    _place_own_models(manifest, state)
    return manifest


def keep_parsed() -> None:
    """Parse the project and keep the result with the installation: a new state begins from it (about 8 s).

    dbt itself sees whether it still fits: it parses again each file that has changed since.
    """
    with scratch_folder() as folder:
        state = StateFolder(folder)
        state.prepare()
        parse_project(state)
        PARSED_DIR.mkdir(parents=True, exist_ok=True)
        draft = PARSED_DIR / f".{os.getpid()}.draft"
        shutil.copyfile(_parsed_file(state.dbt), draft)
        draft.replace(_parsed_file(PARSED_DIR))


def _parsed_file(folder: Path) -> Path:
    return folder / "partial_parse.msgpack"


def _root_seeds(manifest: Manifest, state: StateFolder) -> None:
    """Have dbt load the policy in force, the state's copy, in place of the seeds shipped with the project.

    dbt takes a seed's path relative to the project, and when there is none, relative to the node's root.
    """
    from dbt.contracts.graph.nodes import SeedNode

    for node in manifest.nodes.values():
        if isinstance(node, SeedNode):
            shipped = (DBT_PROJECT_DIR / node.original_file_path).resolve()
            node.original_file_path = str(Path(state.seeds.name) / shipped.relative_to(SEEDS_DIR))
            node.root_path = str(state.root)


def _place_own_models(manifest: Manifest, state: StateFolder) -> None:
    """Have models of a site, and their tests, stand with the shipped ones: dbt writes what it compiled below
    its target by their path, and the way to the state's copy leads out of there.
    """
    outside = _of_the_site(state).get(SITE_MODELS)
    for node in manifest.nodes.values() if outside else ():
        if node.original_file_path.startswith(f"{outside}/"):
            node.original_file_path = f"models{node.original_file_path.removeprefix(str(outside))}"


def is_parsed(state: StateFolder, fingerprint: str | None = None) -> bool:
    """Whether the state's parsed manifest is of the project as it is now, whose `fingerprint` is taken unless
    it is given.
    """
    try:
        stored = _fingerprint_file(state).read_text(encoding="utf-8")
        found = _project_fingerprint(state) if fingerprint is None else fingerprint
        return stored == f"{found} {file_hash(manifest_path(state))}"
    except OSError:
        return False


def manifest_path(state: StateFolder) -> Path:
    """Where the manifest of the last parse lies, whole at any time."""
    return state.dbt / "parsed_manifest.json"


def log_path(state: StateFolder, engine: Engine = DUCKDB) -> Path:
    """dbt's log file."""
    return engine.folder(state) / "dbt.log"


def _invoke(
    arguments: Sequence[str],
    events: queue.Queue[dict[str, Any] | None],
    outcome: DbtOutcome,
    manifest: Manifest | None,
) -> None:
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg
    from dbt_common.events.functions import msg_to_dict

    def forward(message: EventMsg) -> None:
        if message.info.level in ("info", "warn", "error"):
            events.put(msg_to_dict(message))

    result = dbtRunner(manifest=manifest, callbacks=[forward]).invoke([*arguments])
    outcome.is_success = result.success
    outcome.exception = result.exception
    for one in getattr(result.result, "results", ()):
        if one.status in FAILED_STATUSES:
            is_test = one.node.resource_type in ("test", "unit_test")
            failed = outcome.failed_tests if is_test else outcome.failed_models
            failed[one.node.name] = _one_line(one.message or one.status)
            message = failed[one.node.name]
            passes = says_out_of_memory(message) or is_transient(RuntimeError(message))
            if one.status in BROKEN_STATUSES and not passes:
                outcome.broken[one.node.name] = message


def _common_arguments(state: StateFolder, engine: Engine) -> list[str]:
    folder = str(engine.folder(state))
    return [
        "--target",
        engine.target,
        "--project-dir",
        str(DBT_PROJECT_DIR),
        "--profiles-dir",
        str(DBT_PROJECT_DIR),
        "--target-path",
        folder,
        "--log-path",
        folder,
        "--log-level",
        "none",
        "--log-level-file",
        "info",
        "--no-use-colors",
        "--no-use-colors-file",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
    ]


def _release_warehouse() -> None:
    """Close dbt's DuckDB environment: its open file would keep this process from reading the warehouse."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _listed(failed: dict[str, str], limit: int = 3) -> str:
    shown = [f"{name} ({message[:300]})" for name, message in list(failed.items())[:limit]]
    more = len(failed) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fingerprint_file(state: StateFolder) -> Path:
    return state.dbt / "project_fingerprint"


def _of_the_site(state: StateFolder) -> dict[str, str]:
    """Variables of what a site decides: its time zone, and where it has own KPIs, these. Without them dbt
    takes up the parse that the installation keeps.
    """
    said = {"MERITLINE_TIMEZONE": load_settings().business_timezone}
    site = installed_site(state)
    if site.kpi is None:
        return said
    return {
        **said,
        SITE_MODELS: os.path.relpath(str(site.folder), DBT_PROJECT_DIR),
        "MERITLINE_SITE_KPIS": " ".join(own_kpis(site.kpi)),
    }


def _project_fingerprint(state: StateFolder) -> str:
    """Names, sizes and modification times of all that dbt parses: cheap, and different whenever a file is.
    Models of a site are copied into the state each night: of them the content counts.
    """
    digest = hashlib.sha256()
    for folder in (DBT_PROJECT_DIR, DBT_PROJECT_DIR.parent / "tests" / "dbt", SEEDS_DIR):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".sql", ".yml", ".yaml", ".csv") and path.is_file():
                info = path.stat()
                digest.update(f"{path}|{info.st_size}|{info.st_mtime_ns}\n".encode())
    for name, of_content in installed_site(state).hashes().items():
        digest.update(f"{name}|{of_content}\n".encode())
    return digest.hexdigest()
