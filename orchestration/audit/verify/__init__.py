"""verify: recompute what is published, check every hash and the chain of publications; name what is wrong."""
