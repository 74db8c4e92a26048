"""Writes: one function, one transaction. The first argument is the actor, the first line asks the permission table."""
