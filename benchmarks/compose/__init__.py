"""Composition alone, over made-up subgraphs of several sizes."""
