"""The calibration gate: results by content hash, and what publish may trust. Great Expectations itself is
behind `expectations.gate`.
"""
