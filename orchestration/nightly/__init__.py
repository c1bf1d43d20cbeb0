"""The nightly job in Dagster: its run resource, assets, job, schedule and sensor."""
