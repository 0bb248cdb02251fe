"""The router over four fixed subgraphs."""
