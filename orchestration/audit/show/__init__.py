"""A trace as a tree on a terminal, as a page, as JSON."""
