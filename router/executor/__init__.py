"""Runs a plan: the only part of the router that waits for subgraphs."""
