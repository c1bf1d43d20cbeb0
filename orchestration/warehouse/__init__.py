"""The warehouse: dbt in process, its models as Dagster assets, its tests as asset checks."""
