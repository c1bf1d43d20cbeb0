"""What dbt-duckdb asks of a plugin (`profiles.yml`): settings of the whole database that cannot be given
while its file is opened, because the extension that knows them is not loaded by then.
"""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """The time zone of every connection: UTC, in which all times of the warehouse are."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Set it for all connections to come."""
        conn.execute("set global TimeZone = 'UTC'")
