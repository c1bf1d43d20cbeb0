"""The calculation as it was published: numbers, how each follows from its operands, and an evaluator of them.

Nothing here knows a pay mechanism, a plan or a KPI: operations are few and general.
"""
