"""The domains, one folder each; they meet only through the graph, events and ids."""
