"""What a site decides in a folder of its own, over what is shipped: which file of it is what.

No file of the product is edited: policy, calendar, rules, bounds, profiles and KPIs of a site lie here, under
the site's own version control. Every part is optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash
from orchestration.settings import POLICY_DIR, REFERENCE_DIR
from orchestration.settings_table import PROFILES, SITE_FILE, own_profile, said_of_site

CLAUSES_FILE = "clauses.yml"
BOUNDS = "bounds"
KPI = "kpi"
CATALOGUE = "kpi.csv"
CASES = "cases"
PARTS: Mapping[str, str] = {
    SITE_FILE: "settings",
    CLAUSES_FILE: "own documents and rules",
    f"{POLICY_DIR.name}/*.csv": "whole files of the policy",
    f"{REFERENCE_DIR.name}/*.csv": "holidays, make-up days, business hours, schedules",
    f"{BOUNDS}/*.yml": "other limits or severities of checks",
    f"{PROFILES}/*.yml": "export profiles",
    f"{KPI}/{CATALOGUE}": "catalogue rows of own KPIs",
    f"{KPI}/kpi_*.sql": "own KPIs, a model each",
    f"{KPI}/*.yml": "their descriptions and tests",
}
"""What a site's folder may have, as patterns; whatever else ends like one of them is a slip."""
READ_ELSEWHERE, WRITTEN_ELSEWHERE = ("policy", "profiles"), ("state", "landing")
"""Settings that may name other places in the folder: the first are read by a run as parts are."""
READ_AFTERWARDS = ("postgres_readers",)
"""Settings that name a file in the folder which no amount rests on."""
READ_SUFFIXES = frozenset({".csv", ".yml", ".yaml", ".sql"})


@dataclass(frozen=True)
class Site:
    """The folder of a site; `Site()` is the product as shipped, of which every part is None."""

    folder: Path | None = None

    @property
    def policy(self) -> Path | None:
        """Files of the policy that replace the shipped ones, each whole."""
        return self._part(POLICY_DIR.name)

    @property
    def reference(self) -> Path | None:
        """Calendar and business hours that replace the shipped ones."""
        return self._part(REFERENCE_DIR.name)

    @property
    def clauses(self) -> Path | None:
        """Documents and rules beside the shipped ones."""
        return self._part(CLAUSES_FILE)

    @property
    def bounds(self) -> Path | None:
        """Limits and severities that replace those of shipped checks."""
        return self._part(BOUNDS)

    @property
    def profiles(self) -> Path | None:
        """Export profiles."""
        return self._part(PROFILES)

    @property
    def kpi(self) -> Path | None:
        """Own KPIs: models, their YAML, catalogue rows."""
        return self._part(KPI)

    @property
    def catalogue(self) -> Path | None:
        """Catalogue rows of the own KPIs."""
        return self._part(f"{KPI}/{CATALOGUE}")

    def _part(self, name: str) -> Path | None:
        return self.folder / name if self.folder and (self.folder / name).exists() else None

    def profile(self, given: Path) -> Path:
        """The site's profile of that name, or what was given: the path of a file, or a shipped one's name."""
        is_name = given.parent == Path() and not given.is_file()
        return (own_profile(self.folder, given.name) if is_name else None) or given

    def paths(self) -> Iterator[Path]:
        """The files of the site that a run reads, in the order of their paths."""
        if self.folder is not None:
            found = {path for pattern in PARTS for path in self.folder.glob(pattern) if path.is_file()}
            named = [path for key in READ_ELSEWHERE for path in self._named(key)]
            found |= {path for path in named if path.is_file()}
            found |= {path for folder in named for path in folder.glob("*.csv")}
            yield from sorted(path for path in found if path.is_relative_to(self.folder))

    def _named(self, key: str) -> list[Path]:
        """Places that `site.yml` names under a setting."""
        said = said_of_site(self.folder).get(key) if self.folder else None
        return [said.base / part for part in said.text.split(":")] if said else []

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file that a run reads, by its path in the folder."""
        return {path.relative_to(str(self.folder)).as_posix(): file_hash(path) for path in self.paths()}

    def require_known(self) -> None:
        """Raise ConfigurationError for a file that looks like a part of the site and is none: it would be
        passed over in silence.
        """
        if self.folder is None:
            return
        known = set(self.paths())
        places = [
            place
            for key in (*READ_ELSEWHERE, *WRITTEN_ELSEWHERE, *READ_AFTERWARDS)
            for place in self._named(key)
        ]
        beside = [place for place in places if place != self.folder]
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            is_hidden = any(part.startswith(".") for part in name.parts)
            is_of_cases = CASES in name.parts[:-1]
            is_beside = any(path.is_relative_to(place) for place in beside)
            is_meant = path in known or is_hidden or is_of_cases or is_beside
            if path.suffix in READ_SUFFIXES and not is_meant:
                near = get_close_matches(name.as_posix(), PARTS, n=1, cutoff=0.5)
                raise ConfigurationError(
                    path=path,
                    problem="a site's folder has no such part",
                    remedy=(f"Did you mean {near[0]} ({PARTS[near[0]]})? " if near else "")
                    + f"Its parts are {', '.join(PARTS)}",
                )


SHIPPED = Site()
"""The product as shipped."""
