"""Sensitivity of grades: the smallest changes of the inputs that change a grade, exact by evaluation.

Nothing here knows a plan or how a score is made up: a change moves leaves of the published calculation, and
the evaluator says what follows. What of which export may be changed is data (`inputs.yml`).
"""
