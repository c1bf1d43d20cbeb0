"""verify: hold what is published to what it rests on, check every hash and the chain of publications."""
