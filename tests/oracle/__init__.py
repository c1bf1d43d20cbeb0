"""An independent calculation of what meritline publishes, in plain Python from the same exports.

It shares no code with the product, reads no SQL and no warehouse: only POLICY.md's text, the contract of
exports and the policy tables. Readings of the text that are not forced by it are listed in READINGS.md.
"""
