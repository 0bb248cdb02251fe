"""Persisted operations as values: what clients publish, what routers read, what is counted."""
