"""The front door: the `atrium` command, the one place that joins router and subgraphs."""
