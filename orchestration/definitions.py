"""The Dagster code location (`meritline ui`, scheduled runs). Thin on purpose: importing it connects to
nothing.
"""

from __future__ import annotations

from orchestration.nightly.job import build_definitions
from orchestration.settings import load_settings

defs = build_definitions(load_settings())
