"""Checks of an installation, its policy, profiles and state folder, each with what to do."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from expectations.bound import require_numbers
from expectations.own_bounds import bounds_in_force
from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.ingest.contract import load_contract
from orchestration.policy.clauses import clauses
from orchestration.policy.folder import check_policy_folder, policy_notes
from orchestration.policy.kpi_models import own_kpis
from orchestration.policy.needs import lack_sentences
from orchestration.policy.own_kpis import check_own_kpis
from orchestration.policy.site import Site
from orchestration.policy.state_needs import business_date_of, needs_of_state
from orchestration.proofs.policy import PolicyProof, prove_folder
from orchestration.publish.chain import MANIFEST
from orchestration.publish.publication import CALIBRATION_PAGE
from orchestration.scratch import scratch_folder
from orchestration.settings import BOUNDS_DIR, CONTRACT_DIR, PROJECT_ROOT, Settings
from orchestration.state.folder import GROUP_DIR, GROUP_FILE, OWNER_DIR, OWNER_FILE, StateFolder
from orchestration.state.form import FORM, UNNUMBERED, form_of, require_known_form
from orchestration.state.lock import current_holder

LOCK_FILE = PROJECT_ROOT / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
PYTHON = (3, 11)
LEAST_FREE_BYTES = 1 << 30
ROSTER = "workforce.agent"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, what was found (and `lines` below it), what to do if it is not sound."""

    subject: str
    is_sound: bool
    detail: str
    remedy: str = ""
    lines: tuple[str, ...] = ()
    is_noted: bool = False
    """Worth a look, though the installation is sound."""


def examine(
    settings: Settings, *, policy: Path, profiles: Sequence[Path], landing: Path | None = None
) -> Iterator[Finding]:
    """Run every check; none leaves anything behind. Of `landing` the roster is read, by `profiles`."""
    state = StateFolder(settings.state)
    yield _python()
    yield _packages()
    yield _guarded("contract", lambda: f"{len(load_contract(CONTRACT_DIR).tables)} tables")
    site = Site(settings.site)
    if site.folder is not None:
        yield _guarded("site", lambda: _site(site))
    yield _guarded("bounds", lambda: _bounds(site))
    yield _guarded("policy", lambda: _policy(policy, site))
    yield from _proofs(policy, site)
    yield Finding(
        "time zone",
        True,
        f"days and months are those of {settings.business_timezone} (MERITLINE_TIMEZONE sets another)",
    )
    yield _guarded("schedule", lambda: _schedule(settings))
    for profile in profiles:
        yield _guarded("profile", partial(_profile, profile, settings.business_timezone))
    yield _notice(settings)
    if settings.postgres_dsn:
        yield _guarded("postgres", lambda: _postgres(settings))
    problem = _cannot_be_made(state.root)
    if problem:
        yield _unusable(state, problem)
        return
    form = _guarded("form", lambda: _form(state))
    yield form
    if not form.is_sound:
        return  # what lies there is read by nobody who does not know what it means
    yield _guarded("roster", lambda: _roster(settings, policy, profiles, landing))
    yield _state(state)
    yield from _plans(state, policy, site)
    yield _space(state)
    yield _holder(state)


def _guarded(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, check())
    except MeritlineError as error:
        place = f"{error.path}: " if error.path else ""
        return Finding(subject, False, f"{place}{error.problem}", error.remedy)


def _python() -> Finding:
    running = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "python",
        sys.version_info[:2] == PYTHON,
        f"Python {running}",
        "Install with Python 3.11: the pinned packages were tested with it",
    )


