"""The seam to the subgraphs: one protocol, several transports, and protection from a dead subgraph."""
