"""Names in Dagster: folder = schema = group, and the asset key is `schema/name` (`raw/source/table` for
exports).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey
from dagster_dbt import DagsterDbtTranslator

RAW_GROUP = "raw"


class FolderTranslator(DagsterDbtTranslator):
    """Keys and groups from the schema of a dbt node."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """`schema/name`; a source table is `raw/source/table`, the folder that ingestion writes it to."""
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey([RAW_GROUP, dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        if dbt_resource_props["resource_type"] == "source":
            return RAW_GROUP
        return str(dbt_resource_props["schema"])
