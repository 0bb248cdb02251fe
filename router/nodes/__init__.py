"""`node(id)` and `nodes(ids)`: whose id it is, and whether that subgraph knows it for this caller."""