def _packages() -> Finding:
    if not LOCK_FILE.exists():
        return Finding("packages", False, f"{LOCK_FILE} is missing", "Get the whole project again")
    pinned = [match.groups() for line in LOCK_FILE.read_text().splitlines() if (match := PINNED.match(line))]
    odd = [f"{name} {_installed(name)} instead of {pin}" for name, pin in pinned if _installed(name) != pin]
    return Finding(
        "packages",
        not odd,
        f"{len(pinned)} packages as locked" if not odd else "; ".join(odd[:5]),
        "Run make install",
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _site(site: Site) -> str:
    site.require_known()
    check_own_kpis(site)
    rules = len(clauses(site.clauses)) - len(clauses())
    return (
        f"{len(site.hashes())} files in {site.folder}: {rules} own rules, {len(own_kpis(site.kpi))} own KPIs"
    )


def _schedule(settings: Settings) -> str:
    from dagster._utils.schedules import is_valid_cron_string

    if not is_valid_cron_string(settings.nightly_cron):
        raise ConfigurationError(
            path="cron",
            problem=f"{settings.nightly_cron!r} is no time of a schedule",
            remedy="Write minute, hour, day, month and weekday, such as 30 2 * * *",
        )
    return f"{settings.nightly_cron} in {settings.business_timezone}"


def _policy(folder: Path, site: Site) -> str:
    check_policy_folder(folder, site=site)
    files = f"{len(list(folder.glob('*.csv')))} files in {folder}"
    return "; ".join([files, *policy_notes(folder, site=site)])


def _proofs(folder: Path, site: Site) -> Iterator[Finding]:
    """What the policy's tables prove. A finding refuses nothing: a document may truly have such an edge."""
    try:
        proof = prove_folder(folder, site=site)
    except MeritlineError:
        return  # said under policy
    whole = f"{len(proof.functions)} plan(s), {sum(proof.functions.values())} functions"
    if proof.findings:
        yield Finding("proofs", True, f"{whole}: {len(proof.findings)} finding(s)", is_noted=True)
    else:
        sound = "no gap, no overlap, better never pays less, every row and grade can be reached"
        yield Finding("proofs", True, f"{whole}: {sound}{_largest(proof)}")
    for one in proof.findings:
        said = f"{one.en}{one.since} [{one.clause_id}]"
        yield Finding("proofs", True, said, lines=one.lines, is_noted=True)


def _largest(proof: PolicyProof) -> str:
    jump = proof.largest
    return "" if jump is None else f"; largest jump, {jump.function.place}: {', '.join(jump.lines)}"


def _profile(path: Path, timezone: str) -> str:
    from orchestration.ingest.profile import load_profiles

    entries = load_profiles([path], contract=load_contract(CONTRACT_DIR), business_timezone=timezone)
    others = sorted({entry.timezone for entry in entries} - {timezone, "UTC"})
    zones = f"; times are read as {', '.join(others)}, days are those of {timezone}" if others else ""
    return f"{path}, {len(entries)} entries{zones}"


def _roster(settings: Settings, policy: Path, profiles: Sequence[Path], landing: Path | None) -> str:
    """The roster of the landing folder, or of the state, against the plans of the policy."""
    from orchestration.clock import today
    from orchestration.ingest import ingest
    from orchestration.policy.roster import plans_of, said_of, unknown_plans

    on = today(settings.business_timezone)
    try:
        plans = plans_of(policy, site=Site(settings.site))
    except (OSError, ValueError, KeyError):
        return "not compared with the roster: the policy does not read"
    with scratch_folder() as folder:
        source, raw = f"{settings.state}", StateFolder(settings.state).raw
        if landing is not None:
            source, raw = f"{landing}", folder / "raw"
            ingest(
                landing=landing,
                state=folder,
                profiles=profiles,
                contract_dir=CONTRACT_DIR,
                as_of=on,
                today=on,
                business_timezone=settings.business_timezone,
                allow_rejects=Decimal(1),
                only=frozenset({ROSTER}),
            )
        found = unknown_plans(raw, plans, on)
    if found:
        problem, remedy = said_of(found, plans)
        raise ConfigurationError(path=source, problem=problem, remedy=remedy)
    return f"every agent of {source} is on one of {len(plans)} plans"


def _notice(settings: Settings) -> Finding:
    """The command that gets notices is there."""
    if not settings.notify_command:
        return Finding("notices", True, "no command set")
    program = settings.notify_command[0]
    return Finding(
        "notices",
        shutil.which(program) is not None,
        program if shutil.which(program) else f"{program}: there is no such command, or it cannot be run",
        "Correct MERITLINE_NOTIFY_COMMAND, or unset it",
    )


def _postgres(settings: Settings) -> str:
    """The database of readers answers, and its rights are as they were loaded."""
    from orchestration.serve.access import read_readers
    from orchestration.serve.database import target_of
    from orchestration.serve.examine import examine as examine_database

    target = target_of(settings)
    assert target is not None
    if target.readers is not None:
        read_readers(target.readers)
    return examine_database(target)


def _bounds(site: Site) -> str:
    bounds = bounds_in_force(BOUNDS_DIR, site.bounds)
    require_numbers(bounds, BOUNDS_DIR)
    return f"{sum(len(suite.bounds) for suite in bounds.values())} bounds"


def _cannot_be_made(folder: Path) -> str:
    """Why nothing can be written in a state folder, made or to be made; '' where it can. Tried, since rights
    alone do not tell: what is made for it is removed again.
    """
    place = folder
    try:
        place = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
        with scratch_folder(".meritline-", place=place) as tried:
            (tried / folder.relative_to(place)).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{place}: {error.strerror or error}"
    return ""


def _unusable(state: StateFolder, problem: str) -> Finding:
    return Finding(
        "state",
        False,
        f"{state.root} cannot be written ({problem})",
        "Name a folder that you may write to with --state or MERITLINE_STATE",
    )


def _form(state: StateFolder) -> str:
    require_known_form(state.root)
    found = form_of(state.root)
    if found.form == UNNUMBERED:
        return f"none yet: the first run from now on writes {FORM}"
    return f"{found.form}, from meritline {found.release}"


def _state(state: StateFolder) -> Finding:
    if not state.root.exists():
        return Finding("state", True, f"{state.root} will be made by the first run")
    exposed = sorted(exposed_paths(state))
    if not exposed:
        return Finding("state", True, f"{state.root}")
    more = f" and {len(exposed) - 1} more" if len(exposed) > 1 else ""
    return Finding(
        "state",
        False,
        f"{exposed[0]}{more}: others can read what is not theirs",
        f"chmod {_own_mode(exposed[0], state):o} {exposed[0]}"
        + (", and look for others again" if more else ""),
    )


BOARD = ("board",)
FOLDERS_OF_BI = frozenset({("bi",), BOARD, (*BOARD, "bi"), (*BOARD, "assets")})
"""Folders of a publication that the group enters, by their way from it; `board` itself has nothing for it."""


def exposed_paths(state: StateFolder) -> Iterator[Path]:
    """Files and folders of the state that the group or others can reach and must not: all but publications,
    and of these the group alone what is for BI, the manifest and the calibration page.
    """
    if not state.root.exists():
        return
    yield from _exposed_below(state.root, state)


def _exposed_below(folder: Path, state: StateFolder) -> Iterator[Path]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077 & ~_meant_for(folder, state):
        yield folder
    if not mode & 0o011:
        # Nobody gets to what is in a folder that only its owner may enter, whatever its own mode.
        return
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _exposed_below(path, state)
        elif stat.S_IMODE(path.stat().st_mode) & 0o077 & ~_meant_for(path, state):
            yield path


def _own_mode(path: Path, state: StateFolder) -> int:
    return _meant_for(path, state) or (OWNER_DIR if path.is_dir() else OWNER_FILE)


def _meant_for(path: Path, state: StateFolder) -> int:
    """The mode that a path may have for the group: none at all, save on the way to what is for BI."""
    parts = path.relative_to(state.root).parts
    if not parts or parts == (state.published.name,):
        return GROUP_DIR
    if parts[0] != state.published.name or parts[1].startswith("."):
        return 0
    within = parts[2:]
    if not within or within in FOLDERS_OF_BI:
        return GROUP_DIR
    is_shown = within[:-1] in FOLDERS_OF_BI and within[:-1] != BOARD
    is_shown |= within in {("bi.duckdb",), (MANIFEST,), (CALIBRATION_PAGE,)}
    return GROUP_FILE if is_shown else 0


def _plans(state: StateFolder, policy: Path, site: Site) -> Iterator[Finding]:
    """What the plans in use read of the exports and lack: said, and no fault of the installation."""
    day = business_date_of(state.raw)
    if day is None:
        yield Finding("plans", True, "what plans in use lack is known after the first night")
        return
    try:
        needs = needs_of_state(state.raw, policy, day, site=site)
    except MeritlineError:
        return  # said under policy
    plans = {one.need.scheme_id for one in needs}
    sentences = lack_sentences(needs)
    whole = len(plans) - len(sentences)
    yield Finding(
        "plans", True, f"{len(plans)} in use, {whole} with all the exports and columns that they read"
    )
    for sentence in sentences:
        yield Finding("plans", True, sentence)


def _space(state: StateFolder) -> Finding:
    place = next(folder for folder in (state.root, *state.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Finding(
        "disk", free >= LEAST_FREE_BYTES, f"{free / (1 << 30):.1f} GiB free at {place}", "Free at least 1 GiB"
    )


def _holder(state: StateFolder) -> Finding:
    holder = current_holder(state)
    free = holder is None
    detail = "free" if holder is None else f"held by process {holder.pid} ({holder.command})"
    return Finding("lock", True, detail, "" if free else "Wait until that run is done")
