"""How a bonus came about, and that it stays so: trace, verify, pack, why, diff. Reads publications only."""
