"""Rules that one subgraph, or the supergraph, must keep: one file per rule, all problems collected."""
