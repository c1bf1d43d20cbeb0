"""From the warehouse to a publication: candidate, content hash, per-audience files, the gate, the atomic
switch.
"""
