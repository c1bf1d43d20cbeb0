"""Evidence packs: written, read back, verified."""
