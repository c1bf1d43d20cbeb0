"""Runs the worked cases of tests/cases/<scheme>/*.yml through the real ingestion and the real models.

Cases share a few builds. What keeps them apart: every key, team and department gets the case's own prefix,
and every case gets its own copy of its plan in the policy (`centre_grade.c012`), so that no ranking, cohort
or award ever sees two cases.
"""
