"""One federation subgraph as values: what it links, what its directives mean for each of its fields."""
