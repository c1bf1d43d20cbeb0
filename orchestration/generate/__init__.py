"""Reproducible exports of a made-up service centre in the canonical form: all tables, all pay plans."""

from orchestration.generate.centre import MINIMUM_AGENTS
from orchestration.generate.run import GenerateReport, generate

__all__ = ["MINIMUM_AGENTS", "GenerateReport", "generate"]
