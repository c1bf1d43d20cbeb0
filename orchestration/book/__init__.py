"""Documents generated from the policy rows: the policy book that HR reads, and the glossary."""
