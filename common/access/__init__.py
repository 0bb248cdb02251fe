"""Who asks, what they may, and how a subgraph knows that the router said so."""
