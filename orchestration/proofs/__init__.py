"""Proofs of a policy: what each of its tables pays just below, at and just above every edge.

No band, curve or tier is written a second time here: values come from the evaluator that `verify` has.
"""
