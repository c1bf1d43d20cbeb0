"""Bounds as data, and Great Expectations that hold them; the only package that imports great_expectations."""

from expectations.deferred import defer
from orchestration.settings import set_default

# Read once, while great_expectations is imported: nothing calls out to the network.
set_default("GX_ANALYTICS_ENABLED", "false")
defer("altair", "scipy", "scipy.stats")
