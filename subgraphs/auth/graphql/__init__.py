"""Auth in the graph: translates, decides nothing."""
