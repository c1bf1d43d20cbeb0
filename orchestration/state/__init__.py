"""What a state folder is, who holds it, what a run leaves in it."""
