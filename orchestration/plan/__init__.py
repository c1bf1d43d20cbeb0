"""What another policy would change before it is applied: the published history built under it, compared."""
