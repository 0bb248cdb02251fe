"""Can every field of the supergraph be reached? And if not: which query fails, and why, path by path."""
